#include <fstream>

#include "claim.hpp"
#include "layer_files.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// A large page: what a fill of one wants at once.
constexpr std::uint64_t fill_pages = 512;
constexpr std::uint64_t fill_bytes = fill_pages * page_bytes;
constexpr std::uint64_t length_bytes = 4 * fill_bytes;

// Calls of read and its kin by this thread.
std::uint64_t reads() {
  std::ifstream counters("/proc/thread-self/io");
  std::string word;
  std::uint64_t count = 0;
  while (counters >> word >> count) {
    if (word == "syscr:") return count;
  }
  fail("the kernel counts reads", __FILE__, __LINE__);
}

// Looking takes reads itself.
std::uint64_t reads_of_looking() {
  const std::uint64_t before = reads();
  return reads() - before;
}

void check(const std::string &folder, std::vector<LayerPlan> plans, std::uint64_t reads_wanted,
           std::uint64_t bytes_wanted) {
  const LayerFiles files(folder, std::move(plans));
  const image::FileSource source = files.open();
  auto image = image::Image::create(source.length_bytes());
  EXPECT(image.ok());
  std::vector<std::byte> scratch(fill_bytes);
  const std::uint64_t looking = reads_of_looking();

  const std::uint64_t before = reads();
  const auto report = source.fill(image.value(), fill_pages, 2 * fill_pages, scratch);
  const std::uint64_t taken = reads() - before - looking;

  EXPECT(report.outcome == image::FillOutcome::filled);
  EXPECT_EQUAL(taken, reads_wanted);
  EXPECT_EQUAL(report.bytes_read, bytes_wanted);
  for (std::uint64_t page = fill_pages; page < 2 * fill_pages; ++page) {
    EXPECT(files.is_zero(page) || files.matches(page, image.value().bytes_of(page)));
  }
}

LayerPlan plan() { return {length_bytes, {}}; }

void check_all(const std::string &folder) {
  const std::uint64_t end = length_bytes / page_bytes;
  // All of it of one file.
  check(folder, {plan().write(0, end, 1)}, 1, fill_bytes);
  check(folder, {plan(), plan().write(0, end, 2), plan()}, 1, fill_bytes);
  // As far as it goes.
  check(folder, {LayerPlan{2 * fill_bytes - 100, {}}.write(0, 2 * fill_pages, 1)}, 1,
        fill_bytes - 100);
  // A piece of a newer one in the middle, at either end, over all of it.
  check(folder, {plan().write(0, end, 1), plan().write(700, 800, 2)}, 3, fill_bytes);
  check(folder, {plan().write(0, end, 1), plan().write(0, 520, 2)}, 2, fill_bytes);
  check(folder, {plan().write(0, end, 1), plan().write(0, end, 2)}, 1, fill_bytes);
  // Holes are not read, also between data.
  check(folder, {plan()}, 0, 0);
  check(folder, {plan(), plan()}, 0, 0);
  check(folder, {plan().write(600, 610, 1).write(900, 1200, 1)}, 2, 134 * page_bytes);
  check(folder, {plan().write(600, 610, 1), plan().write(605, 620, 2)}, 2, 20 * page_bytes);
}

}  // namespace

CLAIM(a_run_of_one_layer_is_one_read) {
  check_all(disk_folder());
  check_all(memory_folder());
}

}  // namespace pagerd::test
