#pragma once

#include <cstdint>

#include "client/failure.hpp"
#include "client/sys_memory.hpp"
#include "sys/descriptor.hpp"

// The system calls on an image's file.
namespace pagerd::client {

struct FileStatus {
  std::uint64_t device = 0;
  std::uint64_t number = 0;  // of its inode
  std::uint64_t length_bytes = 0;
  bool is_readable = false;
  bool is_writable = false;
};

// Another descriptor of the same open file.
Result<sys::Descriptor> duplicate(int descriptor);

Result<FileStatus> status_of(const sys::Descriptor &file);

// Reads the bytes at an offset into memory that is mapped already; holes read as zeros. Returns how
// many bytes it read: fewer than wanted before a page that may not be written, or is poisoned,
// which is no SIGBUS here.
std::uint64_t read_into(Range memory, int file, std::uint64_t offset_bytes);

// Whether all bytes of the part are zeros because the file is a hole there.
bool is_hole(int file, std::uint64_t offset_bytes, std::uint64_t length_bytes);

}  // namespace pagerd::client
