#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "sys/memory.hpp"

namespace pagerd::engine {

// A stretch of a layout book's file.
struct WordBlock {
  std::uint64_t at = 0;  // in the file
  std::uint64_t bytes = 0;
  std::byte *start = nullptr;
  sys::Mapping own;  // of a large one
};

// Room for words in a layout book's file. Of many small blocks each would otherwise take a page of
// memory and a mapping of ours, so these share both. Any thread but the control plane's; its lock
// is the last of all.
class WordArena {
 public:
  // `end`: up to where the file is in use; it stands in the file's header. Both outlive the arena.
  WordArena(const sys::Descriptor &file, std::atomic<std::uint64_t> &end)
      : file_(file), end_(end) {}

  static constexpr std::uint64_t small_bytes_max = 4096;

  // All zeros. A small one has its memory; of a large one every page is to be populated before it
  // is touched. Nothing when there is no memory.
  std::optional<WordBlock> take(std::uint64_t bytes);
  // As an earlier engine left it. Nothing when it can be none.
  std::optional<WordBlock> open(std::uint64_t at, std::uint64_t bytes);
  void give_back(WordBlock block);
  // From here on the file stays as it is.
  void leave() { is_left_.store(true); }

 private:
  static constexpr std::uint64_t chunk_bytes = 64 * 1024;
  static constexpr std::uint64_t block_bytes_min = 64;
  static constexpr std::size_t sizes = 7;  // from that to small_bytes_max, each twice the last

  struct Free {
    std::uint64_t at;
    std::byte *start;
  };

  static std::uint64_t rounded(std::uint64_t bytes);
  static std::size_t size_index(std::uint64_t bytes);
  std::optional<std::uint64_t> claim(std::uint64_t bytes);
  const sys::Mapping *chunk_at(std::uint64_t at);
  bool carve(std::uint64_t bytes);
  std::optional<WordBlock> take_small(std::uint64_t bytes);
  std::optional<WordBlock> map_large(std::uint64_t at, std::uint64_t bytes) const;

  const sys::Descriptor &file_;
  std::atomic<std::uint64_t> &end_;
  std::atomic<bool> is_left_{false};
  std::mutex mutex_;
  std::map<std::uint64_t, sys::Mapping> chunks_;  // by where they are in the file
  std::uint64_t carved_at_ = 0;                   // the next page to carve, up to its chunk's end
  std::array<std::vector<Free>, sizes> free_;
};

}  // namespace pagerd::engine
