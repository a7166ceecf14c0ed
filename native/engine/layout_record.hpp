#pragma once

#include <linux/userfaultfd.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "engine/limits.hpp"
#include "sys/page.hpp"

// What stands in the file of a layout book. One engine writes it and another, perhaps of a later
// version, reads it.
namespace pagerd::engine {

// `owed`: addresses of which the unmap event is still to come (region_table.hpp).
enum class RecordKind : std::uint32_t { none, region, part, owed };

// A region, or one of its parts, or a range that is owed. Their order says nothing.
struct alignas(64) LayoutRecord {
  RecordKind kind = RecordKind::none;
  std::uint32_t region = 0;
  std::uint64_t start = 0;  // a part's address; a region's too: where its first part is
  std::uint64_t length_bytes = 0;
  std::uint64_t image_offset_bytes = 0;
  std::uint64_t words_at = 0;  // region: where its discarded pages are in the file; 0: it has none
  std::uint32_t content = 0;     // part: a Content
  std::uint32_t on_discard = 0;  // region: an OnDiscard
};

struct LayoutHeader {
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  // Something is being changed, or may have been read of which nothing stands here. Whoever finds
  // this set knows nothing.
  std::atomic<std::uint32_t> is_changing{0};
  std::atomic<std::uint64_t> records = 0;    // those beyond it were never used
  std::atomic<std::uint64_t> words_end = 0;  // nor was the file
  // Where the kernel writes what is read of the userfaultfd. Layout events have had their effect
  // once their kind is 0 here.
  std::array<uffd_msg, limits::batch_faults_max> inbox{};
};

static_assert(sizeof(LayoutRecord) == 64 && sizeof(LayoutHeader) <= sys::page_bytes);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

namespace layout_file {

inline constexpr std::uint64_t magic = 0x6b6f6f4274756f4c;
// The first had no `on_discard`; that was 0 for all.
inline constexpr std::uint32_t version = 2;
inline constexpr std::uint32_t version_min = 1;

// The header's page, the records, then words of bits wherever there is room. All of it holes until
// it is written.
inline constexpr std::uint64_t records_at = sys::page_bytes;
inline constexpr std::uint64_t records_max = std::uint64_t{1} << 19;
inline constexpr std::uint64_t words_at = std::uint64_t{1} << 26;
inline constexpr std::uint64_t length_bytes = std::uint64_t{1} << 56;
static_assert(records_at + records_max * sizeof(LayoutRecord) <= words_at);

}  // namespace layout_file

}  // namespace pagerd::engine
