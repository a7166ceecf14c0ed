#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "engine/word_arena.hpp"

namespace pagerd::engine {

// A row of words that are zero until bits are set in them, in a layout book's file or in memory of
// our own. Of a long row only pages that were written have memory: which these are stands in front
// of them. Owned by a region's life, under the address space's lock.
class SparseWords {
 public:
  using Word = std::uint64_t;

  // `arena`: null for memory of our own. Nothing when there is no memory.
  static std::optional<SparseWords> create(std::uint64_t count, std::shared_ptr<WordArena> arena);
  // As an earlier engine left it.
  static std::optional<SparseWords> open(std::uint64_t count, std::shared_ptr<WordArena> arena,
                                         std::uint64_t at);
  SparseWords(SparseWords &&other) noexcept = default;
  SparseWords &operator=(SparseWords &&other) noexcept;
  ~SparseWords();

  // What so many words take in a file.
  static std::uint64_t bytes_in_file(std::uint64_t count);
  // Where it is in the file of its arena.
  std::uint64_t at() const { return block_.at; }

  Word get(std::uint64_t index) const { return has_page_of(index) ? words_[index] : 0; }
  // False when there is no memory.
  [[nodiscard]] bool add(std::uint64_t index, Word bits);
  // The words of another row of this length, in place of zeros.
  [[nodiscard]] bool copy_from(const SparseWords &other);

 private:
  static constexpr std::uint64_t words_per_page = 512;

  SparseWords() = default;
  bool take(std::uint64_t bytes);
  void lay_out(std::uint64_t count);
  bool is_long() const { return present_ != nullptr; }
  bool has_page_of(std::uint64_t index) const {
    if (!is_long()) return true;
    const std::uint64_t page = index / words_per_page;
    return ((present_[page / 64] >> (page % 64)) & 1) != 0;
  }
  [[nodiscard]] bool bring_page(std::uint64_t page);

  std::uint64_t count_ = 0;
  std::shared_ptr<WordArena> arena_;
  WordBlock block_;
  std::unique_ptr<Word[]> small_;  // of our own
  Word *present_ = nullptr;        // of a long row: a bit for each page of words
  Word *words_ = nullptr;
};

}  // namespace pagerd::engine
