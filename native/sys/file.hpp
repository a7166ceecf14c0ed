#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "sys/descriptor.hpp"
#include "sys/result.hpp"

namespace pagerd::sys {

// What must not change while a file is an image's source.
struct FileIdentity {
  std::uint64_t device;
  std::uint64_t inode;
  std::uint64_t size_bytes;
  std::int64_t modified_s;
  std::int64_t modified_ns;

  bool operator==(const FileIdentity &) const = default;
};

Result<Descriptor> open_for_reading(const std::string &path);
Result<Descriptor> duplicate_descriptor(int descriptor);

// Fails with EINVAL unless it is a regular file.
Result<FileIdentity> identity_of_descriptor(const Descriptor &file);
Result<FileIdentity> identity_of_path(const std::string &path);

// Fills `into` from the offset; a file that ends early is ENODATA.
Status read_exactly(const Descriptor &file, std::uint64_t offset_bytes, std::span<std::byte> into);

// Where data begins at or after the offset; `end_bytes` when only a hole is left. File systems that
// know no holes answer with the offset itself.
Result<std::uint64_t> next_data(const Descriptor &file, std::uint64_t offset_bytes,
                                std::uint64_t end_bytes);
// Where the data ends that the offset lies in, `end_bytes` at most.
Result<std::uint64_t> next_hole(const Descriptor &file, std::uint64_t offset_bytes,
                                std::uint64_t end_bytes);

}  // namespace pagerd::sys
