#pragma once

#include <linux/userfaultfd.h>

#include <cstdint>
#include <span>

#include "sys/result.hpp"

// One ioctl or read of a userfaultfd a function; the kernel's answer becomes a named outcome here
// and nowhere else.
namespace pagerd::sys {

enum class Install {
  installed,        // the whole range
  partial,          // the first installed_bytes; what comes next is present, or the layout changes
  already_present,  // the first page was there: somebody else won, and the waiter was not woken
  retry,            // a layout event is unread or being carried out
  no_memory,        // the client's memory cgroup, or the machine, has none left
  unmapped,         // the range is not one registered mapping (any more)
  gone,             // the client's address space is
  hole,             // the file that is mapped there has no page to continue with
  failed,           // unexpected: code tells
};

struct InstallResult {
  Install outcome;
  std::uint64_t installed_bytes;
  int code;
};

InstallResult uffd_copy(int uffd, std::uint64_t address, const void *source, std::uint64_t bytes);
InstallResult uffd_zeropage(int uffd, std::uint64_t address, std::uint64_t bytes);

// Maps the pages that the file behind the range holds in the page cache, as they are. In a private
// mapping they stay the file's until they are written.
InstallResult uffd_continue(int uffd, std::uint64_t address, std::uint64_t bytes);

// Whoever touches the range from now on gets SIGBUS, in a system call EFAULT.
InstallResult uffd_poison(int uffd, std::uint64_t address, std::uint64_t bytes);

// UFFDIO_API: what a userfaultfd has to be asked for once, before anything else.
Status uffd_begin(int uffd, std::uint64_t features);

// Where the range is registered with this userfaultfd already, for the same faults, nothing
// changes; EBUSY where it is with another.
Status uffd_register(int uffd, std::uint64_t address, std::uint64_t bytes, std::uint64_t modes);

// Undoes it: the kernel serves the range by itself from here on, and whoever waits there goes on.
// Where nothing is registered with this userfaultfd nothing changes. ENOMEM: the client's address
// space is gone.
Status uffd_unregister(int uffd, std::uint64_t address, std::uint64_t bytes);

// Lets every thread that waits in the range fault again. A dead client is not an error. False when
// no memory of that client can ever be there; where it is known that some can, that would mean a
// wrong constant, and every wake would be lost: check() it.
[[nodiscard]] bool uffd_wake(int uffd, std::uint64_t address, std::uint64_t bytes);

// The same for every thread that waits anywhere.
void uffd_wake_everywhere(int uffd);

// Whether a range is one registered mapping of the client. Changes nothing.
enum class Probe {
  one_mapping,
  other,     // it is several, or none, or not registered
  changing,  // a layout event is unread or being carried out: ask again
  gone,      // the client's address space is
};
Probe uffd_probe(int uffd, std::uint64_t address, std::uint64_t bytes);

// Whether the address space is that of no process any more: its process has ended, or has become
// another program's.
bool uffd_is_gone(int uffd);

// A descriptor that came with a fork event has its flags from the client's: it becomes one that is
// never inherited, and can be polled.
void uffd_make_ours(int uffd);

// Why reading a fork event can fail without the client being to blame.
bool is_want_of_descriptors(int code);

// Reads what is queued, without ever blocking: a client can clear O_NONBLOCK in the shared file
// description, so the flag is not relied on. Returns how many messages came; 0 when the queue was
// empty.
Result<std::size_t> uffd_read(int uffd, std::span<uffd_msg> messages);

// The same for a descriptor that came with a fork event. The kernel makes these without the leave
// to be read so; but nobody else has them, and so nobody clears the O_NONBLOCK of ours.
Result<std::size_t> uffd_read_child(int uffd, std::span<uffd_msg> messages);

}  // namespace pagerd::sys
