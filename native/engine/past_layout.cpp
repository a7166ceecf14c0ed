#include "engine/past_layout.hpp"

#include <algorithm>

#include "engine/discarded_pages.hpp"
#include "engine/limits.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

namespace {

// No address, length or offset of ours reaches further, so that no sum of two overflows.
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 57;

bool is_range(std::uint64_t start, std::uint64_t bytes) {
  return sys::is_page_aligned(start | bytes) && bytes > 0 && start < bytes_max &&
         bytes < bytes_max;
}

bool is_sound(const LayoutRecord &record) {
  if (!is_range(record.image_offset_bytes, record.length_bytes)) return false;
  if (record.kind == RecordKind::region) {
    return sys::is_page_aligned(record.start) && record.words_at < layout_file::length_bytes &&
           record.on_discard <= static_cast<std::uint32_t>(OnDiscard::image);
  }
  if (record.kind == RecordKind::owed) return is_range(record.start, record.length_bytes);
  return record.kind == RecordKind::part && is_range(record.start, record.length_bytes) &&
         record.content <= static_cast<std::uint32_t>(Content::zeros);
}

bool is_sound(const uffd_msg &message) {
  const auto &[start, end] = message.arg.remove;
  switch (message.event) {
    case UFFD_EVENT_REMOVE:
    case UFFD_EVENT_UNMAP:
      return start < end && is_range(start, end - start);
    case UFFD_EVENT_REMAP:
      return is_range(message.arg.remap.from, message.arg.remap.len) &&
             is_range(message.arg.remap.to, message.arg.remap.len);
    default:
      return message.event == UFFD_EVENT_FORK;
  }
}

// Where a region's discarded pages are in the file.
Window words_of(const LayoutRecord &record) {
  const std::uint64_t pages = record.length_bytes / sys::page_bytes;
  return {record.words_at, record.words_at + DiscardedPages::bytes_in_file(pages)};
}

bool overlap(std::vector<Window> &ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Window &a, const Window &b) { return a.start < b.start; });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].start < ranges[i - 1].end) return true;
  }
  return false;
}

}  // namespace

std::optional<PastLayout> past_layout_of(std::span<const LayoutRecord> records) {
  PastLayout past;
  std::vector<Window> ranges;
  std::vector<Window> words;
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    const LayoutRecord &record = records[i];
    if (record.kind == RecordKind::none) continue;
    if (!is_sound(record)) return std::nullopt;
    if (record.kind == RecordKind::owed) {
      past.owed.push_back({i, {record.start, record.start + record.length_bytes}});
      continue;
    }
    if (record.kind == RecordKind::part) {
      ranges.push_back({record.start, record.start + record.length_bytes});
      continue;
    }
    const PastRegion region{i,
                            record.start,
                            record.length_bytes,
                            record.image_offset_bytes,
                            record.words_at,
                            static_cast<OnDiscard>(record.on_discard),
                            {}};
    if (!past.regions.emplace(record.region, region).second) return std::nullopt;
    if (record.words_at != 0) words.push_back(words_of(record));
  }
  if (ranges.size() > limits::parts_max || overlap(ranges) || overlap(words)) {
    return std::nullopt;
  }
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    const LayoutRecord &record = records[i];
    if (record.kind != RecordKind::part) continue;
    const auto region = past.regions.find(record.region);
    if (region == past.regions.end()) return std::nullopt;
    region->second.parts.push_back({i,
                                    {record.start, record.start + record.length_bytes},
                                    record.image_offset_bytes,
                                    static_cast<Content>(record.content)});
  }
  return past;
}

std::optional<std::vector<uffd_msg>> unapplied_of(std::span<const uffd_msg> inbox) {
  std::vector<uffd_msg> unapplied;
  for (const uffd_msg &message : inbox) {
    if (message.event == 0 || message.event == UFFD_EVENT_PAGEFAULT) continue;
    if (!is_sound(message)) return std::nullopt;
    unapplied.push_back(message);
  }
  return unapplied;
}

bool can_be_of(const PastRegion &past, const RegionPlan &plan, std::uint64_t image_bytes) {
  if (past.length_bytes != plan.length_bytes) return false;
  if (past.image_offset_bytes != plan.image_offset_bytes) return false;
  // What a client has of a file can have grown; of other memory, that is zeros.
  const bool is_anonymous = plan.backing == Backing::anonymous;
  const std::uint64_t low = is_anonymous ? plan.image_offset_bytes : 0;
  const std::uint64_t shown_end = plan.image_offset_bytes + shown_bytes(plan, image_bytes);
  const std::uint64_t high = is_anonymous ? shown_end : image_bytes;
  return std::all_of(past.parts.begin(), past.parts.end(), [&](const PastPart &part) {
    if (part.content == Content::zeros) return is_anonymous;
    const std::uint64_t end = part.image_offset_bytes + part.range.bytes();
    return low <= part.image_offset_bytes && end <= high;
  });
}

}  // namespace pagerd::engine
