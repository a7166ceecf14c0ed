#pragma once

#include <memory>
#include <string>

#include "engine/address_space.hpp"
#include "engine/deferred.hpp"
#include "engine/resolver.hpp"

namespace pagerd::engine {

// What the control plane's watchdog has done about faults that wait too long. Lives on the thread
// that carries out commands; takes a space's lock only where nobody holds it, since that may be a
// thread which never comes back: the watchdog asks again.
class Rescue {
 public:
  Rescue(Resolver &resolver, DeferredFaults &deferred, Outbox &outbox)
      : resolver_(resolver), deferred_(deferred), outbox_(outbox) {}

  // Lets those who wait for the page (for any page: 0) fault again. Nothing is lost by it: who is
  // kept stays kept, and a fault that nobody keeps any more starts anew.
  void wake(const std::shared_ptr<AddressSpace> &space, std::uint64_t address);

  // Gives up what is kept since before that moment: its pages become poison.
  void give_up(const std::shared_ptr<AddressSpace> &space, std::uint64_t since_ns,
               const std::string &reason, Worker &worker);

 private:
  bool is_kept(AddressSpace &space, const Unresolved &found);
  std::optional<Fault> take_back(AddressSpace &space, const Unresolved &found);

  Resolver &resolver_;
  DeferredFaults &deferred_;
  Outbox &outbox_;
};

}  // namespace pagerd::engine
