#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/fault.hpp"
#include "engine/region_life.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

struct PastPart;

// What the client has mapped in a region: anonymous memory that bytes are copied into, or the
// image's own file, for itself alone or together with all who map it so.
enum class Backing : std::uint8_t { anonymous, image_private, image_shared };

// What a region is made from. `window_bytes` 0 stands for `window_bytes_default`, which may grow on
// a streak; a window that was asked for is kept as it is.
struct RegionPlan {
  std::uint32_t id;
  std::uint64_t start;
  std::uint64_t length_bytes;
  std::uint64_t image_offset_bytes;
  std::uint64_t window_bytes;
  std::uint64_t window_bytes_default;
  Backing backing = Backing::anonymous;
  OnDiscard on_discard = OnDiscard::zeros;
  // 0: nobody asks which pages its faults touch.
  std::uint64_t touches_max = 0;
  // Of the client's memory.
  std::uint64_t page_bytes = sys::page_bytes;
};

// Of such a region, what an image of that length reaches: whole pages of the client's memory.
std::uint64_t shown_bytes(const RegionPlan &plan, std::uint64_t image_bytes);

// What a part of a region shows: its range of the image, or zeros, where its client has let it grow
// beyond that, or has moved the pages away and kept the addresses.
enum class Content : std::uint8_t { image, zeros };

// One contiguous registered address range, mapped onto one range of an image: a region, or what its
// client has made of a part of it by unmapping and moving. Never changes: a layout event puts
// others in its place. Made by the control plane, found by fault threads through its space's table.
class Region {
 public:
  Region(const RegionPlan &plan, std::shared_ptr<ServedImage> image);

  // The pages in `range`, at the address `to`.
  std::shared_ptr<Region> part(Window range, std::uint64_t to) const;
  std::shared_ptr<Region> part(Window range) const { return part(range, range.start); }
  // The pages of the client's memory that the image reaches: behind them it is zeros.
  Window shown() const;
  // Memory beyond them, of the same region: zeros, or what the file has there. Null where the image
  // has no more.
  std::shared_ptr<Region> beyond(Window range) const;
  // What is left at `range` when its pages were moved elsewhere: zeros, or the file's pages still.
  std::shared_ptr<Region> left_at(Window range) const;
  // Another part of this region, as an earlier engine had it.
  std::shared_ptr<Region> past_part(const PastPart &past) const;
  // The same part of a forked child's region.
  std::shared_ptr<Region> in_child(std::shared_ptr<RegionLife> life) const;

  const RegionPlan &plan() const { return plan_; }
  std::uint32_t id() const { return plan_.id; }
  std::uint64_t start() const { return plan_.start; }
  std::uint64_t end() const { return plan_.start + plan_.length_bytes; }
  Window range() const { return {start(), end()}; }
  std::uint64_t image_offset_bytes() const { return plan_.image_offset_bytes; }
  Backing backing() const { return plan_.backing; }
  Content content() const { return content_; }
  ServedImage &image() const { return *life_->image(); }
  const std::shared_ptr<RegionLife> &life() const { return life_; }
  LayoutRecord record() const;
  bool contains(std::uint64_t address) const { return start() <= address && address < end(); }
  bool contains(Window window) const { return start() <= window.start && window.end <= end(); }

  std::uint64_t page_of(std::uint64_t address) const;     // in the image
  std::uint64_t address_of(std::uint64_t page) const;     // of an image page of this region

  bool has_huge_pages() const { return plan_.page_bytes > sys::page_bytes; }
  // The page of the client's memory around `address`, as far as it is of this region.
  Window page_at(std::uint64_t address) const;

  // What to install along with the page at `address`. Sequential faults make it grow, to
  // `grown_bytes_max` at most.
  Window choose_window(std::uint64_t address, std::uint64_t grown_bytes_max);
  // Said before installing: the thread that an install wakes may fault again before it returns.
  void expect_next(std::uint64_t end) { next_expected_.store(end, std::memory_order_relaxed); }

  // Pages the client discarded: anonymous ones read as zeros from now on, or as was chosen; those
  // of a file are the file's again. Under the address space's lock.
  // False when there is no memory to note that in.
  [[nodiscard]] bool discard(Window range);
  // With `address` discarded: the discarded run around it in `window`; else what of `window` is not
  // discarded.
  std::optional<Window> discarded_run(std::uint64_t address, Window &window) const;

 private:
  const std::shared_ptr<RegionLife> life_;

 public:
  // Of the layout book, for the table that it is in.
  std::uint32_t record_number = LayoutBook::no_record;
  Counter &faults = life_->faults;
  Counter &resident_pages = life_->resident_pages;

 private:
  Region(const RegionPlan &plan, Content content, std::shared_ptr<RegionLife> life);

  const RegionPlan plan_;
  const Content content_;
  const std::uint64_t window_bytes_;
  const std::uint64_t window_bytes_max_;

  // Hints that several fault threads write; a lost update costs a smaller window, nothing else.
  std::atomic<std::uint64_t> next_expected_{0};
  std::atomic<std::uint64_t> streak_window_;
};

}  // namespace pagerd::engine
