#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "client/failure.hpp"
#include "client/region.hpp"

namespace pagerd::client {

// A client's regions, by address. It owns them. A region is entered before anything is done to its
// range, because registering a range twice succeeds, and undoing the second would take the first
// from the manager.
class RegionBook {
 public:
  // Fails with region_overlap.
  Result<Region *> enter(std::unique_ptr<Region> region);
  // Forgets and frees a region.
  void strike(Region *region);
  // Any region, or nullptr when there is none left.
  Region *any();

 private:
  std::mutex lock_;  // a leaf
  std::map<std::uintptr_t, std::unique_ptr<Region>> regions_;
};

}  // namespace pagerd::client
