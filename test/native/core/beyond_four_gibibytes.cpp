#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;
constexpr std::uint64_t image_bytes = 9 * gibibyte + 777;
// Wherever 32 bits of bytes, or 31 of pages, would run over, and the last page.
constexpr std::uint64_t data_pages[] = {0,
                                        1,
                                        gibibyte / page_bytes,
                                        4 * gibibyte / page_bytes - 1,
                                        4 * gibibyte / page_bytes,
                                        4 * gibibyte / page_bytes + 1,
                                        8 * gibibyte / page_bytes,
                                        9 * gibibyte / page_bytes};
constexpr PatternImage pattern{.seed = 91, .length_bytes = image_bytes, .has_zeros = false};

// Nothing but holes around those pages.
class HugeFile {
 public:
  HugeFile() : file_({.seed = 0, .length_bytes = 1}) {
    const int file = ::open(file_.path().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    EXPECT(::ftruncate(file, static_cast<off_t>(image_bytes)) == 0);
    for (const std::uint64_t number : data_pages) {
      const auto bytes = pattern.bytes(number, number + 1);
      EXPECT(::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(number * page_bytes)) ==
             static_cast<ssize_t>(bytes.size()));
    }
    ::close(file);
  }
  const PatternFile &file() const { return file_; }

 private:
  PatternFile file_;
};

bool is_zero(const std::byte *page) {
  static const Page zeros{};
  return std::equal(zeros.begin(), zeros.end(), page);
}

bool has_data(std::uint64_t page) {
  return std::find(std::begin(data_pages), std::end(data_pages), page) != std::end(data_pages);
}

void check(const Mapped &mapped) {
  for (const std::uint64_t page : data_pages) {
    // Each of them and its neighbours.
    for (const std::uint64_t at : {page, page + 1, page - 1, page + 100}) {
      if (at < mapped.first_page || at - mapped.first_page >= mapped.pages()) continue;
      const std::uint64_t number = at - mapped.first_page;
      EXPECT(has_data(at) ? mapped.has(pattern, number) : is_zero(mapped.page(number)));
    }
  }
}

}  // namespace

CLAIM(beyond_four_gibibytes) {
  Bed bed;
  const HugeFile huge;
  const Image image = bed.add(huge.file());
  Client client(bed, sys::uapi::feature_event_remove);
  check(client.map(image));
  check(client.map(image, {.window_bytes = 2 << 20}));
  check(client.map(image, {.offset_bytes = 4 * gibibyte - page_bytes}));
  check(client.map(image, {.offset_bytes = 8 * gibibyte, .window_bytes = 4096}));
  check(client.map(image, {.offset_bytes = page_bytes, .length_bytes = 8 * gibibyte}));
  EXPECT_EQUAL(image->image().resident_pages(), std::size(data_pages));

  const Mapped whole = client.map(image);
  const std::uint64_t first = 4 * gibibyte / page_bytes - 2;
  EXPECT_TEXT(bed.await(EventKind::prefaulted, client.prefault(whole, first, 4)).text, "");
  EXPECT_EQUAL(whole.region->resident_pages.get(), 4);
  check(whole);
  // A removal far up is of those pages and of none 4 GiB below.
  EXPECT(::madvise(whole.page(first + 2), page_bytes, MADV_DONTNEED) == 0);
  EXPECT(is_zero(whole.page(first + 2)));
  EXPECT(whole.has(pattern, first + 1) && whole.has(pattern, first + 3));
  EXPECT(whole.has(pattern, 0) && whole.has(pattern, 1));
}

}  // namespace pagerd::test
