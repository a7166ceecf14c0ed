#include "engine/region.hpp"

#include <algorithm>

#include "engine/limits.hpp"
#include "engine/past_layout.hpp"
#include "engine/served_image.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

using sys::page_bytes;

namespace {

std::uint64_t streak_window_of(Backing backing) {
  const bool is_copied = backing == Backing::anonymous;
  return is_copied ? limits::streak_window_bytes : limits::continue_streak_window_bytes;
}

}  // namespace

std::uint64_t shown_bytes(const RegionPlan &plan, std::uint64_t image_bytes) {
  const std::uint64_t behind = image_bytes - std::min(image_bytes, plan.image_offset_bytes);
  const std::uint64_t whole = behind + plan.page_bytes - 1;
  return std::min(plan.length_bytes, whole - whole % plan.page_bytes);
}

Region::Region(const RegionPlan &plan, std::shared_ptr<ServedImage> image)
    : Region(plan, Content::image,
             std::make_shared<RegionLife>(plan.id, std::move(image),
                                          plan.image_offset_bytes / page_bytes,
                                          plan.length_bytes / page_bytes, plan.on_discard)) {
  life_->address.store(start());
  // Without memory for it there is no recording, and that is all.
  if (plan.touches_max > 0) life_->touches = TouchLog::create(plan.touches_max);
}

Region::Region(const RegionPlan &plan, Content content, std::shared_ptr<RegionLife> life)
    : life_(std::move(life)),
      plan_(plan),
      content_(content),
      window_bytes_(plan.window_bytes != 0 ? plan.window_bytes : plan.window_bytes_default),
      window_bytes_max_(plan.window_bytes != 0
                            ? plan.window_bytes
                            : std::max(plan.window_bytes_default, streak_window_of(plan.backing))),
      streak_window_(window_bytes_) {
  PAGERD_CHECK(sys::is_page_aligned(start() | end() | image_offset_bytes()) && start() < end());
  PAGERD_CHECK((window_bytes_ & (window_bytes_ - 1)) == 0 && window_bytes_ >= page_bytes);
}

std::shared_ptr<Region> Region::part(Window range, std::uint64_t to) const {
  PAGERD_CHECK(contains(range) && range.bytes() > 0);
  RegionPlan plan = plan_;
  plan.start = to;
  plan.length_bytes = range.bytes();
  if (content_ == Content::image) plan.image_offset_bytes += range.start - start();
  return std::shared_ptr<Region>(new Region(plan, content_, life_));
}

Window Region::shown() const {
  return {start(), start() + shown_bytes(plan_, image().image().pages() * page_bytes)};
}

std::shared_ptr<Region> Region::beyond(Window range) const {
  PAGERD_CHECK(range.start >= end() && range.bytes() > 0);
  RegionPlan plan = plan_;
  plan.start = range.start;
  plan.length_bytes = range.bytes();
  if (backing() == Backing::anonymous) {
    return std::shared_ptr<Region>(new Region(plan, Content::zeros, life_));
  }
  plan.image_offset_bytes += range.start - start();
  const std::uint64_t end_bytes = plan.image_offset_bytes + plan.length_bytes;
  if (end_bytes > image().image().pages() * page_bytes) return nullptr;
  return std::shared_ptr<Region>(new Region(plan, Content::image, life_));
}

std::shared_ptr<Region> Region::left_at(Window range) const {
  if (backing() != Backing::anonymous) return part(range);
  RegionPlan plan = plan_;
  plan.start = range.start;
  plan.length_bytes = range.bytes();
  return std::shared_ptr<Region>(new Region(plan, Content::zeros, life_));
}

std::shared_ptr<Region> Region::past_part(const PastPart &past) const {
  RegionPlan plan = plan_;
  plan.start = past.range.start;
  plan.length_bytes = past.range.bytes();
  plan.image_offset_bytes = past.image_offset_bytes;
  auto part = std::shared_ptr<Region>(new Region(plan, past.content, life_));
  part->record_number = past.record;
  return part;
}

LayoutRecord Region::record() const {
  return {.kind = RecordKind::part,
          .region = id(),
          .start = start(),
          .length_bytes = plan_.length_bytes,
          .image_offset_bytes = image_offset_bytes(),
          .content = static_cast<std::uint32_t>(content_)};
}

std::shared_ptr<Region> Region::in_child(std::shared_ptr<RegionLife> life) const {
  PAGERD_CHECK(life != life_ && life->id() == id());
  return std::shared_ptr<Region>(new Region(plan_, content_, std::move(life)));
}

std::uint64_t Region::page_of(std::uint64_t address) const {
  PAGERD_CHECK(contains(address));
  return (address - start() + image_offset_bytes()) / page_bytes;
}

std::uint64_t Region::address_of(std::uint64_t page) const {
  return page * page_bytes - image_offset_bytes() + start();
}

Window Region::page_at(std::uint64_t address) const {
  PAGERD_CHECK(contains(address));
  const std::uint64_t page = address & ~(plan_.page_bytes - 1);
  return {std::max(page, start()), std::min(page + plan_.page_bytes, end())};
}

Window Region::choose_window(std::uint64_t address, std::uint64_t grown_bytes_max) {
  if (has_huge_pages()) return page_at(address);
  const bool is_streak = address == next_expected_.load(std::memory_order_relaxed);
  std::uint64_t window = window_bytes_;
  if (is_streak) {
    const std::uint64_t grown = streak_window_.load(std::memory_order_relaxed) * 2;
    const std::uint64_t most = std::min(window_bytes_max_, grown_bytes_max);
    window = std::clamp(grown, window_bytes_, std::max(window_bytes_, most));
  }
  streak_window_.store(window, std::memory_order_relaxed);

  // Aligned in the image, not in memory: then clients that map it anywhere want the same ranges of
  // the source.
  const std::uint64_t first = image_offset_bytes();
  const std::uint64_t offset = address - start() + first;
  const std::uint64_t block = offset & ~(window - 1);
  const std::uint64_t from = is_streak ? offset : std::max(block, first);
  const std::uint64_t to = std::min(block + window, first + plan_.length_bytes);
  return {from - first + start(), to - first + start()};
}

bool Region::discard(Window range) {
  PAGERD_CHECK(contains(range) && range.bytes() > 0);
  if (backing() != Backing::anonymous || content_ == Content::zeros) return true;
  return life_->discard(page_of(range.start), page_of(range.end - 1) + 1);
}

std::optional<Window> Region::discarded_run(std::uint64_t address, Window &window) const {
  if (content_ == Content::zeros) return window;
  if (!life_->has_discarded()) return std::nullopt;
  PAGERD_CHECK(contains(window));
  const std::uint64_t page = page_of(address);
  const std::uint64_t low = page_of(window.start);
  const std::uint64_t high = page_of(window.end - 1) + 1;
  const Window run{address_of(life_->run_begin(page, low)), address_of(life_->run_end(page, high))};
  if (life_->is_discarded(page)) return run;
  window = run;
  return std::nullopt;
}

}  // namespace pagerd::engine
