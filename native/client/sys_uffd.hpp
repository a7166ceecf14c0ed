#pragma once

#include "client/failure.hpp"
#include "client/sys_memory.hpp"
#include "sys/descriptor.hpp"

// The system calls on the client's own userfaultfd. The manager answers the faults; this end makes
// it, registers ranges and keeps it open.
namespace pagerd::client {

// Of what is done to memory that is registered with a userfaultfd, its reader is told nothing, or
// which pages are discarded: then whoever discards some waits until that is read.
enum class Tells { nothing, discards };

// A userfaultfd of this process's address space. As long as it is open a missing page blocks,
// whatever has become of the manager; when its last holder closes it, missing pages read as zeros.
// So it goes last.
class Userfault {
 public:
  Userfault() = default;

  // The order of tries: /dev/userfaultfd, the system call, `device` (the manager's
  // /dev/userfaultfd, if it sent it), and at last one that serves no faults taken inside system
  // calls.
  static Result<Userfault> create(const sys::Descriptor &device, Tells tells);

  bool is_open() const { return descriptor_.is_open(); }
  int number() const { return descriptor_.get(); }
  // False: a system call that meets a missing page fails with EFAULT instead of waiting for it.
  bool serves_system_calls() const { return serves_system_calls_; }

  // True: memory that maps a file of ours can be registered too.
  bool serves_files() const { return serves_files_; }

  // From here on a touch of a missing page of the range waits for the manager. Present pages stay
  // as they are.
  Status register_missing(Range range) const;
  // The same for a range that maps a file: a touch of a page that the file has, but this range does
  // not show yet, waits too.
  Status register_missing_and_minor(Range range) const;
  // Ends that, and lets everyone who waits run into what is mapped there now.
  Status unregister(Range range) const;
  // Lets everyone who waits in the range try again. Works on any range, also after its registration
  // has ended.
  void wake(Range range) const;

  // Never closes it: for the one case where pages that must not read as zeros can be protected by
  // nothing else.
  void keep_open_for_ever() { (void)descriptor_.release(); }

 private:
  // `make` makes a descriptor that UFFDIO_API has not been called on.
  template <typename Make>
  static Userfault initialised(Make make, bool serves_system_calls, Tells tells);
  Status register_for(Range range, std::uint64_t faults) const;

  sys::Descriptor descriptor_;
  bool serves_system_calls_ = true;
  bool serves_files_ = false;
};

}  // namespace pagerd::client
