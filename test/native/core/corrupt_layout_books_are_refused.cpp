// Invariant 16.
#include <functional>
#include <utility>

#include "engine/layout_record.hpp"
#include "survivor.hpp"

namespace pagerd::test {

namespace {

using engine::LayoutHeader;
using engine::LayoutRecord;
using engine::RecordKind;
using sys::page_bytes;

constexpr std::uint64_t pages = 64;

// The file as it is, to be changed as no engine would.
struct File {
  explicit File(const sys::Descriptor &memfd) {
    auto mapping = sys::Mapping::shared(memfd, engine::layout_file::words_at);
    EXPECT(mapping.ok());
    memory = mapping.take();
  }
  LayoutHeader &header() const { return *reinterpret_cast<LayoutHeader *>(memory.data()); }
  LayoutRecord *records() const {
    return reinterpret_cast<LayoutRecord *>(memory.data() + engine::layout_file::records_at);
  }
  // The first of its kind, or what comes after it.
  LayoutRecord &first(RecordKind kind) const {
    for (LayoutRecord *at = records();; ++at) {
      if (at->kind == kind) return *at;
    }
  }

  sys::Mapping memory;
};

using Change = std::function<void(const File &)>;

// Before any region is mapped.
const std::vector<Change> refused_at_once{
    [](const File &file) { file.header().is_changing.store(1); },
    [](const File &file) { file.header().magic += 1; },
    [](const File &file) { file.header().version += 1; },
    [](const File &file) { file.header().records.store(~std::uint64_t{0} & ~63u); },
    [](const File &file) { file.header().records.fetch_add(1); },
    [](const File &file) { file.header().words_end.store(0); },
    [](const File &file) { file.header().inbox[3].event = 0x77; },
    [](const File &file) {
      file.header().inbox[0].event = UFFD_EVENT_REMOVE;
      file.header().inbox[0].arg.remove = {2 * page_bytes, page_bytes};
    },
    [](const File &file) { file.header().words_end.store(~std::uint64_t{0}); },
    [](const File &file) { file.first(RecordKind::part).kind = static_cast<RecordKind>(9); },
    [](const File &file) { file.first(RecordKind::part).region = 9; },
    [](const File &file) { file.first(RecordKind::part).start += 1; },
    [](const File &file) { file.first(RecordKind::part).length_bytes = 0; },
    [](const File &file) { file.first(RecordKind::part).length_bytes = ~std::uint64_t{4095}; },
    [](const File &file) { file.first(RecordKind::part).length_bytes += 12 * page_bytes; },
    [](const File &file) { file.first(RecordKind::part).content = 2; },
    [](const File &file) { file.first(RecordKind::region).length_bytes += 1; },
    [](const File &file) { file.first(RecordKind::region).words_at = ~std::uint64_t{0}; },
    [](const File &file) { file.first(RecordKind::region).on_discard = 2; },
    [](const File &file) { file.first(RecordKind::region).kind = RecordKind::none; },
    [](const File &file) {
      file.first(RecordKind::none) = file.first(RecordKind::region);
    },
};

// When the region comes whose book it should be.
const std::vector<Change> refused_at_map{
    [](const File &file) { file.first(RecordKind::part).image_offset_bytes += pages * page_bytes; },
    [](const File &file) { file.first(RecordKind::region).length_bytes -= page_bytes; },
    [](const File &file) { file.first(RecordKind::region).image_offset_bytes = page_bytes; },
    [](const File &file) {
      file.first(RecordKind::region).words_at = engine::layout_file::words_at + 8;
    },
    [](const File &file) {
      file.first(RecordKind::region).words_at = file.header().words_end.load();
    },
    [](const File &file) {
      for (LayoutRecord *at = file.records(); at < file.records() + 8; ++at) at->region = 2;
    },
};

void refuse_map(const Survivor &client, engine::AdoptedBook book) {
  Bed bed;
  Survivor next(client.length_bytes);
  next.start = client.start;
  next.space = bed.engine().adopt(open_userfaultfd(Survivor::features), 1, -1, std::move(book),
                                  engine::Engine::Kin::client);
  const PatternImage pattern{.seed = 6, .length_bytes = client.length_bytes};
  const Event refusal = bed.await(EventKind::refused, next.ask_to_map(bed, bed.add(pattern)));
  EXPECT_TEXT(refusal.code, "layout_unknown");
}

}  // namespace

// What makes no sense is no better than nothing: whoever adopts such a book is told, and no part of
// it is served.
CLAIM(corrupt_layout_books_are_refused) {
  const PatternImage pattern{.seed = 6, .length_bytes = pages * page_bytes};
  Survivor client(pattern.length_bytes);
  sys::Descriptor book;
  {
    Bed bed;
    client.begin(bed, bed.add(pattern));
    book = client.keep_book();
    Crowd crowd(bed);
    crowd.add([&] {
      EXPECT(discard_pages(client.page(3), 1));
      move_pages(client.page(20), 10, 10);
    });
    crowd.join();
  }
  const File file(book);
  std::vector<std::byte> right(file.memory.data(), file.memory.data() + 2 * page_bytes);
  for (const Change &change : refused_at_once) {
    change(file);
    EXPECT(!adopt_book(book).has_value());
    std::copy(right.begin(), right.end(), file.memory.data());
  }
  for (const Change &change : refused_at_map) {
    change(file);
    auto adopted = adopt_book(book);
    EXPECT(adopted.has_value());
    refuse_map(client, std::move(*adopted));
    std::copy(right.begin(), right.end(), file.memory.data());
  }
  EXPECT(adopt_book(book).has_value());
  auto other = sys::create_memfd("pagerd-layout", page_bytes, sys::Opening::for_writing);
  EXPECT(!adopt_book(other.value()).has_value());
}

}  // namespace pagerd::test
