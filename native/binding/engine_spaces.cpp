#include "binding/arguments.hpp"
#include "binding/engine_object.hpp"
#include "binding/script.hpp"
#include "sys/page.hpp"
#include "sys/process.hpp"
#include "sys/uapi.hpp"

namespace pagerd::binding {

namespace {

// A region as it was asked for.
struct Asked {
  std::uint64_t request;
  std::uint64_t image;
  engine::RegionPlan plan;
};

std::optional<engine::Backing> backing_of(const Napi::Object &given) {
  const std::string name = given.Get("mapping").ToString();
  if (name == "anonymous") return engine::Backing::anonymous;
  if (name == "image_private") return engine::Backing::image_private;
  if (name == "image_shared") return engine::Backing::image_shared;
  throw_type_error(given.Env(), "mapping is wanted to be anonymous, image_private or image_shared");
  return std::nullopt;
}

std::optional<engine::OnDiscard> on_discard_of(const Napi::Value &given) {
  const std::string name = given.ToString();
  if (name == "zero") return engine::OnDiscard::zeros;
  if (name == "image") return engine::OnDiscard::image;
  throw_type_error(given.Env(), "onDiscard is wanted to be zero or image");
  return std::nullopt;
}

// Nothing, with an exception under way, when a field is missing or of the wrong type.
std::optional<Asked> asked_of(const Napi::Object &given, std::uint64_t window_bytes_default) {
  const auto request = unsigned_number(given, "request");
  if (!request) return std::nullopt;
  const auto region = unsigned_number(given, "region");
  if (!region) return std::nullopt;
  const auto address = unsigned_bigint(given, "address");
  if (!address) return std::nullopt;
  const auto length = unsigned_bigint(given, "lengthBytes");
  if (!length) return std::nullopt;
  const auto image = unsigned_number(given, "image");
  if (!image) return std::nullopt;
  const auto offset = unsigned_bigint(given, "imageOffsetBytes");
  if (!offset) return std::nullopt;
  const auto window = unsigned_number(given, "windowBytes");
  if (!window) return std::nullopt;
  const auto backing = backing_of(given);
  if (!backing) return std::nullopt;
  const auto on_discard = on_discard_of(given.Get("onDiscard"));
  if (!on_discard) return std::nullopt;
  const auto touches = unsigned_number(given, "touchesMax");
  if (!touches) return std::nullopt;
  const auto page = unsigned_number(given, "pageBytes");
  if (!page) return std::nullopt;
  const auto id = static_cast<std::uint32_t>(*region);
  return Asked{*request,
               *image,
               {id, *address, *length, *offset, *window, window_bytes_default, *backing,
                *on_discard, *touches, *page}};
}

// Addresses of a client end below this on every machine we run on; so no sum of two of them
// overflows.
constexpr std::uint64_t address_max = std::uint64_t{1} << 57;

bool is_window(std::uint64_t bytes) {
  if (bytes == 0) return true;
  return bytes >= sys::page_bytes && bytes <= engine::limits::window_bytes_max &&
         (bytes & (bytes - 1)) == 0;
}

// Only anonymous memory of a client's can have huge pages: images are of small ones.
bool has_sound_pages(const engine::RegionPlan &plan) {
  if (plan.page_bytes == sys::page_bytes) return true;
  return plan.page_bytes == sys::huge_page_bytes && plan.backing == engine::Backing::anonymous &&
         ((plan.start | plan.length_bytes) & (plan.page_bytes - 1)) == 0;
}

bool is_sound(const engine::RegionPlan &plan) {
  return has_sound_pages(plan) &&
         sys::is_page_aligned(plan.start | plan.length_bytes | plan.image_offset_bytes) &&
         plan.length_bytes > 0 && plan.start < address_max && plan.length_bytes < address_max &&
         plan.image_offset_bytes < address_max && is_window(plan.window_bytes) &&
         plan.touches_max <= engine::limits::touches_max;
}

}  // namespace

EngineObject::Book *EngineObject::book_of(const Napi::CallbackInfo &call) {
  const auto space = unsigned_number(call[0]);
  if (!space || !is_running(call.Env())) return nullptr;
  const auto found = books_.find(*space);
  return found == books_.end() || found->second.is_detaching ? nullptr : &found->second;
}

std::optional<EngineObject::Handed> EngineObject::take_userfaultfd(const Napi::Value &number) {
  const auto descriptor = unsigned_number(number);
  if (!descriptor || !is_running(number.Env())) return std::nullopt;
  sys::Descriptor uffd(static_cast<int>(*descriptor));
  const sys::DescriptorKind kind = sys::describe_descriptor(uffd.get());
  if (!kind.is_userfaultfd) {
    throw_type_error(number.Env(), ("a userfaultfd is wanted, not " + kind.name).c_str());
    return std::nullopt;
  }
  return Handed{std::move(uffd), kind.features & sys::uapi::layout_features};
}

// (userfaultfd, cpu, uid, isHeldBack)
Napi::Value EngineObject::attach(const Napi::CallbackInfo &call) {
  const auto uid = unsigned_number(call[2]);
  if (!uid) return call.Env().Undefined();
  auto handed = take_userfaultfd(call[0]);
  if (!handed) return call.Env().Undefined();
  return enter(call.Env(),
               engine_->attach(std::move(handed->uffd), handed->layout_features, cpu_of(call[1]),
                               static_cast<std::uint32_t>(*uid), call[3].ToBoolean()));
}

// Null: it was not to be had.
Napi::Value EngineObject::enter(Napi::Env env,
                                const std::shared_ptr<engine::AddressSpace> &space) {
  if (!space) {
    throw_code(env, "too_many_sessions", "too many address spaces are attached");
    return env.Undefined();
  }
  books_.emplace(space->id(), Book{space, {}, false});
  return to_number(env, space->id());
}

// (userfaultfd)
void EngineObject::keep_child(const Napi::CallbackInfo &call) {
  const auto number = unsigned_number(call[0]);
  if (!number || !is_running(call.Env())) return;
  // More than may be kept are kept all the same.
  [[maybe_unused]] const bool is_bounded =
      engine_->keep(sys::Descriptor(static_cast<int>(*number)));
}

// () => how many
Napi::Value EngineObject::look_at_kept(const Napi::CallbackInfo &call) {
  const std::size_t count = engine_ ? engine_->look_at_kept() : 0;
  return Napi::Number::New(call.Env(), static_cast<double>(count));
}

void EngineObject::leave_children(const Napi::CallbackInfo &call) {
  if (is_running(call.Env())) engine_->leave_children();
}

void EngineObject::place(const Napi::CallbackInfo &call) {
  Book *book = book_of(call);
  // A full mailbox leaves it where it is: it is a matter of speed, and asked again soon.
  if (book != nullptr) engine_->watch(book->space, cpu_of(call[1]));
}

void EngineObject::detach(const Napi::CallbackInfo &call) {
  Book *book = book_of(call);
  if (book == nullptr) return;
  book->is_detaching = true;
  engine_->detach(book->space);
}

void EngineObject::refuse(std::uint64_t space, std::uint32_t request, std::uint32_t region,
                          const char *code, const std::string &text) {
  engine_->refuse({.kind = engine::EventKind::refused,
                   .space = space,
                   .request = request,
                   .region = region,
                   .code = code,
                   .text = text});
}

void EngineObject::map(const Napi::CallbackInfo &call) {
  if (!is_running(call.Env())) return;
  const Napi::Object given = call[0].ToObject();
  const auto space = unsigned_number(given, "space");
  if (!space) return;
  const auto asked = asked_of(given, engine_->window_bytes_default());
  if (!asked) return;
  const auto request = static_cast<std::uint32_t>(asked->request);
  const std::uint32_t id = asked->plan.id;
  const auto no = [&](const char *code, const std::string &text) {
    refuse(*space, request, id, code, text);
  };

  const auto book = books_.find(*space);
  if (book == books_.end() || book->second.is_detaching) {
    return no("client_gone", "its address space is not attached");
  }
  if (!is_sound(asked->plan)) {
    return no("region_misaligned", "addresses, lengths and windows are multiples of a page");
  }
  const auto image = engine_->find_image(static_cast<std::uint32_t>(asked->image));
  if (!image) return no("unknown_image", "there is no image of this number");
  const bool is_shared = asked->plan.backing == engine::Backing::image_shared;
  if (is_shared != (image->image().kind() == image::ImageKind::writable)) {
    return no("unsupported_access", "writable images are mapped shared, and no other is");
  }
  const std::uint64_t end = asked->plan.image_offset_bytes + asked->plan.length_bytes;
  const bool may_reach_beyond = asked->plan.backing == engine::Backing::anonymous &&
                                given.Get("isTailZero").ToBoolean();
  if (end > image->image().pages() * sys::page_bytes && !may_reach_beyond) {
    return no("region_beyond_image", "the region reaches beyond the end of its image");
  }
  auto region = std::make_shared<engine::Region>(asked->plan, image);
  if (!book->second.regions.emplace(id, region->life()).second) {
    return throw_type_error(call.Env(), "a region number not in use is wanted");
  }
  if (engine_->map(book->second.space, std::move(region), request)) return;
  book->second.regions.erase(id);
  no("busy", busy_text);
}

void EngineObject::unmap(const Napi::CallbackInfo &call) {
  const auto space = unsigned_number(call[0]);
  if (!space) return;
  const auto request = unsigned_number(call[1]);
  if (!request) return;
  const auto region = unsigned_number(call[2]);
  if (!region) return;
  const auto id = static_cast<std::uint32_t>(*region);
  const auto asked = static_cast<std::uint32_t>(*request);
  Book *book = book_of(call);
  if (book == nullptr) return refuse(*space, asked, id, "unknown_region", "the session has ended");
  if (engine_->unmap(book->space, id, asked)) return;
  refuse(*space, asked, of_no_region, "busy", busy_text);
}

void EngineObject::prefault(const Napi::CallbackInfo &call) {
  const auto space = unsigned_number(call[0]);
  if (!space) return;
  const auto request = unsigned_number(call[1]);
  if (!request) return;
  const auto id = unsigned_number(call[2]);
  if (!id) return;
  const auto offset = unsigned_bigint(call[3]);
  if (!offset) return;
  const auto length = unsigned_bigint(call[4]);
  if (!length) return;
  Book *book = book_of(call);
  if (book == nullptr) return;
  const auto asked = static_cast<std::uint32_t>(*request);
  const auto found = book->regions.find(static_cast<std::uint32_t>(*id));
  if (found == book->regions.end()) {
    return refuse(*space, asked, static_cast<std::uint32_t>(*id), "unknown_region",
                  "there is no such region");
  }
  const engine::RegionLife &region = *found->second;
  const std::uint64_t bytes = region.pages() * sys::page_bytes;
  if (*offset >= bytes || *length == 0 || *length > bytes - *offset ||
      !sys::is_page_aligned(*offset | *length)) {
    return refuse(*space, asked, of_no_region, "region_misaligned",
                  "a range of whole pages within the region is wanted");
  }
  const std::uint64_t start = region.address.load() + *offset;
  if (engine_->prefault(book->space, region.id(), {start, start + *length}, asked)) return;
  refuse(*space, asked, of_no_region, "busy", busy_text);
}

void EngineObject::note_reset(const Napi::CallbackInfo &call) {
  Book *book = book_of(call);
  if (book == nullptr) return;
  const auto region = unsigned_number(call[1]);
  if (region) engine_->note_reset(book->space, static_cast<std::uint32_t>(*region));
}

// (space, request, region, "image" or "zero")
void EngineObject::choose_discard(const Napi::CallbackInfo &call) {
  const auto space = unsigned_number(call[0]);
  if (!space) return;
  const auto request = unsigned_number(call[1]);
  if (!request) return;
  const auto region = unsigned_number(call[2]);
  if (!region) return;
  const auto chosen = on_discard_of(call[3]);
  if (!chosen) return;
  const auto id = static_cast<std::uint32_t>(*region);
  const auto asked = static_cast<std::uint32_t>(*request);
  Book *book = book_of(call);
  if (book == nullptr) return refuse(*space, asked, id, "unknown_region", "the session has ended");
  if (engine_->choose_discard(book->space, id, *chosen, asked)) return;
  refuse(*space, asked, of_no_region, "busy", busy_text);
}

// (space), of a forked child.
void EngineObject::look_for_life(const Napi::CallbackInfo &call) {
  Book *book = book_of(call);
  // A full mailbox: asked again soon.
  if (book != nullptr && book->space->is_child()) engine_->look_for_life(book->space);
}

}  // namespace pagerd::binding
