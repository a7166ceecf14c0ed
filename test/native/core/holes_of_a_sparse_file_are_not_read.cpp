#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "client.hpp"
#include "layer_files.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// The memory of a small VM, a hundredth of it in use: sixteen pages here and there.
constexpr std::uint64_t pages = (std::uint64_t{2} << 30) / page_bytes;
constexpr std::uint64_t run_pages = 16;
constexpr std::uint64_t run_every = 1600;
constexpr std::uint64_t window_pages = 512;

LayerPlan sparse_memory() {
  LayerPlan plan{pages * page_bytes, {}};
  for (std::uint64_t page = run_every / 2; page + run_pages < pages; page += run_every) {
    plan.write(page, page + run_pages, 7);
  }
  return plan;
}

std::uint64_t windows_with_data(const LayerPlan &plan) {
  std::set<std::uint64_t> windows;
  for (const auto &[page, seed] : plan.seeds) windows.insert(page / window_pages);
  return windows.size();
}

std::uint64_t allocated_bytes(const Image &image) {
  auto file = image->image().open_for_client();
  EXPECT(file.ok());
  struct stat status {};
  EXPECT(::fstat(file.value().get(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

// A bit a page says that it is there, another that it is zero: only as far as anybody looked.
constexpr std::uint64_t bits_bytes = 2 * pages / 8;

void walk(const Mapped &mapped, const LayerFiles &files) {
  static const Page zeros{};
  for (std::uint64_t page = 0; page < pages; ++page) {
    const bool is_hole = files.is_hole(page);
    // Of a hole a page in each window is enough: the touch of one installs them all.
    if (is_hole && page % window_pages != 1) continue;
    const std::byte *found = mapped.page(page);
    EXPECT(is_hole ? std::equal(zeros.begin(), zeros.end(), found) : files.matches(page, found));
  }
}

void check(const std::string &folder) {
  const LayerPlan plan = sparse_memory();
  const std::uint64_t data_bytes = plan.seeds.size() * page_bytes;
  const LayerFiles files(folder, {plan, {pages * page_bytes, {}}});
  Bed bed;
  const Image image = bed.add(files.length_bytes(), files.open());
  EXPECT_EQUAL(allocated_bytes(image), 0);
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = window_pages * page_bytes});
  EXPECT_EQUAL(image->fills.get(), 0);

  // In a hole: known without a byte read, and so are those behind it.
  EXPECT_EQUAL(touch(mapped.page(run_every)), 0);
  EXPECT_EQUAL(image->bytes_read.get(), 0);
  EXPECT_EQUAL(image->image().resident_pages(), 0);

  walk(mapped, files);
  EXPECT_EQUAL(image->bytes_read.get(), data_bytes);
  EXPECT_EQUAL(image->image().resident_pages() * page_bytes, data_bytes);
  EXPECT(image->image().is_fully_resident());
  // Nobody asks about a hole that somebody was told of before: it is known as far as it reaches.
  EXPECT(image->fills.get() <= windows_with_data(plan) + 2);
  EXPECT(allocated_bytes(image) <= data_bytes + bits_bytes);
}

}  // namespace

CLAIM(holes_of_a_sparse_file_are_not_read) {
  check(disk_folder());
  check(memory_folder());
}

}  // namespace pagerd::test
