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

void map_hollow(std::byte value) {
  void *const wanted = reinterpret_cast<void *>(hollow_address);
  EXPECT(::mmap(wanted, page_bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == wanted);
  std::memset(wanted, std::to_integer<int>(value), page_bytes);
}

void check_giving_up() {
  engine::Options options = small_options();
  options.fill_policy = {5, 2'000'000, 4'000'000};
  Bed bed(options);
  const Image image = add_own_memory(bed);
  Client client(bed);
  const Mapped mapped =
      client.map(image, {.offset_bytes = hollow_address, .window_bytes = 4096});
  const std::uint64_t before = filler_reads();

  EXPECT(!touch_or_bus_error(mapped.page(0)));

  EXPECT_EQUAL(filler_reads() - before, 5);
  const Event event = bed.await(EventKind::poisoned);
  EXPECT_TEXT(event.text, "pread");
  EXPECT_EQUAL(image->fill_failures.get(), 1);
  // The failure was of a moment: nothing is lost for good, and another page is tried anew.
  EXPECT(image->lost_reason().empty());
  EXPECT(!touch_or_bus_error(mapped.page(1)));
  EXPECT_EQUAL(filler_reads() - before, 10);
}

void check_recovery() {
  engine::Options options = small_options();
  options.fill_policy = {1000, 1'000'000, 2'000'000};
  Bed bed(options);
  Client client(bed);
  const Image image = add_own_memory(bed);
  const Mapped mapped =
      client.map(image, {.offset_bytes = hollow_address, .window_bytes = 4096});
  const std::uint64_t before = filler_reads();
  Crowd crowd(bed);
  crowd.add([&] { EXPECT_EQUAL(static_cast<unsigned>(touch(mapped.page(0))), 0x5a); });
  bed.pump_until([&] { return filler_reads() - before >= 3; });
  map_hollow(std::byte{0x5a});
  crowd.join();
  EXPECT(!bed.has(EventKind::poisoned));
}

}  // namespace

CLAIM(failing_reads_are_tried_again) {
  check_giving_up();
  check_recovery();
}

}  // namespace pagerd::test
