#include "engine/word_arena.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "engine/layout_record.hpp"
#include "sys/check.hpp"

namespace pagerd::engine {

std::uint64_t WordArena::rounded(std::uint64_t bytes) {
  if (bytes > small_bytes_max) return sys::pages_covering(bytes) * sys::page_bytes;
  return std::bit_ceil(std::max(bytes, block_bytes_min));
}

std::size_t WordArena::size_index(std::uint64_t bytes) {
  PAGERD_CHECK(std::has_single_bit(bytes) && bytes >= block_bytes_min && bytes <= small_bytes_max);
  return static_cast<std::size_t>(std::countr_zero(bytes / block_bytes_min));
}

std::optional<WordBlock> WordArena::take(std::uint64_t bytes) {
  PAGERD_CHECK(bytes > 0);
  const std::lock_guard lock(mutex_);
  bytes = rounded(bytes);
  if (bytes <= small_bytes_max) return take_small(bytes);
  const auto at = claim(bytes);
  return at ? map_large(*at, bytes) : std::nullopt;
}

std::optional<WordBlock> WordArena::open(std::uint64_t at, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes = rounded(bytes);
  const std::uint64_t end = end_.load(std::memory_order_relaxed);
  if (at < layout_file::words_at || at >= end || bytes > end - at) return std::nullopt;
  const bool is_large = bytes > small_bytes_max;
  if (at % (is_large ? chunk_bytes : bytes) != 0) return std::nullopt;
  if (is_large) return map_large(at, bytes);
  const std::uint64_t chunk = at & ~(chunk_bytes - 1);
  const sys::Mapping *mapping = chunk_at(chunk);
  if (mapping == nullptr) return std::nullopt;
  return WordBlock{at, bytes, mapping->data() + (at - chunk), {}};
}

// Never given twice: a large block's memory goes back by a hole in the file.
std::optional<std::uint64_t> WordArena::claim(std::uint64_t bytes) {
  const std::uint64_t at = end_.load(std::memory_order_relaxed);
  const std::uint64_t whole = (bytes + chunk_bytes - 1) & ~(chunk_bytes - 1);
  if (whole > layout_file::length_bytes - at) return std::nullopt;
  end_.store(at + whole, std::memory_order_release);
  return at;
}

std::optional<WordBlock> WordArena::map_large(std::uint64_t at, std::uint64_t bytes) const {
  auto mapping = sys::Mapping::shared(file_, bytes, at);
  if (!mapping.ok()) return std::nullopt;
  WordBlock block{at, bytes, mapping.value().data(), {}};
  block.own = mapping.take();
  return block;
}

const sys::Mapping *WordArena::chunk_at(std::uint64_t at) {
  const auto known = chunks_.find(at);
  if (known != chunks_.end()) return &known->second;
  auto mapping = sys::Mapping::shared(file_, chunk_bytes, at);
  if (!mapping.ok()) return nullptr;
  return &chunks_.emplace(at, mapping.take()).first->second;
}

std::optional<WordBlock> WordArena::take_small(std::uint64_t bytes) {
  std::vector<Free> &free = free_[size_index(bytes)];
  if (free.empty() && !carve(bytes)) return std::nullopt;
  const Free taken = free.back();
  free.pop_back();
  return WordBlock{taken.at, bytes, taken.start, {}};
}

// One more page becomes blocks of this size.
bool WordArena::carve(std::uint64_t bytes) {
  if (carved_at_ % chunk_bytes == 0) {
    const auto claimed = claim(chunk_bytes);
    if (!claimed) return false;
    carved_at_ = *claimed;
  }
  const std::uint64_t chunk = carved_at_ & ~(chunk_bytes - 1);
  const sys::Mapping *mapping = chunk_at(chunk);
  if (mapping == nullptr) return false;
  const std::uint64_t page = carved_at_ - chunk;
  if (!mapping->populate(page, sys::page_bytes).ok()) return false;
  for (std::uint64_t at = page; at < page + sys::page_bytes; at += bytes) {
    free_[size_index(bytes)].push_back({chunk + at, mapping->data() + at});
  }
  carved_at_ += sys::page_bytes;
  return true;
}

void WordArena::give_back(WordBlock block) {
  if (is_left_.load()) return;
  const std::lock_guard lock(mutex_);
  if (block.bytes > small_bytes_max) {
    // What stays behind is memory that nobody asks for again.
    [[maybe_unused]] const auto punched = sys::punch_hole(file_, block.at, block.bytes);
    return;
  }
  std::memset(block.start, 0, block.bytes);
  free_[size_index(block.bytes)].push_back({block.at, block.start});
}

}  // namespace pagerd::engine
