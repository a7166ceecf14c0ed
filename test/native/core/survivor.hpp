#pragma once

#include "client.hpp"
#include "engine/adopted_book.hpp"

namespace pagerd::test {

// A client within this process that outlives its engine, as real ones do: its memory and its own
// copy of a userfaultfd with every layout event there is. What it does to its memory is done on a
// crowd's thread, for it waits until that is read.
class Survivor {
 public:
  explicit Survivor(std::uint64_t length_bytes,
                    engine::Backing backing = engine::Backing::anonymous)
      : length_bytes(length_bytes), backing(backing) {}

  // Served for the first time, with one region over a whole image.
  void begin(Bed &bed, const Image &image);
  // A descriptor of its layout book, which outlives the engine.
  sys::Descriptor keep_book() const;
  // Goes on with another engine: maps its region, and ends its past.
  void go_on(Bed &bed, const Image &image, engine::AdoptedBook book);
  std::uint32_t ask_to_map(Bed &bed, const Image &image);

  std::byte *page(std::uint64_t number) const { return start + number * sys::page_bytes; }

  const std::uint64_t length_bytes;
  const engine::Backing backing;
  engine::OnDiscard on_discard = engine::OnDiscard::zeros;
  const sys::Descriptor uffd = open_userfaultfd(features);
  std::byte *start = nullptr;
  std::shared_ptr<engine::AddressSpace> space;
  std::shared_ptr<engine::Region> region;

  static const std::uint64_t features;
};

// What the book says, or nothing when it is unknown.
std::optional<engine::AdoptedBook> adopt_book(const sys::Descriptor &memfd);

bool is_zero(const std::byte *page);
bool discard_pages(std::byte *first, std::uint64_t count);
// To new memory of `new_count` pages.
std::byte *move_pages(std::byte *from, std::uint64_t count, std::uint64_t new_count);

}  // namespace pagerd::test
