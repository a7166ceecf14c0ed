#pragma once

#include <cstdint>

#include "client/failure.hpp"
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

Result<FileStatus> status_of(const sys::Descriptor &file);

}  // namespace pagerd::client
