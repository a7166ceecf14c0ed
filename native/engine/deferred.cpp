#include "engine/deferred.hpp"

#include <algorithm>

#include "engine/limits.hpp"

namespace pagerd::engine {

namespace {

bool is_later(const DeferredFault &a, const DeferredFault &b) { return a.due_ns > b.due_ns; }

}  // namespace

sys::Result<std::unique_ptr<DeferredFaults>> DeferredFaults::create() {
  auto timer = sys::Timer::create();
  if (!timer.ok()) return timer.error();
  return std::unique_ptr<DeferredFaults>(new DeferredFaults(timer.take()));
}

bool DeferredFaults::add(DeferredFault fault) {
  const std::lock_guard lock(mutex_);
  if (heap_.size() >= limits::deferred_faults_max) return false;
  const bool is_earliest = heap_.empty() || fault.due_ns < heap_.front().due_ns;
  const std::uint64_t due_ns = fault.due_ns;
  heap_.push_back(std::move(fault));
  std::push_heap(heap_.begin(), heap_.end(), is_later);
  if (is_earliest) timer_.set(due_ns);
  return true;
}

std::optional<DeferredFault> DeferredFaults::take_due(std::uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (heap_.empty() || heap_.front().due_ns > now_ns) {
    timer_.clear();
    if (!heap_.empty()) timer_.set(heap_.front().due_ns);
    return std::nullopt;
  }
  std::pop_heap(heap_.begin(), heap_.end(), is_later);
  DeferredFault due = std::move(heap_.back());
  heap_.pop_back();
  return due;
}

std::vector<DeferredFault>::iterator DeferredFaults::find(const AddressSpace &space,
                                                          std::uint64_t address) {
  return std::find_if(heap_.begin(), heap_.end(), [&](const DeferredFault &kept) {
    return kept.space.get() == &space && kept.fault.address == address;
  });
}

bool DeferredFaults::has(const AddressSpace &space, std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  return find(space, address) != heap_.end();
}

std::optional<Fault> DeferredFaults::take(const AddressSpace &space, std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  const auto found = find(space, address);
  if (found == heap_.end()) return std::nullopt;
  const Fault fault = found->fault;
  // Its deadline stays set: the timer then rings once in vain.
  heap_.erase(found);
  std::make_heap(heap_.begin(), heap_.end(), is_later);
  return fault;
}

}  // namespace pagerd::engine
