// Invariant 1.
#include "bed.hpp"
#include "engine/region_table.hpp"

namespace pagerd::test {

namespace {

using engine::LayoutEvent;
using engine::LayoutKind;
using engine::Region;
using engine::RegionTable;
using engine::Window;
using sys::page_bytes;

constexpr std::uint64_t base = 1ull << 32;

constexpr Window pages(std::uint64_t first, std::uint64_t count) {
  return {base + first * page_bytes, base + (first + count) * page_bytes};
}

void apply(RegionTable &table, const LayoutEvent &event) {
  EXPECT(table.apply(event).has_value());
}

std::uint32_t id_at(const RegionTable &table, std::uint64_t page) {
  const auto part = table.at(pages(page, 1).start);
  return part ? part->id() : 0;
}

// Region 1 in pages 0 to 4, region 2 in pages 8 to 12.
void fill(RegionTable &table, const Image &image) {
  for (const std::uint32_t id : {1u, 2u}) {
    const Window range = pages(id == 1 ? 0 : 8, 4);
    table.insert(std::make_shared<Region>(
        engine::RegionPlan{id, range.start, range.bytes(), 0, 0, page_bytes}, image));
  }
}

}  // namespace

// One thread unmaps memory, or moves it away; before the event that says so is raised, another has
// moved pages there. That event is not about these.
CLAIM(addresses_are_given_away_before_their_unmap_is_told) {
  Bed bed;
  const Image image = bed.add(PatternImage{.seed = 3, .length_bytes = 4 * page_bytes});
  RegionTable table;
  fill(table, image);

  apply(table, {LayoutKind::remap, pages(8, 2), pages(1, 1).start});
  EXPECT(table.is_owed(pages(2, 1)) && !table.is_owed(pages(0, 1)) && !table.is_owed(pages(3, 1)));
  apply(table, {LayoutKind::unmap, pages(8, 2)});
  apply(table, {LayoutKind::unmap, pages(0, 2)});
  apply(table, {LayoutKind::unmap, pages(2, 2)});
  EXPECT_EQUAL(table.owed_ranges(), 0);
  for (const auto &[page, id] : {std::pair{0, 0}, {1, 2}, {2, 2}, {3, 0}, {8, 0}, {10, 2}}) {
    EXPECT_EQUAL(id_at(table, static_cast<std::uint64_t>(page)), static_cast<std::uint64_t>(id));
  }

  // And the next one is.
  apply(table, {LayoutKind::unmap, pages(0, 3)});
  EXPECT_EQUAL(id_at(table, 1), 0);
  EXPECT_EQUAL(id_at(table, 2), 0);
}

}  // namespace pagerd::test
