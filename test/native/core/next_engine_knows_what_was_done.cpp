// Invariant 16.
#include <sys/mman.h>

#include "survivor.hpp"

namespace pagerd::test {

namespace {

using engine::Backing;
using sys::page_bytes;

constexpr std::uint64_t pages = 512;

struct Scene {
  explicit Scene(Backing backing)
      : file({.seed = 41, .length_bytes = pages * page_bytes, .has_zeros = false}),
        client(file.image().length_bytes, backing) {}

  void begin(Bed &bed) {
    const Image image = bed.add(file);
    auto opened = image->image().open_for_client();
    EXPECT(opened.ok());
    memory = opened.take();
    client.begin(bed, image);
  }

  // With the memory of the image that it has mapped.
  void go_on(Bed &bed, const sys::Descriptor &book) {
    auto image = image::Image::adopt(client.length_bytes, image::ImageKind::plain, memory);
    auto source = image::FileSource::open(file.path());
    auto adopted = adopt_book(book);
    EXPECT(image.ok() && source.ok() && adopted.has_value());
    client.go_on(bed, bed.engine().add_image(image.take(), source.take()), std::move(*adopted));
  }

  bool is_anonymous() const { return client.backing == Backing::anonymous; }
  // Discarded: of a file the file's again, else zeros.
  void expect_discarded(const std::byte *memory, std::uint64_t page) const {
    EXPECT(is_anonymous() ? is_zero(memory) : file.image().matches(page, memory));
  }
  void expect_image(const std::byte *memory, std::uint64_t first, std::uint64_t end) const {
    for (std::uint64_t page = first; page < end; ++page) {
      EXPECT(file.image().matches(page, memory + (page - first) * page_bytes));
    }
  }

  // What the first engine is told: some of it of pages that had come, some of pages that had not.
  void use() {
    expect_image(client.page(0), 0, 4);
    EXPECT(discard_pages(client.page(2), 1) && discard_pages(client.page(7), 1));
    EXPECT(discard_pages(client.page(64), 130));
    EXPECT(::munmap(client.page(300), 8 * page_bytes) == 0);
    EXPECT(discard_pages(client.page(402), 1));
    moved = move_pages(client.page(400), 16, 16);
    EXPECT(discard_pages(moved + 5 * page_bytes, 2));
    grown = move_pages(client.page(480), 32, is_anonymous() ? 40 : 32);
    if (is_anonymous()) EXPECT(is_zero(grown + 33 * page_bytes));
  }

  void check() const {
    for (std::uint64_t page = 0; page < 300; ++page) {
      const bool is_discarded = page == 2 || page == 7 || (page >= 64 && page < 194);
      if (is_discarded) expect_discarded(client.page(page), page);
      else expect_image(client.page(page), page, page + 1);
    }
    expect_image(client.page(308), 308, 400);
    for (const std::uint64_t page : {2, 5, 6}) {
      expect_discarded(moved + page * page_bytes, 400 + page);
    }
    expect_image(moved, 400, 402);
    expect_image(moved + 3 * page_bytes, 403, 405);
    expect_image(moved + 7 * page_bytes, 407, 416);
    expect_image(client.page(416), 416, 480);
    expect_image(grown, 480, 512);
    for (std::uint64_t page = 32; page < 40 && is_anonymous(); ++page) {
      EXPECT(is_zero(grown + page * page_bytes));
    }
  }

  const PatternFile file;
  Survivor client;
  sys::Descriptor memory;
  std::byte *moved = nullptr;
  std::byte *grown = nullptr;
};

void run(Bed &bed, std::function<void()> work) {
  Crowd crowd(bed);
  crowd.add(std::move(work));
  crowd.join();
}

sys::Descriptor use_with_first_engine(Scene &scene) {
  Bed bed;
  scene.begin(bed);
  run(bed, [&] { scene.use(); });
  return scene.client.keep_book();
}

void check_next(Backing backing) {
  Scene scene(backing);
  const sys::Descriptor book = use_with_first_engine(scene);
  Bed bed;
  scene.go_on(bed, book);
  run(bed, [&] { scene.check(); });
}

// As the kernel leaves it where an engine is killed before it has looked at what it read.
void leave_unapplied(const sys::Descriptor &book, const uffd_msg &message) {
  auto head = sys::Mapping::shared(book, page_bytes);
  EXPECT(head.ok());
  auto &header = *reinterpret_cast<engine::LayoutHeader *>(head.value().data());
  header.inbox[5] = message;
}

void check_unapplied() {
  Scene scene(Backing::anonymous);
  const sys::Descriptor book = use_with_first_engine(scene);
  uffd_msg message{};
  message.event = UFFD_EVENT_REMOVE;
  const auto start = reinterpret_cast<std::uint64_t>(scene.client.page(30));
  message.arg.remove = {start, start + 3 * page_bytes};
  leave_unapplied(book, message);
  Bed bed;
  scene.go_on(bed, book);
  run(bed, [&] {
    for (std::uint64_t page = 30; page < 33; ++page) EXPECT(is_zero(scene.client.page(page)));
    scene.expect_image(scene.client.page(33), 33, 64);
  });
  const auto after = adopt_book(book);
  EXPECT(after.has_value() && after->past.unapplied.empty());
  after->book->leave();
}

// Through one more engine, which is told of some more; what comes while there is none waits for the
// next.
void check_one_after_next(Backing backing) {
  Scene scene(backing);
  const Survivor &client = scene.client;
  const sys::Descriptor book = use_with_first_engine(scene);
  std::thread between([&] { EXPECT(discard_pages(client.page(290), 4)); });
  {
    Bed bed;
    scene.go_on(bed, book);
    run(bed, [&] {
      between.join();
      for (std::uint64_t page = 290; page < 294; ++page) {
        scene.expect_discarded(client.page(page), page);
      }
      EXPECT(discard_pages(client.page(440), 3));
      EXPECT(::munmap(client.page(200), page_bytes) == 0);
    });
  }
  Bed bed;
  scene.go_on(bed, book);
  EXPECT_EQUAL(client.region->life()->parts.load(), scene.is_anonymous() ? 7 : 6);
  run(bed, [&] {
    for (std::uint64_t page = 440; page < 443; ++page) {
      scene.expect_discarded(client.page(page), page);
    }
    scene.expect_image(client.page(0), 0, 2);
    scene.expect_image(client.page(201), 201, 290);
    scene.expect_image(client.page(443), 443, 480);
  });
}

}  // namespace

CLAIM(next_engine_knows_what_was_done) {
  for (const Backing backing : {Backing::anonymous, Backing::image_private}) {
    check_next(backing);
    check_one_after_next(backing);
  }
  check_unapplied();
}

}  // namespace pagerd::test
