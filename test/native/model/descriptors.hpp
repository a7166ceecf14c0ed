#pragma once

#include <memory>

namespace pagerd::model {

// What a descriptor's number stands for.
class Open {
 public:
  virtual ~Open() = default;
  virtual bool is_readable() const { return false; }
  // What it stands for is looked at by those that hold this (a userfaultfd's space).
  virtual bool is_userfaultfd() const { return false; }
};

// The lowest free number, as the kernel gives them.
int open_descriptor(std::shared_ptr<Open> what);
std::shared_ptr<Open> opened(int number);
// That are open now: what a run leaves behind is counted.
std::size_t open_descriptors();

}  // namespace pagerd::model
