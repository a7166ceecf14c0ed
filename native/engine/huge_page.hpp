#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/install.hpp"
#include "engine/region.hpp"
#include "image/image.hpp"
#include "sys/memory.hpp"

namespace pagerd::engine {

// Where one thread puts a huge page together. Takes its memory with its first use.
class HugePageRoom {
 public:
  // Null when there is no memory for it.
  std::byte *bytes();

 private:
  sys::Mapping memory_;
};

// A page of hugetlb memory, which is installed as a whole or not at all, and what it shows: 512
// pages of the image, or fewer, and zeros behind its end and where the client has discarded them.
// Under the address space's lock, if that has layout events.
class HugePage {
 public:
  HugePage(const Region &region, Window page);

  // Reads as zeros, because its client has discarded it or it lies behind the image.
  bool is_discarded() const;
  // Image pages [first, end) of it, behind each other.
  std::uint64_t first() const { return first_; }
  std::uint64_t end() const { return end_; }
  // The first of them whose bytes are still to be brought; nothing when all are there.
  std::optional<image::Run> absent() const;
  // What it is installed with, once no bytes are absent; nothing when there is no room.
  std::optional<Supply> supply(HugePageRoom &room) const;

 private:
  void put_together(std::byte *to) const;
  bool is_discarded(std::uint64_t page) const;

  const Region &region_;
  const Window page_;
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace pagerd::engine
