#include "client/region_book.hpp"

#include <utility>

namespace pagerd::client {

Result<Region *> RegionBook::enter(std::unique_ptr<Region> region) {
  const Range range = region->whole_range();
  const std::lock_guard held(lock_);
  // The only candidates: the last region that starts before our end.
  auto neighbour = regions_.lower_bound(range.end());
  if (neighbour != regions_.begin()) {
    const Range other = std::prev(neighbour)->second->whole_range();
    if (other.end() > range.start) {
      return failure(
          "region_overlap",
          "Cannot put a region of %llu bytes at %p: this client has one of %llu bytes at %p",
          static_cast<unsigned long long>(range.length_bytes), range.address(),
          static_cast<unsigned long long>(other.length_bytes), other.address());
    }
  }
  Region *entered = region.get();
  regions_.emplace(range.start, std::move(region));
  return entered;
}

void RegionBook::strike(Region *region) {
  const std::lock_guard held(lock_);
  regions_.erase(region->range().start);
}

Region *RegionBook::any() {
  const std::lock_guard held(lock_);
  return regions_.empty() ? nullptr : regions_.begin()->second.get();
}

}  // namespace pagerd::client
