#include "engine/discarded_pages.hpp"

#include <algorithm>
#include <bit>

#include "sys/check.hpp"

namespace pagerd::engine {

namespace {

constexpr std::uint64_t all_bits = ~std::uint64_t{0};
constexpr std::uint64_t within_word = 63;

constexpr std::uint64_t words_for(std::uint64_t bits) { return (bits + within_word) / 64; }

}  // namespace

DiscardedPages::Levels::Levels(std::uint64_t pages) : pages(pages) {
  PAGERD_CHECK(pages > 0);
  for (std::uint64_t bits = pages;; bits = words_for(bits)) {
    begins[count++] = words;
    words += words_for(bits);
    if (bits <= 64) break;
  }
}

std::optional<DiscardedPages> DiscardedPages::create(std::uint64_t pages,
                                                     std::shared_ptr<WordArena> arena) {
  const Levels levels(pages);
  auto words = SparseWords::create(levels.words, std::move(arena));
  if (!words) return std::nullopt;
  return DiscardedPages(levels, std::move(*words));
}

std::optional<DiscardedPages> DiscardedPages::open(std::uint64_t pages,
                                                   std::shared_ptr<WordArena> arena,
                                                   std::uint64_t at) {
  const Levels levels(pages);
  auto words = SparseWords::open(levels.words, std::move(arena), at);
  if (!words) return std::nullopt;
  return DiscardedPages(levels, std::move(*words));
}

std::optional<DiscardedPages> DiscardedPages::copy(std::shared_ptr<WordArena> arena) const {
  auto made = create(levels_.pages, std::move(arena));
  if (!made || !made->words_.copy_from(words_)) return std::nullopt;
  return made;
}

std::optional<unsigned> DiscardedPages::add(std::uint64_t first, std::uint64_t end) {
  unsigned written = 0;
  for (unsigned level = 0; first < end; ++level) {
    PAGERD_CHECK(level < levels_.count);
    const bool is_top = level + 1 == levels_.count;
    const std::uint64_t whole_from = is_top ? end : std::min(words_for(first) * 64, end);
    const std::uint64_t whole_to = std::max(end & ~within_word, whole_from);
    for (const auto &[from, to] : {std::pair{first, whole_from}, std::pair{whole_to, end}}) {
      if (from >= to) continue;
      if (!set(level, from, to)) return std::nullopt;
      ++written;
    }
    first = whole_from / 64;
    end = whole_to / 64;
    if (whole_from == whole_to) break;
  }
  return written;
}

// Within one word.
bool DiscardedPages::set(unsigned level, std::uint64_t first, std::uint64_t end) {
  PAGERD_CHECK(first < end && first / 64 == (end - 1) / 64);
  const std::uint64_t low = all_bits << (first & within_word);
  const std::uint64_t high = all_bits >> (within_word - ((end - 1) & within_word));
  return words_.add(levels_.begins[level] + first / 64, low & high);
}

DiscardedPages::Word DiscardedPages::word_around(std::uint64_t page) const {
  std::uint64_t bit = page / 64;
  for (unsigned level = 1; level < levels_.count; ++level, bit /= 64) {
    const Word word = words_.get(levels_.begins[level] + bit / 64);
    if (((word >> (bit & within_word)) & 1) != 0) return all_bits;
  }
  return words_.get(levels_.begins[0] + page / 64);
}

bool DiscardedPages::has(std::uint64_t page) const {
  return ((word_around(page) >> (page & within_word)) & 1) != 0;
}

std::uint64_t DiscardedPages::run_end(std::uint64_t from, std::uint64_t limit) const {
  const Word flip = has(from) ? all_bits : 0;
  for (std::uint64_t at = from; at < limit; at = (at | within_word) + 1) {
    // Pages that differ from the run, from `at` on.
    const Word differ = (word_around(at) ^ flip) & (all_bits << (at & within_word));
    if (differ == 0) continue;
    return std::min((at & ~within_word) + static_cast<unsigned>(std::countr_zero(differ)), limit);
  }
  return limit;
}

std::uint64_t DiscardedPages::run_begin(std::uint64_t from, std::uint64_t limit) const {
  const Word flip = has(from) ? all_bits : 0;
  for (std::uint64_t end = from + 1; end > limit; end = (end - 1) & ~within_word) {
    const std::uint64_t last = end - 1;
    const Word mask = all_bits >> (within_word - (last & within_word));
    const Word differ = (word_around(last) ^ flip) & mask;
    if (differ == 0) continue;
    const auto highest = within_word - static_cast<unsigned>(std::countl_zero(differ));
    return std::max((last & ~within_word) + highest + 1, limit);
  }
  return limit;
}

}  // namespace pagerd::engine
