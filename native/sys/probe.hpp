#pragma once

#include <cstdint>

namespace pagerd::sys {

// The best way in which this process can make a userfaultfd. From the best down: the first two
// serve faults taken inside system calls too, the third only those of the program's own
// instructions.
enum class UserfaultfdWay { device, system_call, user_mode_only, none };

// What this kernel lets this user do, found by doing it. Errnos are 0 where it went well.
struct KernelProbe {
  UserfaultfdWay way = UserfaultfdWay::none;
  int device_errno = 0;
  int system_call_errno = 0;
  int user_mode_errno = 0;
  int memfd_errno = 0;
  std::uint64_t features = 0;  // UFFD_FEATURE_* that the kernel offers
  std::uint64_t ioctls = 0;    // 1 << _UFFDIO_*, for a memfd registered missing and minor
};

// Makes a userfaultfd in every way and a memfd, looks at them and lets them go. Blocks on nothing.
KernelProbe probe_kernel();

}  // namespace pagerd::sys
