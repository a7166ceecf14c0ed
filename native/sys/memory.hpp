#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sys/descriptor.hpp"
#include "sys/result.hpp"

namespace pagerd::sys {

// Owns one mapping of this process.
class Mapping {
 public:
  // Private zero-filled memory that costs nothing until it is written.
  static Result<Mapping> anonymous(std::size_t bytes);
  // The whole of a memfd, shared and writable.
  static Result<Mapping> shared(const Descriptor &file, std::size_t bytes);

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

  std::byte *data() const { return static_cast<std::byte *>(start_); }
  std::size_t bytes() const { return bytes_; }

 private:
  Mapping(void *start, std::size_t bytes) : start_(start), bytes_(bytes) {}
  void *start_ = nullptr;
  std::size_t bytes_ = 0;
};

// A new empty file in memory of the given length; every byte a hole.
Result<Descriptor> create_memfd(const char *name, std::uint64_t length_bytes);

}  // namespace pagerd::sys
