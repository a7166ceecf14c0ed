#pragma once

#include <atomic>
#include <cstdint>

#include "sys/memory.hpp"
#include "sys/result.hpp"

namespace pagerd::image {

// One bit a page, set and read by any thread without a lock. What was written to a page before
// set() is visible to whoever sees its bit. Untouched parts cost no memory, so a bitmap over
// terabytes is cheap.
class Bitmap {
 public:
  static sys::Result<Bitmap> create(std::uint64_t bits);
  // One that others who map the file see, and who come later find.
  static sys::Result<Bitmap> in_file(std::uint64_t bits, const sys::Descriptor &file,
                                     std::uint64_t offset_bytes);
  // How much of a file it takes: whole pages.
  static std::uint64_t bytes_in_file(std::uint64_t bits);

  bool test(std::uint64_t bit) const {
    return ((word(bit).load(std::memory_order_acquire) >> (bit & 63)) & 1) != 0;
  }

  // Returns how many of the bits were not set before.
  std::uint64_t set(std::uint64_t first, std::uint64_t end);
  std::uint64_t clear(std::uint64_t first, std::uint64_t end);

  // The end of the run of bits equal to bit `from`, looking no further than `limit`.
  std::uint64_t run_end(std::uint64_t from, std::uint64_t limit) const;
  // The beginning of that run, looking no further back than `limit`.
  std::uint64_t run_begin(std::uint64_t from, std::uint64_t limit) const;

 private:
  explicit Bitmap(sys::Mapping words) : words_(std::move(words)) {}

  std::atomic<std::uint64_t> &word(std::uint64_t bit) const {
    return reinterpret_cast<std::atomic<std::uint64_t> *>(words_.data())[bit >> 6];
  }

  sys::Mapping words_;
};

static_assert(sizeof(std::atomic<std::uint64_t>) == 8);

}  // namespace pagerd::image
