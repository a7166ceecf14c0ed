#include "engine/touch_log.hpp"

#include <utility>

#include "sys/check.hpp"

namespace pagerd::engine {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::uint64_t pages_mask = UINT32_MAX;

}  // namespace

std::unique_ptr<TouchLog> TouchLog::create(std::uint64_t pages_max) {
  PAGERD_CHECK(pages_max > 0);
  // Each touch is of a page at least.
  auto slots = sys::Mapping::anonymous(pages_max * sizeof(std::uint64_t));
  if (!slots.ok()) return nullptr;
  return std::unique_ptr<TouchLog>(new TouchLog(pages_max, slots.take()));
}

TouchLog::TouchLog(std::uint64_t pages_max, sys::Mapping slots)
    : pages_max_(pages_max), slots_(std::move(slots)) {}

std::atomic_ref<std::uint64_t> TouchLog::slot(std::uint64_t index) const {
  PAGERD_CHECK(index < pages_max_);
  return std::atomic_ref(reinterpret_cast<std::uint64_t *>(slots_.data())[index]);
}

void TouchLog::note(std::uint64_t first, std::uint64_t end) {
  PAGERD_CHECK(first < end && end - 1 <= UINT32_MAX);
  if (is_over_.load(relaxed)) return;
  const std::uint64_t pages = end - first;
  if (pages_.fetch_add(pages, relaxed) + pages > pages_max_) return is_over_.store(true, relaxed);
  // There is a slot for each page, so there is one for this.
  slot(taken_.fetch_add(1, relaxed)).store(first << 32 | pages, relaxed);
}

std::vector<Touch> TouchLog::take() {
  is_over_.store(true, relaxed);
  std::vector<Touch> touches;
  const std::uint64_t taken = taken_.load(relaxed);
  for (std::uint64_t index = 0; index < taken; ++index) {
    const std::uint64_t written = slot(index).load(relaxed);
    if (written == 0) continue;
    touches.push_back({static_cast<std::uint32_t>(written >> 32),
                       static_cast<std::uint32_t>(written & pages_mask)});
  }
  return touches;
}

}  // namespace pagerd::engine
