#include "image/bitmap.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "claim.hpp"

namespace pagerd::test {

namespace {

image::Bitmap make_bitmap(std::uint64_t bits) {
  auto made = image::Bitmap::create(bits);
  EXPECT(made.ok());
  return made.take();
}

// The same changes and questions to a bitmap and to a plain list of truths.
void check_size(std::uint64_t bits, unsigned seed) {
  image::Bitmap bitmap = make_bitmap(bits);
  std::vector<bool> model(bits);
  std::mt19937_64 random(seed);
  for (unsigned step = 0; step < 400; ++step) {
    const std::uint64_t first = random() % bits;
    const std::uint64_t end = first + random() % (std::min<std::uint64_t>(bits - first, 150) + 1);
    const bool is_set = random() % 2 == 0;
    std::uint64_t changed = 0;
    for (std::uint64_t bit = first; bit < end; ++bit) {
      if (model[bit] != is_set) ++changed;
      model[bit] = is_set;
    }
    EXPECT_EQUAL(is_set ? bitmap.set(first, end) : bitmap.clear(first, end), changed);

    const std::uint64_t from = random() % bits;
    const std::uint64_t low = random() % (from + 1);
    const std::uint64_t high = from + 1 + random() % (bits - from);
    std::uint64_t run_begin = from;
    while (run_begin > low && model[run_begin - 1] == model[from]) --run_begin;
    std::uint64_t run_end = from + 1;
    while (run_end < high && model[run_end] == model[from]) ++run_end;
    EXPECT_EQUAL(bitmap.run_begin(from, low), run_begin);
    EXPECT_EQUAL(bitmap.run_end(from, high), run_end);
    EXPECT(bitmap.test(from) == model[from]);
  }
  for (std::uint64_t bit = 0; bit < bits; ++bit) EXPECT(bitmap.test(bit) == model[bit]);
}

// Threads that set ranges of the same words: no bit is lost, and each is counted once.
void check_threads() {
  constexpr std::uint64_t bits = 100'000;
  image::Bitmap bitmap = make_bitmap(bits);
  std::atomic<std::uint64_t> counted{0};
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t first = 0; first < bits; first += 10) {
        const std::uint64_t from = std::min(first + thread * 7, bits);
        counted.fetch_add(bitmap.set(from, std::min(from + 10, bits)));
      }
      counted.fetch_add(bitmap.set(0, 21));
    });
  }
  for (std::thread &thread : threads) thread.join();
  EXPECT_EQUAL(counted.load(), bits);
  EXPECT_EQUAL(bitmap.run_end(0, bits), bits);
  EXPECT_EQUAL(bitmap.run_begin(bits - 1, 0), 0);
}

}  // namespace

CLAIM(bitmap_agrees_with_a_model) {
  for (const std::uint64_t bits : {1u, 2u, 63u, 64u, 65u, 127u, 128u, 129u, 1000u}) {
    for (unsigned seed = 0; seed < 5; ++seed) check_size(bits, seed);
  }
  check_threads();
  // Bits of terabytes cost nothing until they are set.
  image::Bitmap large = make_bitmap(std::uint64_t{1} << 34);
  large.set((std::uint64_t{1} << 34) - 1, std::uint64_t{1} << 34);
  EXPECT(large.test((std::uint64_t{1} << 34) - 1));
}

}  // namespace pagerd::test
