#include "binding/arguments.hpp"
#include "binding/engine_object.hpp"
#include "sys/page.hpp"

namespace pagerd::binding {

// (space, request, region, bytesPerSecond)
void EngineObject::populate(const Napi::CallbackInfo &call) {
  const auto space = unsigned_number(call[0]);
  if (!space) return;
  const auto request = unsigned_number(call[1]);
  if (!request) return;
  const auto id = unsigned_number(call[2]);
  if (!id) return;
  const auto rate = unsigned_number(call[3]);
  if (!rate) return;
  Book *book = book_of(call);
  if (book == nullptr) return;
  const auto asked = static_cast<std::uint32_t>(*request);
  const auto number = static_cast<std::uint32_t>(*id);
  const auto found = book->regions.find(number);
  if (found == book->regions.end() || *rate == 0) {
    return refuse(*space, asked, number, "unknown_region", "a region and a rate are wanted");
  }
  const std::uint64_t start = found->second->address.load();
  const engine::Window range{start, start + found->second->pages() * sys::page_bytes};
  if (engine_->populate(book->space, number, range, *rate, asked)) return;
  refuse(*space, asked, of_no_region, "busy", busy_text);
}

// (space, request)
void EngineObject::unregister(const Napi::CallbackInfo &call) {
  const auto space = unsigned_number(call[0]);
  if (!space) return;
  const auto request = unsigned_number(call[1]);
  if (!request) return;
  Book *book = book_of(call);
  if (book == nullptr) return;
  const auto asked = static_cast<std::uint32_t>(*request);
  if (engine_->unregister(book->space, asked)) return;
  refuse(*space, asked, of_no_region, "busy", busy_text);
}

}  // namespace pagerd::binding
