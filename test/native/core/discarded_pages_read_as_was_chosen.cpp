// Invariant 6.
#include "survivor.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using engine::OnDiscard;
using sys::page_bytes;

constexpr std::uint64_t pages = 256;

PatternFile file_of(std::uint32_t seed) {
  return PatternFile({.seed = seed, .length_bytes = pages * page_bytes, .has_zeros = false});
}

void run(Bed &bed, std::function<void()> work) {
  Crowd crowd(bed);
  crowd.add(std::move(work));
  crowd.join();
}

// Before anything was touched, after, and beside a region of the other kind.
void check_both(Bed &bed) {
  const PatternFile file = file_of(61);
  const Image image = bed.add(file);
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped images = client.map(image, {.on_discard = OnDiscard::image});
  const Mapped zeros = client.map(image);
  run(bed, [&] {
    for (const Mapped &mapped : {images, zeros}) {
      EXPECT(discard_pages(mapped.page(20), 30));
      EXPECT(mapped.has(file.image(), 10) && mapped.has(file.image(), 90));
      EXPECT(discard_pages(mapped.page(90), 70));
    }
    EXPECT(images.has_all(file.image()));
    for (std::uint64_t page = 0; page < pages; ++page) {
      const bool is_discarded = (page >= 20 && page < 50) || (page >= 90 && page < 160);
      EXPECT(is_discarded ? is_zero(zeros.page(page)) : zeros.has(file.image(), page));
    }
  });
}

// What had been discarded is the image's again, what is from then on is as chosen last.
void check_change(Bed &bed) {
  const PatternFile file = file_of(62);
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(bed.add(file));
  run(bed, [&] { EXPECT(discard_pages(mapped.page(0), pages)); });
  client.choose_discard(mapped, OnDiscard::image);
  run(bed, [&] {
    EXPECT(mapped.has(file.image(), 7));
    EXPECT(discard_pages(mapped.page(0), pages));
    EXPECT(mapped.has(file.image(), 7));
  });
  client.choose_discard(mapped, OnDiscard::zeros);
  run(bed, [&] {
    EXPECT(mapped.has_all(file.image()));
    EXPECT(discard_pages(mapped.page(9), 1));
    EXPECT(is_zero(mapped.page(9)) && mapped.has(file.image(), 10));
  });
}

// Moved pages go on as they were; what mremap() adds is zeros whatever was chosen.
void use_and_move(const Survivor &client, const PatternImage &pattern) {
  EXPECT(pattern.matches(3, client.page(3)));
  EXPECT(discard_pages(client.page(3), 2));
  std::byte *const moved = move_pages(client.page(192), 64, 72);
  EXPECT(pattern.matches(200, moved + 8 * page_bytes));
  EXPECT(discard_pages(moved, 70));
  for (std::uint64_t page = 0; page < 72; ++page) {
    std::byte *const at = moved + page * page_bytes;
    EXPECT(page < 64 ? pattern.matches(192 + page, at) : is_zero(at));
  }
}

// The book has the last word: the next engine is told what was chosen first.
void check_next_engine() {
  const PatternFile file = file_of(63);
  Survivor client(file.image().length_bytes);
  client.on_discard = OnDiscard::image;
  sys::Descriptor book;
  {
    Bed bed;
    client.begin(bed, bed.add(file));
    run(bed, [&] { use_and_move(client, file.image()); });
    book = client.keep_book();
  }
  client.on_discard = OnDiscard::zeros;
  Bed bed;
  auto adopted = adopt_book(book);
  EXPECT(adopted.has_value());
  client.go_on(bed, bed.add(file), std::move(*adopted));
  run(bed, [&] {
    EXPECT(discard_pages(client.page(100), 20));
    for (std::uint64_t page = 0; page < 192; ++page) {
      EXPECT(file.image().matches(page, client.page(page)));
    }
  });
}

// One that was changed on the way, with pages noted before: none of those is left.
void check_change_in_book() {
  const PatternFile file = file_of(64);
  Survivor client(file.image().length_bytes);
  sys::Descriptor book;
  {
    Bed bed;
    client.begin(bed, bed.add(file));
    run(bed, [&] { EXPECT(discard_pages(client.page(0), 100)); });
    const std::uint32_t request = bed.next_request();
    EXPECT(bed.engine().choose_discard(client.space, 1, OnDiscard::image, request));
    bed.await(EventKind::discard_chosen, request);
    book = client.keep_book();
  }
  Bed bed;
  auto adopted = adopt_book(book);
  EXPECT(adopted.has_value());
  client.go_on(bed, bed.add(file), std::move(*adopted));
  run(bed, [&] {
    EXPECT(discard_pages(client.page(50), 1));
    EXPECT(file.image().matches(49, client.page(49)));
    EXPECT(file.image().matches(50, client.page(50)));
  });
}

}  // namespace

CLAIM(discarded_pages_read_as_was_chosen) {
  {
    Bed bed;
    check_both(bed);
    check_change(bed);
  }
  check_next_engine();
  check_change_in_book();
}

}  // namespace pagerd::test
