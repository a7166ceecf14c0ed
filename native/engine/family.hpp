#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "sys/descriptor.hpp"

namespace pagerd::engine {

class AddressSpace;

// One client with all that it has forked: how many of these are served, and of how many parts their
// regions were when they were forked. Shared by their spaces.
struct Family {
  std::atomic<std::size_t> children{0};
  std::atomic<std::size_t> parts{0};
};

// Where the spaces of forked children are opened, by the thread that has read the fork event: the
// client's fork() waits for that. The engine is one.
class ForkDesk {
 public:
  // Null, with the descriptor left where it is, when too many children are served.
  virtual std::shared_ptr<AddressSpace> open_child(const AddressSpace &parent,
                                                   const std::shared_ptr<Family> &family,
                                                   sys::Descriptor &uffd) = 0;
  // Keeps the descriptor of a child that is not served for as long as the child lives: closing it
  // would turn what is missing there into zeros. False when too many are kept; then it is kept all
  // the same, and nothing more may be read of who has forked it.
  virtual bool keep(sys::Descriptor uffd) = 0;
  // Children that are served no more are the next engine's: they wait for it, and are not poisoned.
  virtual bool leaves_children() const = 0;

 protected:
  ~ForkDesk() = default;
};

}  // namespace pagerd::engine
