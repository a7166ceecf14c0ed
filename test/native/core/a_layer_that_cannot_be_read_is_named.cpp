#include <unistd.h>

#include <cerrno>

#include "claim.hpp"
#include "layer_files.hpp"

namespace pagerd::test {

namespace {

using image::FillOutcome;
using image::PageState;
using sys::page_bytes;

constexpr std::uint64_t pages = 16;

image::FileLayer open_layer(const std::string &path) {
  auto layer = image::FileLayer::open(path);
  EXPECT(layer.ok());
  return layer.take();
}

// A base that cannot be read: the lowest pages of a process are never mapped. It knows no holes.
image::FileSource over_unreadable(const LayerFiles &newer) {
  std::vector<image::FileLayer> layers;
  layers.push_back(open_layer("/proc/self/mem"));
  layers.push_back(open_layer(newer.path(0)));
  auto source = image::FileSource::over(std::move(layers));
  EXPECT(source.ok());
  return source.take();
}

// Nothing of the range is there then, and above all none of it is zero.
void check_failure(const image::FileSource &source, std::uint64_t first, std::uint64_t end) {
  auto image = image::Image::create(pages * page_bytes);
  EXPECT(image.ok());
  std::vector<std::byte> scratch(pages * page_bytes);
  const auto report = source.fill(image.value(), first, end, scratch);
  EXPECT(report.outcome == FillOutcome::failed);
  EXPECT_TEXT(report.reason, "layer 1 of 2, /proc/self/mem, failed: pread: Input/output error");
  for (std::uint64_t page = 0; page < pages; ++page) {
    EXPECT(image.value().state(page) == PageState::absent);
  }
}

void check_hidden(const image::FileSource &source, const LayerFiles &newer) {
  auto image = image::Image::create(pages * page_bytes);
  EXPECT(image.ok());
  std::vector<std::byte> scratch(pages * page_bytes);
  EXPECT(source.fill(image.value(), 4, 8, scratch).outcome == FillOutcome::filled);
  for (std::uint64_t page = 4; page < 8; ++page) {
    EXPECT(newer.matches(page, image.value().bytes_of(page)));
  }
}

// Taken for a hole it would show what lies beneath, and taken for data it would hide it.
void check_what_cannot_be_asked() {
  int ends[2];
  EXPECT(::pipe(ends) == 0);
  const sys::Descriptor reading(ends[0]);
  const sys::Descriptor writing(ends[1]);
  const auto data = sys::next_data(reading, 0, page_bytes);
  const auto hole = sys::next_hole(reading, 0, page_bytes);
  EXPECT(!data.ok() && data.error().code == ESPIPE);
  EXPECT(!hole.ok() && hole.error().code == ESPIPE);
}

}  // namespace

CLAIM(a_layer_that_cannot_be_read_is_named) {
  const LayerFiles newer(disk_folder(), {LayerPlan{pages * page_bytes, {}}.write(4, 8, 2)});
  const image::FileSource source = over_unreadable(newer);
  check_failure(source, 0, 4);
  check_failure(source, 3, 9);
  check_failure(source, 15, 16);
  check_hidden(source, newer);
  check_what_cannot_be_asked();
}

}  // namespace pagerd::test
