#include "engine/spaces.hpp"

namespace pagerd::engine {

namespace {

// An id stays below 2^53, so that it is exact as a JS number: 16 bits of slot, 37 of generation.
constexpr unsigned slot_bits = 16;
constexpr SpaceId slot_mask = (SpaceId{1} << slot_bits) - 1;
constexpr std::size_t capacity_max = limits::spaces_max + limits::children_max;
static_assert(capacity_max <= slot_mask);

}  // namespace

Spaces::Spaces(std::size_t capacity) : slots_(capacity) {
  PAGERD_CHECK(capacity >= 1 && capacity <= capacity_max);
  for (std::size_t slot = capacity; slot > 0; --slot) free_.push_back(slot - 1);
}

std::shared_ptr<AddressSpace> Spaces::create(
    const std::function<std::shared_ptr<AddressSpace>(SpaceId)> &make) {
  std::size_t index = 0;
  {
    const std::lock_guard lock(free_mutex_);
    if (free_.empty()) return nullptr;
    index = free_.back();
    free_.pop_back();
  }
  Slot &slot = slots_[index];
  const std::lock_guard lock(slot.mutex);
  slot.space = make((slot.generation << slot_bits) | index);
  return slot.space;
}

std::shared_ptr<AddressSpace> Spaces::find(SpaceId id) const {
  const std::size_t index = id & slot_mask;
  if (index >= slots_.size()) return nullptr;
  const Slot &slot = slots_[index];
  const std::lock_guard lock(slot.mutex);
  return slot.generation == id >> slot_bits ? slot.space : nullptr;
}

void Spaces::remove(SpaceId id) {
  const std::size_t index = id & slot_mask;
  PAGERD_CHECK(index < slots_.size());
  std::shared_ptr<AddressSpace> removed;  // ends after the lock
  {
    Slot &slot = slots_[index];
    const std::lock_guard lock(slot.mutex);
    if (slot.generation != id >> slot_bits) return;
    removed = std::move(slot.space);
    ++slot.generation;
  }
  const std::lock_guard lock(free_mutex_);
  free_.push_back(index);
}

std::vector<std::shared_ptr<AddressSpace>> Spaces::all_of(const Owner &owner) const {
  std::vector<std::shared_ptr<AddressSpace>> found;
  for (const Slot &slot : slots_) {
    const std::lock_guard lock(slot.mutex);
    if (slot.space && &slot.space->owner() == &owner) found.push_back(slot.space);
  }
  return found;
}

std::vector<std::shared_ptr<AddressSpace>> Spaces::take_all() {
  std::vector<std::shared_ptr<AddressSpace>> taken;
  for (Slot &slot : slots_) {
    const std::lock_guard lock(slot.mutex);
    if (slot.space) taken.push_back(std::exchange(slot.space, nullptr));
  }
  return taken;
}

}  // namespace pagerd::engine
