#include "engine/sparse_words.hpp"

#include <bit>
#include <cstring>
#include <new>

#include "sys/check.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

namespace {

constexpr std::uint64_t word_bytes = sizeof(SparseWords::Word);
constexpr std::uint64_t short_words_max = WordArena::small_bytes_max / word_bytes;

constexpr std::uint64_t bytes_of(std::uint64_t words) {
  return sys::pages_covering(words * word_bytes) * sys::page_bytes;
}

// What says which pages of a long row have memory.
constexpr std::uint64_t present_bytes(std::uint64_t count) {
  return bytes_of((sys::pages_covering(count * word_bytes) + 63) / 64);
}

}  // namespace

std::uint64_t SparseWords::bytes_in_file(std::uint64_t count) {
  const bool is_short = count <= short_words_max;
  return is_short ? count * word_bytes : present_bytes(count) + bytes_of(count);
}

std::optional<SparseWords> SparseWords::create(std::uint64_t count,
                                               std::shared_ptr<WordArena> arena) {
  SparseWords made;
  made.arena_ = std::move(arena);
  if (!made.take(bytes_in_file(count))) return std::nullopt;
  made.lay_out(count);
  if (!made.is_long()) return made;
  return made.block_.own.populate(0, present_bytes(count)).ok() ? std::optional(std::move(made))
                                                                 : std::nullopt;
}

std::optional<SparseWords> SparseWords::open(std::uint64_t count, std::shared_ptr<WordArena> arena,
                                             std::uint64_t at) {
  auto block = arena->open(at, bytes_in_file(count));
  if (!block) return std::nullopt;
  SparseWords opened;
  opened.arena_ = std::move(arena);
  opened.block_ = std::move(*block);
  opened.lay_out(count);
  return opened;
}

SparseWords &SparseWords::operator=(SparseWords &&other) noexcept {
  std::swap(count_, other.count_);
  std::swap(arena_, other.arena_);
  std::swap(block_, other.block_);
  std::swap(small_, other.small_);
  std::swap(present_, other.present_);
  std::swap(words_, other.words_);
  return *this;
}

SparseWords::~SparseWords() {
  if (arena_ && block_.start != nullptr) arena_->give_back(std::move(block_));
}

bool SparseWords::take(std::uint64_t bytes) {
  if (arena_) {
    auto block = arena_->take(bytes);
    if (block) block_ = std::move(*block);
    return block.has_value();
  }
  if (bytes <= WordArena::small_bytes_max) {
    small_.reset(new (std::nothrow) Word[bytes / word_bytes]());
    block_.start = reinterpret_cast<std::byte *>(small_.get());
    return small_ != nullptr;
  }
  auto mapping = sys::Mapping::anonymous(bytes);
  if (!mapping.ok()) return false;
  block_.own = mapping.take();
  block_.start = block_.own.data();
  return true;
}

void SparseWords::lay_out(std::uint64_t count) {
  PAGERD_CHECK(count > 0 && block_.start != nullptr);
  count_ = count;
  words_ = reinterpret_cast<Word *>(block_.start);
  if (count <= short_words_max) return;
  present_ = words_;
  words_ += present_bytes(count) / word_bytes;
}

bool SparseWords::add(std::uint64_t index, Word bits) {
  PAGERD_CHECK(index < count_);
  if (!has_page_of(index) && !bring_page(index / words_per_page)) return false;
  words_[index] |= bits;
  return true;
}

bool SparseWords::bring_page(std::uint64_t page) {
  const std::uint64_t offset = present_bytes(count_) + page * sys::page_bytes;
  if (!block_.own.populate(offset, sys::page_bytes).ok()) return false;
  present_[page / 64] |= Word{1} << (page % 64);
  return true;
}

bool SparseWords::copy_from(const SparseWords &other) {
  PAGERD_CHECK(count_ == other.count_);
  if (!is_long()) {
    std::memcpy(words_, other.words_, count_ * word_bytes);
    return true;
  }
  const std::uint64_t pages = sys::pages_covering(count_ * word_bytes);
  for (std::uint64_t row = 0; row < (pages + 63) / 64; ++row) {
    for (Word left = other.present_[row]; left != 0; left &= left - 1) {
      const std::uint64_t page = row * 64 + static_cast<unsigned>(std::countr_zero(left));
      if (page >= pages) return false;
      if (!bring_page(page)) return false;
      const std::uint64_t at = page * words_per_page;
      std::memcpy(words_ + at, other.words_ + at, sys::page_bytes);
    }
  }
  return true;
}

}  // namespace pagerd::engine
