#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/address_space.hpp"

namespace pagerd::engine {

// Every address space by its id. Fault threads look spaces up by what epoll hands them; an id whose
// space has gone, or whose slot serves another one, finds nothing.
class Spaces {
 public:
  // Below every id.
  static constexpr SpaceId none = 1;

  explicit Spaces(std::size_t capacity);

  // Makes a space under a new id; null when all slots are taken.
  std::shared_ptr<AddressSpace> create(
      const std::function<std::shared_ptr<AddressSpace>(SpaceId)> &make);
  std::shared_ptr<AddressSpace> find(SpaceId id) const;
  void remove(SpaceId id);
  // All there are of that user's.
  std::vector<std::shared_ptr<AddressSpace>> all_of(const Owner &owner) const;
  // For the end of the engine: none can be found any more.
  std::vector<std::shared_ptr<AddressSpace>> take_all();

 private:
  struct Slot {
    mutable std::mutex mutex;
    std::shared_ptr<AddressSpace> space;
    std::uint64_t generation = 1;
  };

  std::vector<Slot> slots_;
  std::mutex free_mutex_;
  std::vector<std::size_t> free_;
};

}  // namespace pagerd::engine
