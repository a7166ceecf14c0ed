#include <sys/mman.h>

#include <atomic>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t window_bytes = limits::window_bytes_max;
constexpr std::uint64_t window_pages = window_bytes / page_bytes;
constexpr std::uint64_t windows = 16;
constexpr std::uint64_t others_pages = 4096;
constexpr std::uint64_t whole_pages = limits::whole_window_bytes / page_bytes;

void drop(const Mapped &mapped) {
  EXPECT(::madvise(mapped.start, mapped.length_bytes, MADV_DONTNEED) == 0);
}

// Two clients of one fault thread, one of which faults all the time.
class Beside {
 public:
  Beside() : bed(options()), image(bed.add(file)), other_(bed) {
    others_ = other_.map(image, {.window_bytes = page_bytes});
  }

  // Calls `run` while the other one faults.
  template <class Run>
  void faulting(Run run) {
    std::atomic<bool> is_over{false};
    std::atomic<std::uint64_t> touched{0};
    Crowd crowd(bed);
    crowd.add([&] {
      for (std::uint64_t page = 0; !is_over.load(); page = (page + 1) % others_pages) {
        EXPECT(others_.has(file.image(), page));
        if (page + 1 == others_pages) drop(others_);
        touched.fetch_add(1);
      }
    });
    crowd.add([&] {
      while (touched.load() == 0) std::this_thread::yield();
      run();
      is_over.store(true);
    });
    crowd.join();
  }

  // A client goes on before its pages are counted.
  void await_installed(const Mapped &mapped, std::uint64_t pages) {
    bed.pump_until([&] { return mapped.region->resident_pages.get() >= pages; });
  }

  const PatternFile file{
      {.seed = 8, .length_bytes = windows * window_bytes, .has_zeros = false}};
  Bed bed;
  const Image image;

 private:
  static engine::Options options() {
    engine::Options options = small_options();
    options.fault_threads = 1;
    return options;
  }

  Client other_;
  Mapped others_;
};

// Each is whole all the same when its fault is over, wherever the faulting page lies in it.
void check_slices(Beside &beside) {
  Client large(beside.bed);
  const Mapped mapped = large.map(beside.image, {.window_bytes = window_bytes});
  EXPECT(mapped.has_all(beside.file.image()));
  beside.await_installed(mapped, mapped.pages());
  drop(mapped);

  beside.faulting([&] {
    for (std::uint64_t window = 0; window < windows; ++window) {
      const std::uint64_t page = window * window_pages + window * window_pages / windows;
      EXPECT(mapped.has(beside.file.image(), page));
    }
  });

  beside.await_installed(mapped, 2 * mapped.pages());
  EXPECT(mapped.has_all(beside.file.image()));
  EXPECT_EQUAL(mapped.region->resident_pages.get(), 2 * mapped.pages());
}

// Default windows grow no further than to what is installed whole. Alone they grow to four times
// that; half of it is enough to be told apart, whatever else the machine does.
void check_growth(Beside &beside) {
  Client streaming(beside.bed);
  const Mapped mapped = streaming.map(beside.image);

  beside.faulting([&] { EXPECT(mapped.has_all(beside.file.image())); });

  EXPECT(mapped.region->faults.get() >= mapped.pages() / whole_pages / 2);
}

}  // namespace

// While another client faults too, large windows are installed in slices, and others stay small.
CLAIM(large_windows_leave_others_their_turn) {
  Beside beside;
  check_slices(beside);
  check_growth(beside);
}

}  // namespace pagerd::test
