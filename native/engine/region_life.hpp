#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/discarded_pages.hpp"
#include "engine/layout_book.hpp"
#include "engine/tally.hpp"
#include "engine/touch_log.hpp"

namespace pagerd::engine {

class ServedImage;
struct PastRegion;

// What pages of anonymous memory read as once their client has discarded them.
enum class OnDiscard : std::uint8_t { zeros, image };

// What all parts of one region share, wherever its client has moved them: its number, its end, its
// counters, what discarded pages read as, and which of them are zeros by that. One for each region
// that was mapped, and owned by its parts and by its space's table.
//
// Whoever installs pages holds a pin; a region that closes leaves the table first and is over when
// the last pin is gone, so that nothing is ever installed after its end was announced.
class RegionLife {
 public:
  RegionLife(std::uint32_t id, std::shared_ptr<ServedImage> image, std::uint64_t first_page,
             std::uint64_t pages, OnDiscard on_discard);
  ~RegionLife();
  RegionLife(const RegionLife &) = delete;
  RegionLife &operator=(const RegionLife &) = delete;

  std::uint32_t id() const { return id_; }
  const std::shared_ptr<ServedImage> &image() const { return image_; }
  std::uint64_t first_page() const { return first_page_; }  // in the image
  std::uint64_t pages() const { return pages_; }

  // The same region for a forked child: the same image, and the same pages discarded. Null when
  // there is no memory to note those in. Under the address space's lock.
  std::shared_ptr<RegionLife> fork(std::shared_ptr<LayoutBook> book) const;

  // From here on a book has it, and which of its pages are discarded. Null: none does. This and the
  // next four within a change of the book.
  void enter(std::shared_ptr<LayoutBook> book);
  // The same where the book has it from an earlier engine. False when that cannot be.
  [[nodiscard]] bool resume(std::shared_ptr<LayoutBook> book, const PastRegion &past);
  void leave_book();
  void move_to(std::uint64_t address);
  // What was discarded until now is the image's again; what is from here on is as chosen. Under the
  // address space's lock.
  void choose(OnDiscard on_discard);
  OnDiscard on_discard() const { return on_discard_; }
  // How often that was chosen. Who has installed every page says since which choice.
  std::uint64_t choices() const { return choices_.load(); }
  void note_whole(std::uint64_t choices) { whole_since_.store(choices); }
  // Every page is there, or has been discarded since and is zeros.
  bool is_whole() const { return whole_since_.load() == choices_.load(); }

  // Pages of the image, under the address space's lock. False when there is no memory to note them.
  [[nodiscard]] bool discard(std::uint64_t first_page, std::uint64_t end_page);
  bool has_discarded() const { return discarded_.has_value(); }
  bool is_discarded(std::uint64_t page) const;
  // Of the run of pages that are all discarded, or all not, around `page`: no further than
  // [low, high).
  std::uint64_t run_begin(std::uint64_t page, std::uint64_t low) const;
  std::uint64_t run_end(std::uint64_t page, std::uint64_t high) const;

  // pin() under the address space's lock, while the region is in its table.
  void pin() { pins_.fetch_add(1, std::memory_order_relaxed); }
  // True for the one call after which the closed region is over.
  bool unpin() { return pins_.fetch_sub(1, std::memory_order_acq_rel) == (closing | 1); }
  // Call once, after leaving the table. True when it is over at once. `request` is answered then;
  // 0: nobody asked.
  bool close(std::uint32_t request);
  std::uint32_t close_request() const { return close_request_; }
  // Once it is over.
  void forget_discarded() { discarded_.reset(); }

  Counter faults;
  Counter resident_pages;
  // Null: nobody asks. Set before any thread knows of the region; a forked child's has none.
  std::unique_ptr<TouchLog> touches;
  // For those who look on without the space's lock: where its first part is, and how many there
  // are. A region of which the client has unmapped everything has none.
  std::atomic<std::uint64_t> address{0};
  std::atomic<std::uint64_t> parts{1};

 private:
  LayoutRecord record() const;

  static constexpr std::uint64_t closing = std::uint64_t{1} << 63;

  const std::uint32_t id_;
  const std::shared_ptr<ServedImage> image_;
  const std::uint64_t first_page_;
  const std::uint64_t pages_;
  OnDiscard on_discard_;
  std::shared_ptr<LayoutBook> book_;
  std::uint32_t record_ = LayoutBook::no_record;
  std::optional<DiscardedPages> discarded_;
  std::atomic<std::uint64_t> choices_{1};
  std::atomic<std::uint64_t> whole_since_{0};
  std::atomic<std::uint64_t> pins_{0};
  std::uint32_t close_request_ = 0;
};

}  // namespace pagerd::engine
