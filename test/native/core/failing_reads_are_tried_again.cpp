#include <dirent.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// /proc/self/mem is a regular file that fails where this process has no memory: reading the image's
// page N reads what is mapped at N times 4 KiB.
constexpr std::uint64_t hollow_address = 0x2000'0000;
constexpr std::uint64_t image_bytes = hollow_address + (1 << 20);

Image add_own_memory(Bed &bed) {
  auto memory = sys::open_for_reading("/proc/self/mem");
  EXPECT(memory.ok());
  auto source = image::FileSource::from_descriptor(memory.value().get());
  EXPECT(source.ok());
  return bed.add(image_bytes, source.take());
}

// Calls of read and its kin by this process's fillers.
std::uint64_t filler_reads() {
  std::uint64_t reads = 0;
  DIR *directory = ::opendir("/proc/self/task");
  while (const dirent *entry = ::readdir(directory)) {
    const std::string task = std::string("/proc/self/task/") + entry->d_name;
    std::string name;
    if (!std::getline(std::ifstream(task + "/comm"), name) || name != "pagerd-filler") continue;
    std::ifstream counters(task + "/io");
    for (std::string word; counters >> word;) {
      std::uint64_t count = 0;
      counters >> count;
      if (word == "syscr:") reads += count;
    }
  }
  ::closedir(directory);
  return reads;
}

// Memory at the hollow from now on: a value for each page.
void map_hollow(std::uint64_t first, std::uint64_t count) {
  auto *const wanted = reinterpret_cast<std::byte *>(hollow_address + first * page_bytes);
  EXPECT(::mmap(wanted, count * page_bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == wanted);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::memset(wanted + i * page_bytes, static_cast<int>(0x50 + first + i), page_bytes);
  }
}

void unmap_hollow() {
  EXPECT(::munmap(reinterpret_cast<void *>(hollow_address), 16 * page_bytes) == 0);
}

int value_of(std::uint64_t page) { return static_cast<int>(0x50 + page); }

engine::Options options_with(engine::FillPolicy policy) {
  engine::Options options = small_options();
  options.fill_policy = policy;
  return options;
}

void check_giving_up() {
  Bed bed(options_with({5, 2'000'000, 4'000'000}));
  const Image image = add_own_memory(bed);
  Client client(bed);
  const Mapped mapped =
      client.map(image, {.offset_bytes = hollow_address, .window_bytes = 4096});
  const std::uint64_t before = filler_reads();

  EXPECT(!touch_or_bus_error(mapped.page(0)));

  EXPECT_EQUAL(filler_reads() - before, 5);
  EXPECT_TEXT(bed.await(EventKind::poisoned).text, "pread");
  EXPECT_EQUAL(image->fill_failures.get(), 1);
  // The failure was of a moment: nothing is lost for good, and another page is tried anew.
  EXPECT(image->lost_reason().empty());
  EXPECT(!touch_or_bus_error(mapped.page(1)));
  EXPECT_EQUAL(filler_reads() - before, 10);
}

void check_recovery() {
  Bed bed(options_with({1000, 1'000'000, 2'000'000}));
  Client client(bed);
  const Mapped mapped = client.map(add_own_memory(bed),
                                   {.offset_bytes = hollow_address, .window_bytes = 4096});
  const std::uint64_t before = filler_reads();
  Crowd crowd(bed);
  crowd.add([&] { EXPECT_EQUAL(touch(mapped.page(0)), value_of(0)); });
  bed.pump_until([&] { return filler_reads() - before >= 3; });
  map_hollow(0, 1);
  crowd.join();
  EXPECT(!bed.has(EventKind::poisoned));
  unmap_hollow();
}

// A window of which one page cannot be read: that page is poisoned, and no other.
void check_one_bad_page() {
  map_hollow(0, 5);
  map_hollow(6, 10);
  Bed bed(options_with({2, 1'000'000, 1'000'000}));
  Client client(bed);
  const Mapped mapped = client.map(add_own_memory(bed),
                                   {.offset_bytes = hollow_address, .window_bytes = 65536});
  Crowd crowd(bed);
  for (unsigned toucher = 0; toucher < 3; ++toucher) {
    crowd.add([&, toucher] {
      for (std::uint64_t i = 0; i < 16; ++i) {
        const std::uint64_t page = (i + toucher * 5) % 16;
        const auto found = touch_or_bus_error(mapped.page(page));
        EXPECT(page == 5 ? !found : found == value_of(page));
      }
    });
  }
  crowd.join();
  EXPECT_EQUAL(bed.await(EventKind::poisoned).offset_bytes, 5 * page_bytes);
  EXPECT(!bed.has(EventKind::poisoned));
  unmap_hollow();
}

}  // namespace

CLAIM(failing_reads_are_tried_again) {
  check_giving_up();
  check_recovery();
  check_one_bad_page();
}

}  // namespace pagerd::test
