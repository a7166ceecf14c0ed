#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t slice_pages = limits::slice_bytes / page_bytes;
// What one prefault asks for at once: its own slice and those ahead.
constexpr std::uint64_t slices_at_once = 9;
// One image may have an eighth of all fills for its bulk; together they ask for more than all.
constexpr std::uint64_t huge_images = 5;
constexpr std::uint64_t image_bulk_fills_max = limits::image_fills_max / 2;

}  // namespace

// Prefaults of a source that does not answer ask for as much as they are allowed to. Threads that
// block find room for their fills all the same, and are served before any of that is.
CLAIM(demand_finds_room_beside_bulk) {
  Bed bed;
  bed.holds_fills = true;
  const PatternImage huge{
      .seed = 1, .length_bytes = limits::fills_max * limits::slice_bytes, .has_zeros = false};
  const PatternImage small{.seed = 2, .length_bytes = 512 * page_bytes, .has_zeros = false};
  Client greedy(bed);
  std::vector<Mapped> wide;
  std::map<std::uint32_t, std::size_t> bulk_of;
  for (std::uint64_t i = 0; i < huge_images; ++i) {
    const Image wanted = bed.add(huge);
    bulk_of[wanted->id()] = 0;
    wide.push_back(greedy.map(wanted));
  }
  Client client(bed);
  const Image image = bed.add(small);
  const Mapped mapped = client.map(image, {.window_bytes = 4096});

  for (std::size_t i = 0; i < limits::prefaults_max; ++i) {
    const std::uint64_t first = i / huge_images * slices_at_once * slice_pages;
    greedy.prefault(wide[i % huge_images], first, slices_at_once * slice_pages);
  }
  bed.pump_until([&] { return bed.held.size() >= limits::bulk_fills_max; });
  std::deque<Fill> bulk = std::exchange(bed.held, {});
  for (const Fill &fill : bulk) ++bulk_of[fill->image->id()];
  for (const auto &[id, fills] : bulk_of) EXPECT(fills <= image_bulk_fills_max);
  Crowd crowd(bed);
  for (std::uint64_t i = 0; i < 40; ++i) {
    crowd.add([&, i] { EXPECT(mapped.has(small, i * 2)); });
  }
  // Bulk still takes places that come free; these are not among those.
  bed.pump_until([&] {
    for (const Fill &fill : std::exchange(bed.held, {})) {
      if (fill->image == image) {
        bed.answer(fill);
      } else {
        bulk.push_back(fill);
      }
    }
    return crowd.is_done();
  });
  EXPECT(bulk.size() <= limits::bulk_fills_max);
}

}  // namespace pagerd::test
