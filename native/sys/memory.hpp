#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "sys/descriptor.hpp"
#include "sys/result.hpp"

namespace pagerd::sys {

// Owns one mapping of this process.
class Mapping {
 public:
  // Private zero-filled memory that costs nothing until it is written.
  static Result<Mapping> anonymous(std::size_t bytes);
  // A part of a memfd, shared and writable. The offset is of whole pages.
  static Result<Mapping> shared(const Descriptor &file, std::size_t bytes,
                                std::uint64_t offset_bytes = 0);

  Mapping() = default;
  Mapping(Mapping &&other) noexcept
      : start_(std::exchange(other.start_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Mapping &operator=(Mapping &&other) noexcept {
    std::swap(start_, other.start_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Mapping(const Mapping &) = delete;
  Mapping &operator=(const Mapping &) = delete;
  ~Mapping();

  // Gives every page of the range a page of memory, where it has none: a hole of a file becomes a
  // page of zeros.
  Status populate(std::size_t offset_bytes, std::size_t bytes) const;

  // Keeps every page of the range where it is, so that the kernel can write there whatever happens
  // to this process. The range has its memory.
  Status lock(std::size_t offset_bytes, std::size_t bytes) const;

  std::byte *data() const { return static_cast<std::byte *>(start_); }
  std::size_t bytes() const { return bytes_; }

 private:
  Mapping(void *start, std::size_t bytes) : start_(start), bytes_(bytes) {}
  void *start_ = nullptr;
  std::size_t bytes_ = 0;
};

// How a memfd may be opened once more, by its owner only.
enum class Opening { for_reading, for_writing };

// A new empty file in memory, of this length for good; every byte a hole.
Result<Descriptor> create_memfd(const char *name, std::uint64_t length_bytes, Opening opening);

// Gives the memory of whole pages back: they read as zeros.
Status punch_hole(const Descriptor &memfd, std::uint64_t offset_bytes, std::uint64_t bytes);

// A descriptor of the same memfd with a file description of its own.
Result<Descriptor> reopen(const Descriptor &memfd, Opening opening);

// What tells a memfd from every other of this boot.
struct MemfdIdentity {
  std::uint64_t device;
  std::uint64_t inode;

  bool operator==(const MemfdIdentity &) const = default;
  std::string text() const;  // "<device>:<inode>", as the journals have it
};

Result<MemfdIdentity> identity_of_memfd(const Descriptor &memfd);

// Opens the memfd of create_memfd() behind any descriptor of it for writing once more, as whoever
// made it. EBADF when it has another length or can still change it: then it is none of those.
Result<Descriptor> reopen_as_maker(const Descriptor &memfd, std::uint64_t length_bytes,
                                   Opening opening);

}  // namespace pagerd::sys
