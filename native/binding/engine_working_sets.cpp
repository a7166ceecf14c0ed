#include <algorithm>

#include "binding/arguments.hpp"
#include "binding/engine_object.hpp"
#include "binding/script.hpp"
#include "sys/page.hpp"

namespace pagerd::binding {

using sys::page_bytes;

namespace {

// Where the pages of such pairs (first page of the image, pages) are in the region; those beyond it
// are another region's affair.
std::vector<engine::Window> ranges_of(const Napi::Uint32Array &pairs,
                                      const engine::RegionLife &region) {
  std::vector<engine::Window> ranges;
  const std::uint64_t address = region.address.load();
  const std::uint64_t region_end = region.first_page() + region.pages();
  for (std::size_t at = 0; at + 1 < pairs.ElementLength(); at += 2) {
    const std::uint64_t first = std::max<std::uint64_t>(pairs[at], region.first_page());
    const std::uint64_t end = std::min(std::uint64_t{pairs[at]} + pairs[at + 1], region_end);
    if (first >= end) continue;
    const std::uint64_t start = address + (first - region.first_page()) * page_bytes;
    ranges.push_back({start, start + (end - first) * page_bytes});
  }
  return ranges;
}

// False, with an exception under way, for anything else than pairs within the engine's limits.
bool is_pairs(const Napi::Value &value) {
  const bool is_list = value.IsTypedArray() &&
                       value.As<Napi::TypedArray>().TypedArrayType() == napi_uint32_array;
  if (is_list && value.As<Napi::TypedArray>().ElementLength() <= 2 * engine::limits::touches_max) {
    return true;
  }
  throw_type_error(value.Env(), "a Uint32Array of pairs within the engine's limits is wanted");
  return false;
}

}  // namespace

// (space, request, region, pairs: Uint32Array)
void EngineObject::replay(const Napi::CallbackInfo &call) {
  const auto space = unsigned_number(call[0]);
  if (!space) return;
  const auto request = unsigned_number(call[1]);
  if (!request) return;
  const auto id = unsigned_number(call[2]);
  if (!id) return;
  if (!is_pairs(call[3])) return;
  const auto pairs = call[3].As<Napi::Uint32Array>();
  Book *book = book_of(call);
  if (book == nullptr) return;
  const auto asked = static_cast<std::uint32_t>(*request);
  const auto number = static_cast<std::uint32_t>(*id);
  const auto found = book->regions.find(number);
  if (found == book->regions.end()) {
    return refuse(*space, asked, number, "unknown_region", "there is no such region");
  }
  auto ranges = ranges_of(pairs, *found->second);
  if (engine_->replay(book->space, number, std::move(ranges), asked)) return;
  refuse(*space, asked, of_no_region, "busy", busy_text);
}

// (image, pairs) => how many of these pages have no bytes yet
Napi::Value EngineObject::absent_pages(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  const auto number = unsigned_number(call[0]);
  if (!number || !is_running(env) || !is_pairs(call[1])) return env.Undefined();
  const auto served = engine_->find_image(static_cast<std::uint32_t>(*number));
  if (!served) return to_number(env, 0);
  const image::Image &image = served->image();
  const auto pairs = call[1].As<Napi::Uint32Array>();
  std::uint64_t absent = 0;
  for (std::size_t at = 0; at + 1 < pairs.ElementLength(); at += 2) {
    const std::uint64_t end = std::min(std::uint64_t{pairs[at]} + pairs[at + 1], image.pages());
    for (std::uint64_t page = pairs[at]; page < end;) {
      const image::Run run = image.run_around(page, page, end);
      if (run.state == image::PageState::absent) absent += run.end - page;
      page = run.end;
    }
  }
  return to_number(env, absent);
}

// (space, region) => pairs of image pages and how many, or undefined where nothing was recorded
Napi::Value EngineObject::take_touches(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  const auto id = unsigned_number(call[1]);
  if (!id) return env.Undefined();
  const Book *book = book_of(call);
  if (book == nullptr) return env.Undefined();
  const auto found = book->regions.find(static_cast<std::uint32_t>(*id));
  if (found == book->regions.end() || !found->second->touches) return env.Undefined();
  const std::vector<engine::Touch> touches = found->second->touches->take();
  Napi::Uint32Array pairs = Napi::Uint32Array::New(env, touches.size() * 2);
  for (std::size_t at = 0; at < touches.size(); ++at) {
    pairs[2 * at] = touches[at].first;
    pairs[2 * at + 1] = touches[at].pages;
  }
  return pairs;
}

}  // namespace pagerd::binding
