#include "image/bitmap.hpp"

#include <algorithm>
#include <bit>

#include "sys/page.hpp"

namespace pagerd::image {

namespace {

using Word = std::uint64_t;
constexpr Word all_bits = ~Word{0};
constexpr Word within_word = 63;

// Bits [from, 64) of a word, or [from, to) when the range ends inside it.
Word mask_of(std::uint64_t from, std::uint64_t to) {
  const Word high = to == 64 ? all_bits : (Word{1} << to) - 1;
  return high & ~((Word{1} << from) - 1);
}

template <typename Change>
std::uint64_t for_each_word(std::uint64_t first, std::uint64_t end, Change change) {
  std::uint64_t changed = 0;
  while (first < end) {
    const std::uint64_t word_end = std::min((first | within_word) + 1, end);
    changed += change(first, mask_of(first & within_word, (((word_end - 1) & within_word) + 1)));
    first = word_end;
  }
  return changed;
}

}  // namespace

sys::Result<Bitmap> Bitmap::create(std::uint64_t bits) {
  auto words = sys::Mapping::anonymous(static_cast<std::size_t>((bits / 64 + 1) * 8));
  if (!words.ok()) return words.error();
  return Bitmap(words.take());
}

sys::Result<Bitmap> Bitmap::in_file(std::uint64_t bits, const sys::Descriptor &file,
                                    std::uint64_t offset_bytes) {
  auto words = sys::Mapping::shared(file, bytes_in_file(bits), offset_bytes);
  if (!words.ok()) return words.error();
  return Bitmap(words.take());
}

std::uint64_t Bitmap::bytes_in_file(std::uint64_t bits) {
  return sys::pages_covering((bits / 64 + 1) * 8) * sys::page_bytes;
}

std::uint64_t Bitmap::set(std::uint64_t first, std::uint64_t end) {
  return for_each_word(first, end, [this](std::uint64_t bit, std::uint64_t mask) {
    const std::uint64_t before = word(bit).fetch_or(mask, std::memory_order_acq_rel);
    return static_cast<std::uint64_t>(std::popcount(mask & ~before));
  });
}

std::uint64_t Bitmap::clear(std::uint64_t first, std::uint64_t end) {
  return for_each_word(first, end, [this](std::uint64_t bit, std::uint64_t mask) {
    const std::uint64_t before = word(bit).fetch_and(~mask, std::memory_order_acq_rel);
    return static_cast<std::uint64_t>(std::popcount(mask & before));
  });
}

std::uint64_t Bitmap::run_end(std::uint64_t from, std::uint64_t limit) const {
  const Word flip = test(from) ? all_bits : 0;
  std::uint64_t at = from;
  while (at < limit) {
    // Bits that differ from the run, from `at` on.
    const Word differ =
        (word(at).load(std::memory_order_acquire) ^ flip) & mask_of(at & within_word, 64);
    if (differ != 0) {
      const auto lowest = static_cast<std::uint64_t>(std::countr_zero(differ));
      return std::min((at & ~within_word) + lowest, limit);
    }
    at = (at | within_word) + 1;
  }
  return limit;
}

std::uint64_t Bitmap::run_begin(std::uint64_t from, std::uint64_t limit) const {
  const Word flip = test(from) ? all_bits : 0;
  std::uint64_t end = from + 1;
  while (end > limit) {
    const std::uint64_t last = end - 1;
    const Word differ =
        (word(last).load(std::memory_order_acquire) ^ flip) & mask_of(0, (last & within_word) + 1);
    if (differ != 0) {
      const auto highest = 63 - static_cast<std::uint64_t>(std::countl_zero(differ));
      return std::max((last & ~within_word) + highest + 1, limit);
    }
    end = last & ~within_word;
  }
  return limit;
}

}  // namespace pagerd::image
