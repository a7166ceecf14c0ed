#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/sparse_words.hpp"

namespace pagerd::engine {

// Which pages of a region its client has discarded; they stay that as long as the region lives.
// Under the address space's lock. A tree of bits, 64 to a word: a bit of level n stands for 64^n
// pages. So a range of any length is a few bits, and a client that discards terabytes in one cheap
// call costs no more than one that discards a page.
class DiscardedPages {
 public:
  // Nothing when there is no memory for it. Untouched parts of a large one cost none. `arena`: of
  // the layout book that it stands in, if any.
  static std::optional<DiscardedPages> create(std::uint64_t pages,
                                              std::shared_ptr<WordArena> arena = nullptr);
  // What an earlier engine has noted.
  static std::optional<DiscardedPages> open(std::uint64_t pages, std::shared_ptr<WordArena> arena,
                                            std::uint64_t at);
  // The same pages once more.
  std::optional<DiscardedPages> copy(std::shared_ptr<WordArena> arena) const;

  // What it takes of a book's file, and where it is there.
  static std::uint64_t bytes_in_file(std::uint64_t pages) {
    return SparseWords::bytes_in_file(Levels(pages).words);
  }
  std::uint64_t at() const { return words_.at(); }

  // Returns how many words it has written, which is what it costs; nothing when there is no memory.
  std::optional<unsigned> add(std::uint64_t first, std::uint64_t end);
  bool has(std::uint64_t page) const;

  // The end of the run of pages that are like `from`, looking no further than `limit`; and its
  // beginning, looking no further back.
  std::uint64_t run_end(std::uint64_t from, std::uint64_t limit) const;
  std::uint64_t run_begin(std::uint64_t from, std::uint64_t limit) const;

  static constexpr unsigned levels_max = 11;  // of 2^64 pages

 private:
  using Word = SparseWords::Word;

  // Where each level's words begin; the first is that of single pages.
  struct Levels {
    explicit Levels(std::uint64_t pages);

    std::uint64_t pages;
    std::array<std::uint64_t, levels_max> begins{};
    unsigned count = 0;
    std::uint64_t words = 0;
  };

  DiscardedPages(const Levels &levels, SparseWords words)
      : levels_(levels), words_(std::move(words)) {}
  [[nodiscard]] bool set(unsigned level, std::uint64_t first, std::uint64_t end);
  // The word of 64 pages around `page`, with what is known of them all together.
  Word word_around(std::uint64_t page) const;

  Levels levels_;
  SparseWords words_;
};

}  // namespace pagerd::engine
