#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "sys/descriptor.hpp"
#include "sys/result.hpp"

// What the kernel says of processes and of descriptors that clients hand over. Called on the JS
// thread; nothing here calls into a file system that a client could be serving, so nothing here
// can be made to wait.
namespace pagerd::sys {

// More threads than this are not looked at: such a process counts as not pinned.
inline constexpr int pinned_threads_max = 64;

// What a descriptor is. `name` is the target of /proc/self/fd/N.
struct DescriptorKind {
  std::string name;
  bool is_userfaultfd = false;
  bool is_initialised = false;   // UFFDIO_API was done
  std::uint32_t features = 0;    // those negotiated
  bool is_shared_memory = false; // of a memfd or a tmpfs, whatever namespace that is mounted in
};

// Of the soft limit, before and after.
struct DescriptorLimit {
  std::uint64_t before;
  std::uint64_t after;
};

DescriptorKind describe_descriptor(int descriptor);

// Threads that wait in a fault, as the kernel counts them.
struct FaultWaiters {
  std::uint64_t unread = 0;  // whose faults nobody has read yet
  std::uint64_t read = 0;    // whose faults were, and are not resolved
};

Result<FaultWaiters> fault_waiters(int uffd);

// The only CPU on which every thread of the process may run; -1 when there is no such CPU.
int pinned_cpu(pid_t pid);

// /dev/userfaultfd, the grant of kernel-mode faults that unprivileged clients are handed.
Result<Descriptor> open_userfaultfd_device();

// Raises the soft limit of open descriptors to the hard one.
Result<DescriptorLimit> raise_descriptor_limit();

}  // namespace pagerd::sys
