#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/layout_record.hpp"
#include "engine/region.hpp"

namespace pagerd::engine {

// What an earlier engine knew of one address space, out of its layout book. Each thing has the
// number of its record.
struct PastPart {
  std::uint32_t record;
  Window range;
  std::uint64_t image_offset_bytes;
  Content content;
};

struct PastRegion {
  std::uint32_t record;
  std::uint64_t address;
  std::uint64_t length_bytes;
  std::uint64_t image_offset_bytes;
  std::uint64_t words_at;  // 0: nothing of it is discarded
  OnDiscard on_discard;
  std::vector<PastPart> parts;
};

struct PastDebt {
  std::uint32_t record;
  Window range;
};

struct PastLayout {
  std::map<std::uint32_t, PastRegion> regions;
  std::vector<PastDebt> owed;
  std::vector<uffd_msg> unapplied;  // layout events, in their order
};

// Nothing where the records make no sense: then nobody knows what that client has done.
std::optional<PastLayout> past_layout_of(std::span<const LayoutRecord> records);

// Of what was read last: layout events that may not have had their effect. Nothing where they make
// no sense.
std::optional<std::vector<uffd_msg>> unapplied_of(std::span<const uffd_msg> inbox);

// Whether parts as these can be of this region. `image_bytes`: how long its image is.
bool can_be_of(const PastRegion &past, const RegionPlan &plan, std::uint64_t image_bytes);

}  // namespace pagerd::engine
