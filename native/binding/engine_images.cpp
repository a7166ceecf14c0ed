#include <algorithm>
#include <optional>
#include <vector>

#include "binding/arguments.hpp"
#include "binding/engine_object.hpp"
#include "binding/script.hpp"

namespace pagerd::binding {

namespace {

// A region of this size is the largest one the protocol knows.
constexpr std::uint64_t image_bytes_max = std::uint64_t{1} << 44;

// Enough of them to be refused.
constexpr std::uint32_t too_many_layers = image::FileSource::layers_max + 1;

image::ImageKind kind_of(const Napi::Value &is_writable) {
  return is_writable.ToBoolean() ? image::ImageKind::writable : image::ImageKind::plain;
}

// A descriptor of a memfd to take over, or -1 for a new one.
int memfd_of(const Napi::Value &given) {
  return given.IsNumber() ? given.As<Napi::Number>().Int32Value() : -1;
}

std::string text_of(const sys::FileIdentity &identity) {
  return std::to_string(identity.device) + ":" + std::to_string(identity.inode) + ":" +
         std::to_string(identity.size_bytes) + ":" + std::to_string(identity.modified_s) + ":" +
         std::to_string(identity.modified_ns);
}

// Of all layers, in their order: other bytes come of another order.
std::string text_of(const image::FileSource &source) {
  std::string text;
  for (const image::FileLayer &layer : source.layers()) {
    text += (text.empty() ? "" : ",") + text_of(layer.identity());
  }
  return text;
}

// The base first. Nothing, with an exception under way, when one cannot be opened.
std::optional<std::vector<image::FileLayer>> open_layers(const Napi::Value &given) {
  if (!given.IsArray()) {
    throw_type_error(given.Env(), "an array of paths is wanted");
    return std::nullopt;
  }
  const auto paths = given.As<Napi::Array>();
  const std::uint32_t count = std::min<std::uint32_t>(paths.Length(), too_many_layers);
  std::vector<image::FileLayer> layers;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string path = paths.Get(i).ToString();
    auto layer = image::FileLayer::open(path);
    if (!layer.ok()) {
      throw_error(given.Env(), "Cannot use " + path + " as an image", layer.error());
      return std::nullopt;
    }
    layers.push_back(layer.take());
  }
  return layers;
}

}  // namespace

// (paths, isWritable, memfd?)
Napi::Value EngineObject::add_file_image(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  auto layers = open_layers(call[0]);
  if (!layers) return env.Undefined();
  return add_file(env, "Cannot use these files as an image",
                  image::FileSource::over(std::move(*layers)),
                  {kind_of(call[1]), memfd_of(call[2])});
}

// (descriptor, memfd?)
Napi::Value EngineObject::add_descriptor_image(const Napi::CallbackInfo &call) {
  const auto descriptor = unsigned_number(call[0]);
  if (!descriptor) return call.Env().Undefined();
  return add_file(call.Env(), "Cannot use the descriptor as an image",
                  image::FileSource::from_descriptor(static_cast<int>(*descriptor)),
                  {image::ImageKind::plain, memfd_of(call[1])});
}

Napi::Value EngineObject::add_file(Napi::Env env, const std::string &what,
                                   sys::Result<image::FileSource> source, const Memory &memory) {
  if (!source.ok()) {
    throw_error(env, what, source.error());
    return env.Undefined();
  }
  const std::uint64_t length_bytes = source.value().length_bytes();
  return add_image(env, length_bytes, source.take(), memory);
}

// (lengthBytes, isWritable, memfd?)
Napi::Value EngineObject::add_source_image(const Napi::CallbackInfo &call) {
  const auto length_bytes = unsigned_bigint(call[0]);
  if (!length_bytes) return call.Env().Undefined();
  return add_image(call.Env(), *length_bytes, std::nullopt, {kind_of(call[1]), memfd_of(call[2])});
}

sys::Result<image::Image> EngineObject::adopt(std::uint64_t length_bytes, const Memory &memory) {
  auto memfd = sys::duplicate_descriptor(memory.adopted);
  if (!memfd.ok()) return memfd.error();
  return image::Image::adopt(length_bytes, memory.kind, memfd.value());
}

Napi::Value EngineObject::add_image(Napi::Env env, std::uint64_t length_bytes,
                                    std::optional<image::FileSource> file, const Memory &memory) {
  if (!is_running(env)) return env.Undefined();
  if (length_bytes == 0 || length_bytes > image_bytes_max) {
    const std::string found = std::to_string(length_bytes);
    throw_type_error(env, ("an image of 1 byte to 16 TiB is wanted, not of " + found).c_str());
    return env.Undefined();
  }
  auto made = memory.adopted >= 0 ? adopt(length_bytes, memory)
                                  : image::Image::create(length_bytes, memory.kind);
  if (!made.ok()) {
    throw_error(env, "Cannot keep an image in memory", made.error());
    return env.Undefined();
  }
  auto identity = made.value().identity();
  if (!identity.ok()) {
    throw_error(env, "Cannot tell an image's memory from others", identity.error());
    return env.Undefined();
  }
  const std::string source = file ? text_of(*file) : "";
  const auto served = engine_->add_image(made.take(), std::move(file));
  images_[served->id()] = served;
  Napi::Object added = Napi::Object::New(env);
  added.Set("image", to_number(env, served->id()));
  added.Set("lengthBytes", to_bigint(env, length_bytes));
  added.Set("memory", identity.value().text());
  added.Set("file", source);
  return added;
}

Napi::Value EngineObject::image_descriptor(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  const auto number = unsigned_number(call[0]);
  if (!number || !is_running(env)) return env.Undefined();
  const auto image = engine_->find_image(static_cast<std::uint32_t>(*number));
  if (!image) {
    throw_type_error(env, "the number of an image is wanted");
    return env.Undefined();
  }
  auto opened = image->image().open_for_client();
  if (!opened.ok()) {
    throw_error(env, "Cannot open the image for its client", opened.error());
    return env.Undefined();
  }
  return to_number(env, static_cast<std::uint64_t>(opened.value().release()));
}

void EngineObject::load_image(const Napi::CallbackInfo &call) {
  const auto number = unsigned_number(call[0]);
  if (!number) return;
  const auto request = unsigned_number(call[1]);
  if (!request || !is_running(call.Env())) return;
  const auto asked = static_cast<std::uint32_t>(*request);
  const auto image = engine_->find_image(static_cast<std::uint32_t>(*number));
  if (!image) return refuse(0, asked, 0, "unknown_image", "there is no image of this number");
  if (engine_->load(image, asked)) return;
  refuse(0, asked, of_no_region, "busy", busy_text);
}

void EngineObject::remove_image(const Napi::CallbackInfo &call) {
  const auto image = unsigned_number(call[0]);
  if (!image || !is_running(call.Env())) return;
  engine_->remove_image(static_cast<std::uint32_t>(*image));
  std::erase_if(images_, [](const auto &entry) { return entry.second.expired(); });
}

std::shared_ptr<engine::FillJob> EngineObject::take_fill(const Napi::CallbackInfo &call) {
  const auto fill = unsigned_number(call[0]);
  if (!fill || !is_running(call.Env())) return nullptr;
  auto found = fills_.extract(static_cast<std::uint32_t>(*fill));
  if (!found.empty()) return std::move(found.mapped());
  throw_type_error(call.Env(), "the number of a fill that is still open is wanted");
  return nullptr;
}

void EngineObject::complete_fill(const Napi::CallbackInfo &call) {
  if (!call[1].IsTypedArray()) {
    return throw_type_error(call.Env(), "completeFill(fill, bytes: Uint8Array) is wanted");
  }
  const auto bytes = call[1].As<Napi::Uint8Array>();
  auto job = take_fill(call);
  if (!job) return;
  const std::uint64_t end = std::min(job->end * 4096, job->image->image().length_bytes());
  const std::uint64_t wanted = end - job->first * 4096;
  if (bytes.ByteLength() != wanted) {
    fills_.emplace(call[0].ToNumber().Uint32Value(), std::move(job));
    const std::string found = std::to_string(bytes.ByteLength());
    const std::string message = "a fill of " + std::to_string(wanted) + " bytes is wanted, not of ";
    return throw_type_error(call.Env(), (message + found).c_str());
  }
  const auto *from = reinterpret_cast<const std::byte *>(bytes.Data());
  engine_->complete_fill(std::move(job), {from, bytes.ByteLength()});
}

void EngineObject::fail_fill(const Napi::CallbackInfo &call) {
  std::string reason = call[1].ToString();
  const auto attempts = unsigned_number(call[2]);
  if (!attempts) return;
  auto job = take_fill(call);
  if (!job) return;
  if (reason.empty()) reason = "the page source failed";
  engine_->fail_fill(std::move(job), reason, static_cast<unsigned>(*attempts));
}

}  // namespace pagerd::binding
