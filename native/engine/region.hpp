#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/discarded_pages.hpp"
#include "engine/fault.hpp"
#include "engine/tally.hpp"

namespace pagerd::engine {

class ServedImage;

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
};

// One contiguous registered address range, mapped onto one range of an image. Made by the control
// plane, found by fault threads through its address space's table. Whoever installs pages holds a
// pin; a region that closes leaves the table first and is over when the last pin is gone, so that
// nothing is ever installed after its end was announced.
class Region {
 public:
  Region(const RegionPlan &plan, std::shared_ptr<ServedImage> image);
  ~Region();

  std::uint32_t id() const { return id_; }
  std::uint64_t start() const { return start_; }
  std::uint64_t end() const { return end_; }
  std::uint64_t image_offset_bytes() const { return image_offset_bytes_; }
  Backing backing() const { return backing_; }
  ServedImage &image() const { return *image_; }
  const std::shared_ptr<ServedImage> &shared_image() const { return image_; }
  bool contains(std::uint64_t address) const { return start_ <= address && address < end_; }
  bool contains(Window window) const { return start_ <= window.start && window.end <= end_; }

  std::uint64_t page_of(std::uint64_t address) const;     // in the image
  std::uint64_t address_of(std::uint64_t page) const;     // of an image page of this region

  // What to install along with the page at `address`. Sequential faults make it grow.
  Window choose_window(std::uint64_t address);
  // Said before installing: the thread that an install wakes may fault again before it returns.
  void expect_next(std::uint64_t end) { next_expected_.store(end, std::memory_order_relaxed); }

  // Pages the client discarded: anonymous ones read as zeros from now on; those of a file are the
  // file's again. Under the address space's lock.
  // False when there is no memory to note that in.
  [[nodiscard]] bool discard(std::uint64_t start, std::uint64_t end);
  // With `address` discarded: the discarded run around it in `window`; else what of `window` is not
  // discarded.
  std::optional<Window> discarded_run(std::uint64_t address, Window &window) const;

  // pin() under the address space's lock, while the region is in its table.
  void pin() { pins_.fetch_add(1, std::memory_order_relaxed); }
  // True for the one call after which the closed region is over.
  bool unpin() { return pins_.fetch_sub(1, std::memory_order_acq_rel) == (closing | 1); }
  // Call once, after leaving the table. True when it is over at once. `request` is answered then;
  // 0: nobody asked.
  bool close(std::uint32_t request);
  std::uint32_t close_request() const { return close_request_; }

  Counter faults;
  Counter resident_pages;

 private:
  static constexpr std::uint64_t closing = std::uint64_t{1} << 63;

  const std::uint32_t id_;
  const std::uint64_t start_;
  const std::uint64_t end_;
  const std::uint64_t image_offset_bytes_;
  const Backing backing_;
  const std::uint64_t window_bytes_;
  const std::uint64_t window_bytes_max_;
  const std::shared_ptr<ServedImage> image_;

  // Hints that several fault threads write; a lost update costs a smaller window, nothing else.
  std::atomic<std::uint64_t> next_expected_{0};
  std::atomic<std::uint64_t> streak_window_;

  std::optional<DiscardedPages> discarded_;
  std::atomic<std::uint64_t> pins_{0};
  std::uint32_t close_request_ = 0;
};

// The regions of one address space, ordered by address; under that address space's lock.
class RegionTable {
 public:
  // The region that shares addresses with [start, end), if any.
  Region *overlapping(std::uint64_t start, std::uint64_t end) const;
  // All that do, in the order of their addresses.
  std::span<const std::shared_ptr<Region>> within(std::uint64_t start, std::uint64_t end) const;
  std::shared_ptr<Region> at(std::uint64_t address) const;
  std::shared_ptr<Region> with_id(std::uint32_t id) const;

  void insert(std::shared_ptr<Region> region);
  std::shared_ptr<Region> take(std::uint32_t id);
  std::vector<std::shared_ptr<Region>> take_all();
  const std::vector<std::shared_ptr<Region>> &all() const { return regions_; }

 private:
  std::vector<std::shared_ptr<Region>> regions_;
};

}  // namespace pagerd::engine
