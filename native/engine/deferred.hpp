#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/address_space.hpp"
#include "sys/poll.hpp"

namespace pagerd::engine {

struct DeferredFault {
  std::uint64_t due_ns;
  std::shared_ptr<AddressSpace> space;
  Fault fault;
};

// Faults that met EAGAIN. Nobody delivers them again, so a timer is armed while there is any. One
// fault thread has the timer in its epoll set; every thread may add.
class DeferredFaults {
 public:
  static sys::Result<std::unique_ptr<DeferredFaults>> create();

  const sys::Descriptor &timer() const { return timer_.descriptor(); }

  // False when deferred_faults_max wait already.
  bool add(DeferredFault fault);
  // One that is due, the earliest first; when there is none, the timer is set for the rest.
  std::optional<DeferredFault> take_due(std::uint64_t now_ns);

  // For those who look after faults that wait too long.
  bool has(const AddressSpace &space, std::uint64_t address);
  std::optional<Fault> take(const AddressSpace &space, std::uint64_t address);

 private:
  std::vector<DeferredFault>::iterator find(const AddressSpace &space, std::uint64_t address);

  explicit DeferredFaults(sys::Timer timer) : timer_(std::move(timer)) {}

  std::mutex mutex_;
  sys::Timer timer_;
  std::vector<DeferredFault> heap_;  // the earliest in front
};

}  // namespace pagerd::engine
