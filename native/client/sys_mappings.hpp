#pragma once

#include <cstdint>

#include "client/failure.hpp"
#include "client/sys_memory.hpp"

// The system calls that look at what is mapped in this process.
namespace pagerd::client {

struct Mapping {
  Range range;
  bool is_readable = false;
  bool is_writable = false;
  bool is_shared = false;
  bool has_file = false;  // shared memory has one too, also when it is anonymous
};

// The mapping that an address is in. Fails when nothing is mapped there.
Result<Mapping> mapping_at(std::uintptr_t address);

// The same, each in one way: by a question about one address, which Linux 6.11 and later answer, or
// by reading the list of all mappings. mapping_at() takes the first that works.
Result<Mapping> ask_for_mapping_at(std::uintptr_t address);
Result<Mapping> search_for_mapping_at(std::uintptr_t address);

// Whether the page at an address is locked in memory (mlock, mlockall).
bool is_locked_at(std::uintptr_t address);

}  // namespace pagerd::client
