#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/layout.hpp"
#include "engine/layout_book.hpp"
#include "engine/past_layout.hpp"
#include "engine/region.hpp"

namespace pagerd::engine {

// Addresses that a part has left, because they were unmapped or because its pages were moved. Who
// waits for a page there waits in vain.
struct Vacated {
  std::shared_ptr<Region> part;
  Window range;
};

// The regions of one address space and their parts, these ordered by address; under that address
// space's lock.
class RegionTable {
 public:
  // All of it is kept there too, from before the first region on.
  void keep_in(std::shared_ptr<LayoutBook> book) { book_ = std::move(book); }

  // The part of an image that shares addresses with [start, end), if any.
  Region *overlapping(std::uint64_t start, std::uint64_t end) const;
  std::shared_ptr<Region> at(std::uint64_t address) const;
  // The last part that ends at or below the address.
  std::shared_ptr<Region> below(std::uint64_t address) const;
  std::shared_ptr<RegionLife> with_id(std::uint32_t id) const;
  const std::vector<std::shared_ptr<Region>> &all() const { return parts_; }
  const std::map<std::uint32_t, std::shared_ptr<RegionLife>> &lives() const { return lives_; }
  // Whether what was in the range is gone, and the event that says where to is still to come: see
  // owed_. One that moves the range now may be of what was there, or of what is there.
  bool is_owed(Window range) const;
  // Kept beside the parts, and to be bounded with them.
  std::size_t owed_ranges() const { return owed_.size(); }

  // Takes the place of zeros that were left there.
  void insert(std::shared_ptr<Region> region);
  // A region as an earlier engine left it, with the parts that the book has of it. False when there
  // is no memory for that.
  [[nodiscard]] bool resume(const std::shared_ptr<Region> &region, const PastRegion &past);
  // What was owed then.
  void resume_owed(const std::vector<PastDebt> &past);
  // A region with all of its parts; null when there is none.
  std::shared_ptr<RegionLife> take(std::uint32_t id);
  // What the book has of them stays there.
  std::vector<std::shared_ptr<RegionLife>> take_all();

  // What the client did. Nothing when there is no memory to note that in.
  [[nodiscard]] std::optional<std::vector<Vacated>> apply(const LayoutEvent &event);
  // The client has let `below` grow up to the page at `address`: what is there now, or null.
  std::shared_ptr<Region> grow(const std::shared_ptr<Region> &below, std::uint64_t address);
  // The same regions, in the same state, for a forked child. False: there is no memory for that.
  [[nodiscard]] bool copy_to(RegionTable &child) const;

 private:
  using Parts = std::vector<std::shared_ptr<Region>>;

  Parts::const_iterator behind(std::uint64_t address) const;
  Parts meeting(Window range) const;
  void put(std::shared_ptr<Region> part);
  void drop(const Region &part);
  void cut(const std::shared_ptr<Region> &part, const LayoutStep &step,
           std::vector<Vacated> &vacated);
  void move(const Parts &met, const LayoutEvent &event);
  void clear(Window range, std::vector<Vacated> &vacated);
  void owe(Window range);
  void write_owed();
  // What of an unmapped range was not known to be gone already.
  std::vector<Window> settle(Window range);

  std::shared_ptr<LayoutBook> book_;
  Parts parts_;
  // Where pages were moved to while something of ours was there: it is gone, and the event that
  // says so is still to come. The kernel gives addresses away again before that event is raised.
  std::vector<Window> owed_;
  std::vector<std::uint32_t> owed_records_;
  std::map<std::uint32_t, std::shared_ptr<RegionLife>> lives_;
};

}  // namespace pagerd::engine
