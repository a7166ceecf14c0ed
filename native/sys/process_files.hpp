#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sys/descriptor.hpp"

// What other processes have open, as /proc shows it. The kernel answers such questions under locks
// of the process that is asked about, so each call takes as long as that process likes: never on a
// thread that others wait for.
namespace pagerd::sys {

struct OpenMemory {
  std::string memory;  // device and inode, "<dev>:<ino>"
  Descriptor descriptor;
};

// Those of the wanted memfds of images that the process has open, each once, opened for reading.
// None where the process may not be looked at.
std::vector<OpenMemory> open_image_memory(pid_t pid, const std::vector<std::string> &wanted);

// The numbers of the userfaultfds that it has open.
std::vector<int> userfaultfds_of(pid_t pid);

}  // namespace pagerd::sys
