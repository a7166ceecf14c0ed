// Invariant 2.
#include "survivor.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using engine::OnDiscard;
using sys::page_bytes;

constexpr std::uint64_t pages = 200;
constexpr PatternImage pattern{.seed = 84, .length_bytes = pages * page_bytes, .has_zeros = false};

void run(Bed &bed, std::function<void()> work) {
  Crowd crowd(bed);
  crowd.add(std::move(work));
  crowd.join();
}

void check_still_served(Bed &bed, const Mapped &mapped) {
  run(bed, [&mapped] { EXPECT(mapped.has_all(pattern)); });
}

void check_unpopulated(Bed &bed) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(bed.add(pattern));
  EXPECT_TEXT(client.unregister(), "not every page is in region 1");
  EXPECT_TEXT(client.populate(mapped), "");
  const Mapped later = client.map(bed.add(pattern));
  EXPECT_TEXT(client.unregister(), "not every page is in region 2");
  check_still_served(bed, later);
}

// One page is enough. The others are brought, and who touches it asks for it again.
void check_bad_page(Bed &bed) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(bed.add(pattern));
  bed.bad_pages = {150};
  EXPECT_TEXT(client.populate(mapped), "1 page could not be had");
  EXPECT_TEXT(client.unregister(), "not every page is in region 1");
  bed.bad_pages.clear();
  EXPECT_EQUAL(mapped.region->resident_pages.get(), pages - 1);
  check_still_served(bed, mapped);
}

void check_poison(Bed &bed) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = 4096});
  bed.bad_pages = {150};
  run(bed, [&mapped] { EXPECT(!touch_or_bus_error(mapped.page(150))); });
  bed.bad_pages.clear();
  EXPECT_TEXT(client.populate(mapped), "");
  EXPECT_TEXT(client.unregister(), "could not be had, and are poison");
}

// What it discards can be missing at any moment.
void check_discards_that_are_the_images(Bed &bed) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(bed.add(pattern), {.on_discard = OnDiscard::image});
  EXPECT_TEXT(client.populate(mapped), "");
  EXPECT_TEXT(client.unregister(), "discarded in region 1 are the image's again");
  // What was discarded before the choice was another is missing still.
  run(bed, [&mapped] { EXPECT(discard_pages(mapped.page(60), 30)); });
  client.choose_discard(mapped, OnDiscard::zeros);
  EXPECT_TEXT(client.unregister(), "not every page is in region 1");
  check_still_served(bed, mapped);
  EXPECT_TEXT(client.populate(mapped), "");
  EXPECT_TEXT(client.unregister(), "");
}

void check_who_tells_too_little_or_too_much(Bed &bed) {
  Client silent(bed);
  const Mapped kept = silent.map(bed.add(pattern));
  EXPECT_TEXT(silent.populate(kept), "");
  EXPECT_TEXT(silent.unregister(), "does not tell which pages it discards");

  Client mover(bed, sys::uapi::feature_event_remove | sys::uapi::feature_event_remap);
  const Mapped moved = mover.map(bed.add(pattern));
  EXPECT_TEXT(mover.populate(moved), "");
  EXPECT_TEXT(mover.unregister(), "may fork, unmap or move");

  Client sharer(bed, sys::uapi::feature_event_remove);
  const Mapped shared =
      sharer.map(bed.add(pattern), {.backing = engine::Backing::image_private});
  EXPECT_TEXT(sharer.populate(shared), "");
  EXPECT_TEXT(sharer.unregister(), "region 1 shows the image's own pages");
}

// It may be registered later: then a page that was passed over would be missing.
void check_unregistered_memory(Bed &bed) {
  Client client(bed, sys::uapi::feature_event_remove);
  std::byte *const memory = reserve_memory(pages * page_bytes);
  const Mapped mapped = client.map(bed.add(pattern), {.address = memory});
  EXPECT_TEXT(client.populate(mapped), "not mapped and registered");
  EXPECT_TEXT(client.unregister(), "not every page is in region 1");
}

void check_end_of_session(Bed &bed) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(bed.add(pattern));
  bed.holds_fills = true;
  const std::uint32_t request = bed.next_request();
  const auto space = client.space;
  EXPECT(bed.engine().populate(space, 1, mapped.region->range(), 1 << 20, request));
  bed.pump_until([&] { return !bed.held.empty(); });
  client.detach();
  EXPECT_TEXT(bed.await(EventKind::prefaulted, request).text, "the region has ended");
  const std::uint32_t late = bed.next_request();
  EXPECT(bed.engine().unregister(space, late));
  EXPECT_TEXT(bed.await(EventKind::unregistered, late).text, "the session has ended");
  bed.holds_fills = false;
  bed.answer_held();
}

}  // namespace

CLAIM(clients_that_miss_a_page_stay_registered) {
  Bed bed;
  check_unpopulated(bed);
  check_bad_page(bed);
  check_poison(bed);
  check_discards_that_are_the_images(bed);
  check_who_tells_too_little_or_too_much(bed);
  check_unregistered_memory(bed);
  check_end_of_session(bed);
}

}  // namespace pagerd::test
