#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "sys/memory.hpp"

namespace pagerd::engine {

// Which pages of a region its client has discarded; they stay that as long as the region lives.
// Under the address space's lock. A tree of bits, 64 to a word: a bit of level n stands for 64^n
// pages. So a range of any length is a few bits, and a client that discards terabytes in one cheap
// call costs no more than one that discards a page.
class DiscardedPages {
 public:
  // Nothing when there is no memory for it. Untouched parts of a large one cost none.
  static std::optional<DiscardedPages> create(std::uint64_t pages);

  // Returns how many words it has written, which is what it costs.
  unsigned add(std::uint64_t first, std::uint64_t end);
  bool has(std::uint64_t page) const;

  // The end of the run of pages that are like `from`, looking no further than `limit`; and its
  // beginning, looking no further back.
  std::uint64_t run_end(std::uint64_t from, std::uint64_t limit) const;
  std::uint64_t run_begin(std::uint64_t from, std::uint64_t limit) const;

  static constexpr unsigned levels_max = 11;  // of 2^64 pages

 private:
  using Word = std::uint64_t;

  DiscardedPages() = default;
  void set(unsigned level, std::uint64_t first, std::uint64_t end);
  // The word of 64 pages around `page`, with what is known of them all together.
  Word word_around(std::uint64_t page) const;

  // Where each level's words begin; the first is that of single pages.
  std::array<std::uint64_t, levels_max> begins_{};
  unsigned levels_ = 0;
  // Of many small regions each would otherwise take a page of ours.
  std::unique_ptr<Word[]> small_;
  std::optional<sys::Mapping> large_;
  Word *words_ = nullptr;
};

}  // namespace pagerd::engine
