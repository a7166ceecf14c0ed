// Invariant 2.
#include "survivor.hpp"
#include "sys/clock.hpp"
#include "sys/uapi.hpp"
#include "sys/uffd.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 600;
constexpr PatternImage pattern{.seed = 83, .length_bytes = pages * page_bytes - 100};

// Nobody reads its userfaultfd any more: whatever is missing would be zeros, and whoever waited for
// an event to be read would wait for ever.
void check_left_alone(Client &client, const Mapped &mapped) {
  client.detach();
  EXPECT(mapped.has_all(pattern));
  EXPECT(discard_pages(mapped.page(7), 3));
  EXPECT(is_zero(mapped.page(8)) && mapped.has(pattern, 10));
}

void check_whole(Bed &bed, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image);
  const Mapped part = client.map(image, {.offset_bytes = 90 * page_bytes});
  for (const Mapped &each : {mapped, part}) EXPECT_TEXT(client.populate(each), "");
  EXPECT_TEXT(client.unregister(), "");
  // Once is as good as twice.
  EXPECT_TEXT(client.unregister(), "");
  check_left_alone(client, mapped);
  EXPECT(part.has_all(pattern));
}

// A guest reads, and gives pages back, before and while its memory is brought.
void check_beside_a_guest(Bed &bed, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image, {.window_bytes = 4096});
  constexpr std::uint64_t stride = 20;
  std::atomic<std::uint64_t> given_back{0};
  Crowd crowd(bed);
  crowd.add([&] {
    for (std::uint64_t page = 0; page < pages; page += stride) {
      EXPECT(mapped.has(pattern, pages - 1 - page));
      EXPECT(discard_pages(mapped.page(page), 4));
      if (page % 3 == 0) EXPECT(is_zero(mapped.page(page + 1)));
      given_back.store(page);
    }
  });
  bed.pump_until([&] { return given_back.load() >= pages / 4; });
  EXPECT_TEXT(client.populate(mapped, 32 << 20), "");
  EXPECT_TEXT(client.unregister(), "");
  crowd.join();
  client.detach();
  for (std::uint64_t page = 0; page < pages; ++page) {
    const bool is_given_back = page % stride < 4;
    EXPECT(is_given_back ? is_zero(mapped.page(page)) : mapped.has(pattern, page));
  }
}

// What is discarded in the very moment, and still unread: its thread goes on, and finds zeros.
void check_unread_discard(Bed &bed, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image);
  EXPECT_TEXT(client.populate(mapped), "");
  std::thread discarding;
  {
    const auto held = client.space->lock();
    discarding = std::thread([&] { EXPECT(discard_pages(mapped.page(20), 2)); });
    bed.pump_until([&] { return client.space->is_changing(held); });
    EXPECT_TEXT(client.space->unregister(held), "");
    EXPECT(client.space->is_changing(held));
  }
  EXPECT_TEXT(client.unregister(), "");
  discarding.join();
  client.detach();
  EXPECT(is_zero(mapped.page(20)) && is_zero(mapped.page(21)));
  EXPECT(mapped.has(pattern, 19) && mapped.has(pattern, 22));
}

// An answer that comes before the event is read would leave that thread waiting for ever.
void check_answer_waits_for_discards(Bed &bed, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image);
  EXPECT_TEXT(client.populate(mapped), "");
  // From here on nobody reads it.
  client.space->watch({});
  std::thread discarding([&] { EXPECT(discard_pages(mapped.page(20), 2)); });
  bed.pump_until([&] { return client.space->is_changing(client.space->lock()); });
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().unregister(client.space, request));
  // A look without an event takes a millisecond.
  int looks = 0;
  bed.pump_until([&] { return ++looks > 20 || bed.has(EventKind::unregistered); });
  EXPECT(!bed.has(EventKind::unregistered));
  EXPECT(bed.engine().watch(client.space, -1));
  EXPECT_TEXT(bed.await(EventKind::unregistered, request).text, "");
  discarding.join();
}

// Whoever waits in a fault goes on, whatever has become of its event.
void check_waiter_goes_on(Bed &bed, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image);
  EXPECT_TEXT(client.populate(mapped), "");
  EXPECT(discard_pages(mapped.page(20), 2));
  // From here on nobody reads it.
  client.space->watch({});
  std::atomic<int> found{-1};
  std::thread reading([&] { found.store(touch(mapped.page(20))); });
  std::array<uffd_msg, 1> event;
  const auto is_read = [&] { return sys::uffd_read(client.uffd.get(), event).value() > 0; };
  bed.pump_until([&] { return is_read() || found.load() >= 0; });
  EXPECT_TEXT(client.unregister(), "");
  reading.join();
  EXPECT_EQUAL(found.load(), 0);
}

// Time cannot be shorter than the rate has it; how much longer it is is the machine's affair.
void check_rate(Bed &bed, const Image &image) {
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(image);
  constexpr std::uint64_t rate = 16 << 20;
  const std::uint64_t begun_ns = sys::monotonic_ns();
  EXPECT_TEXT(client.populate(mapped, rate), "");
  const std::uint64_t took_ns = sys::monotonic_ns() - begun_ns;
  const std::uint64_t bytes = client.space->tally.pages_copied.get() * page_bytes;
  EXPECT(bytes > pages / 2 * page_bytes);
  // The last slice, and what may be spent ahead of time, are not waited for.
  EXPECT(took_ns > (bytes - limits::slice_bytes) * 1'000'000'000 / rate / 2);
  EXPECT(mapped.has_all(pattern));
}

}  // namespace

CLAIM(populated_clients_need_nobody) {
  Bed bed;
  const PatternFile file(pattern);
  const Image image = bed.add(file);
  check_rate(bed, image);
  check_whole(bed, image);
  check_whole(bed, bed.add(pattern));
  check_beside_a_guest(bed, bed.add(file));
  check_unread_discard(bed, image);
  check_answer_waits_for_discards(bed, image);
  check_waiter_goes_on(bed, image);
}

}  // namespace pagerd::test
