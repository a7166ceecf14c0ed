#pragma once

#include <cstdint>

namespace pagerd::sys {

inline constexpr std::uint64_t page_bytes = 4096;
inline constexpr std::uint64_t page_shift = 12;
static_assert(page_bytes == 1u << page_shift);

// Of hugetlb memory, which is there as a whole or not at all.
inline constexpr std::uint64_t huge_page_bytes = 512 * page_bytes;

constexpr std::uint64_t page_floor(std::uint64_t bytes) { return bytes & ~(page_bytes - 1); }
constexpr std::uint64_t pages_covering(std::uint64_t bytes) {
  return (bytes >> page_shift) + ((bytes & (page_bytes - 1)) != 0 ? 1 : 0);
}
constexpr bool is_page_aligned(std::uint64_t bytes) { return (bytes & (page_bytes - 1)) == 0; }

}  // namespace pagerd::sys
