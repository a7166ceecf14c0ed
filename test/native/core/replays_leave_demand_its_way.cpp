#include <algorithm>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 600;
constexpr PatternImage pattern{.seed = 67, .length_bytes = pages * page_bytes - 100};

std::uint64_t faults_of(const Client &client) { return client.space->tally.kinds[0].get(); }

// Every seventh page, the last one first.
std::vector<engine::Touch> scattered_pages() {
  std::vector<engine::Touch> list;
  for (std::uint32_t page = 595; page >= 7; page -= 7) list.push_back({page, 1});
  return list;
}

void check_all_are_installed(Bed &bed, const Image &image, engine::Backing backing) {
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = 4096, .backing = backing});
  auto list = scattered_pages();
  list.push_back({300, 200});
  const Event event = bed.await(EventKind::prefaulted, client.replay(mapped, list));
  EXPECT_TEXT(event.text, "");
  EXPECT_EQUAL(event.pages, mapped.region->resident_pages.get());
  for (const auto &[first, count] : list) {
    for (std::uint32_t page = first; page < first + count; ++page) {
      EXPECT(mapped.has(pattern, page));
    }
  }
  EXPECT_EQUAL(faults_of(client), 0);
}

// Of a slow source many are asked for at once, in slices; who blocks on one goes first.
void check_reads_in_flight(Bed &bed) {
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = 4096});
  bed.holds_fills = true;
  auto list = scattered_pages();
  list.insert(list.begin(), {200, 200});
  const std::uint32_t request = client.replay(mapped, list);
  bed.pump_until([&] { return bed.held.size() >= 30; });
  for (const Fill &fill : bed.held) {
    EXPECT(fill->end - fill->first <= 64 && fill->urgency.load() == engine::Urgency::bulk);
  }
  EXPECT_EQUAL(bed.held.front()->first, 200);

  Crowd crowd(bed);
  crowd.add([&mapped] { EXPECT(mapped.has(pattern, 595)); });
  const auto is_raised = [&] { return bed.has(EventKind::raised); };
  bed.pump_until(is_raised);
  bed.holds_fills = false;
  std::reverse(bed.held.begin(), bed.held.end());
  bed.answer_held();
  EXPECT_TEXT(bed.await(EventKind::prefaulted, request).text, "");
  crowd.join();
  const std::uint64_t faults = faults_of(client);
  for (const auto &[first, count] : list) EXPECT(mapped.has(pattern, first + count - 1));
  EXPECT_EQUAL(faults_of(client), faults);
}

// What cannot be had is passed over, and is neither poison nor zeros: a fault asks for it again.
void check_bad_pages(Bed &bed) {
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = 4096});
  bed.bad_pages = {14, 210, 595};
  const Event event = bed.await(EventKind::prefaulted, client.replay(mapped, scattered_pages()));
  EXPECT_TEXT(event.text, "");
  EXPECT_EQUAL(event.pages, 85 - 3);
  bed.bad_pages.clear();
  Crowd crowd(bed);
  crowd.add([&mapped] { EXPECT(mapped.has_all(pattern)); });
  crowd.join();

  // A source that gives nothing is not asked for all of it.
  const Mapped lost = client.map(bed.add(pattern), {.window_bytes = 4096});
  bed.source_failure = "it is down";
  const Event given_up = bed.await(EventKind::prefaulted, client.replay(lost, scattered_pages()));
  EXPECT_TEXT(given_up.text, "it is down");
  bed.source_failure.clear();
}

// It ends with its region, whatever is under way.
void check_end_of_region(Bed &bed) {
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = 4096});
  bed.holds_fills = true;
  const std::uint32_t request = client.replay(mapped, scattered_pages());
  bed.pump_until([&] { return bed.held.size() >= 30; });
  client.unmap(mapped);
  EXPECT_TEXT(bed.await(EventKind::prefaulted, request).text, "the region has ended");
  bed.holds_fills = false;
  bed.answer_held();
}

}  // namespace

CLAIM(replays_leave_demand_its_way) {
  Bed bed;
  const PatternFile file(pattern);
  const Image image = bed.add(file);
  check_all_are_installed(bed, image, engine::Backing::anonymous);
  check_all_are_installed(bed, image, engine::Backing::anonymous);
  check_all_are_installed(bed, bed.add(file), engine::Backing::image_private);
  check_all_are_installed(bed, bed.add(pattern), engine::Backing::anonymous);
  check_reads_in_flight(bed);
  check_bad_pages(bed);
  check_end_of_region(bed);
}

}  // namespace pagerd::test
