#pragma once

#include <sys/types.h>

#include <string>

#include "sys/descriptor.hpp"
#include "sys/result.hpp"

// Processes by pidfd: what is done to one is never done to another that came to have its number.
namespace pagerd::sys {

// Readable once the process has ended.
Result<Descriptor> open_process(pid_t pid);

// What no other process of this boot has or will have; "" for one that has ended.
std::string process_identity(int pidfd, pid_t pid);

// A copy of the process's descriptor of that number. Takes the right to trace it.
Result<Descriptor> copy_descriptor_of(int pidfd, int number);

// SIGKILL. Nothing happens when it has ended.
void kill_process(int pidfd);

// Whether two of our own descriptors are of one open file: what dup(2) and SCM_RIGHTS make. False
// also where the kernel does not tell.
bool is_same_file(int one, int other);

}  // namespace pagerd::sys
