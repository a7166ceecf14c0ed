#pragma once

#include <cstdint>

#include "client/failure.hpp"
#include "client/sys_memory.hpp"
#include "sys/descriptor.hpp"

// The system calls on the files that heaps behind images are in.
namespace pagerd::client {

// A new file in memory, of length 0. It was made without permission to seal it, so that nobody who
// gets at the descriptor can forbid its growing or shrinking.
Result<sys::Descriptor> create_heap_file();

// Replaces what is mapped there by the file from its beginning, shared with nobody but the file: so
// that shortening it frees the memory.
Status map_heap_over(Range range, const sys::Descriptor &file);

// One ftruncate. Pages beyond the length leave every mapping; they are zeros when they come back.
Status set_length(const sys::Descriptor &file, std::uint64_t length_bytes);

}  // namespace pagerd::client
