// Invariant 6.
#include "engine/discarded_pages.hpp"

#include <random>
#include <vector>

#include "claim.hpp"

namespace pagerd::test {

namespace {

engine::DiscardedPages make(std::uint64_t pages) {
  auto made = engine::DiscardedPages::create(pages);
  EXPECT(made.has_value());
  return std::move(*made);
}

// The same ranges and questions to the tree and to a plain list of truths.
void check_size(std::uint64_t pages, unsigned seed) {
  engine::DiscardedPages tree = make(pages);
  std::vector<bool> model(pages);
  std::mt19937_64 random(seed);
  for (unsigned step = 0; step < 60; ++step) {
    const std::uint64_t longest = step % 4 == 0 ? pages : 70;
    const std::uint64_t first = random() % pages;
    const std::uint64_t end = first + random() % (std::min(pages - first, longest) + 1);
    // A few long ranges would leave nothing to be found between them.
    if (step % 4 == 0 && step > 8) continue;
    EXPECT(tree.add(first, end));
    for (std::uint64_t page = first; page < end; ++page) model[page] = true;

    const std::uint64_t from = random() % pages;
    const std::uint64_t low = random() % (from + 1);
    const std::uint64_t high = from + 1 + random() % (pages - from);
    std::uint64_t run_begin = from;
    while (run_begin > low && model[run_begin - 1] == model[from]) --run_begin;
    std::uint64_t run_end = from + 1;
    while (run_end < high && model[run_end] == model[from]) ++run_end;
    EXPECT_EQUAL(tree.run_begin(from, low), run_begin);
    EXPECT_EQUAL(tree.run_end(from, high), run_end);
  }
  for (std::uint64_t page = 0; page < pages; ++page) EXPECT(tree.has(page) == model[page]);
}

// Sixteen tebibytes, in ranges of every length: some words each, however long it is.
void check_cost() {
  constexpr std::uint64_t pages = std::uint64_t{1} << 32;
  constexpr unsigned words_max = 2 * 6;
  engine::DiscardedPages tree = make(pages);
  EXPECT(!tree.has(0) && !tree.has(pages - 1));
  for (std::uint64_t pages_each = 1; pages_each < pages; pages_each *= 3) {
    const std::uint64_t first = (pages - pages_each) / 2;
    EXPECT(tree.add(first, first + pages_each).value() <= words_max);
    EXPECT(tree.has(first) && tree.has(first + pages_each - 1));
    EXPECT(!tree.has(first - 1) && !tree.has(first + pages_each));
  }
  EXPECT(tree.add(0, pages).value() <= words_max);
  EXPECT(tree.has(0) && tree.has(pages - 1));
}

}  // namespace

CLAIM(discarded_pages_agree_with_a_model) {
  for (const std::uint64_t pages : {1u, 2u, 63u, 64u, 65u, 4095u, 4096u, 4097u, 9000u, 300'000u}) {
    for (unsigned seed = 0; seed < 5; ++seed) check_size(pages, seed);
  }
  check_cost();
}

}  // namespace pagerd::test
