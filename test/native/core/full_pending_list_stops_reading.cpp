// Invariant 1.
#include <sys/mman.h>

#include "small_threads.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// More than pending_faults_max can hold, each blocked on a page of its own.
constexpr std::size_t touchers_count = 1200;
// One page more, which nobody touches.
constexpr PatternImage pattern{
    .seed = 6, .length_bytes = (touchers_count + 1) * page_bytes, .has_zeros = false};

void await_full_list(Bed &bed, const Client &client) {
  bed.pump_until([&] {
    return client.space->pending.count() > limits::pending_faults_max - limits::batch_faults_max;
  });
}

// The list fills up and reading stops; what is beyond it stays in the kernel.
void check_plain_client() {
  Bed bed;
  bed.holds_fills = true;
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = 4096});
  SmallThreads touchers(touchers_count, mapped, pattern);
  await_full_list(bed, client);
  EXPECT(client.space->tally.kinds[0].get() < touchers_count);
  EXPECT(client.space->pending.count() <= limits::pending_faults_max);
  EXPECT_EQUAL(touchers.ended(), 0);

  // One by one, so that it takes many answers until reading goes on.
  bed.pump_until([&] {
    if (!bed.held.empty()) {
      bed.answer(bed.held.front());
      bed.held.pop_front();
    }
    return touchers.are_done();
  });
  EXPECT_EQUAL(client.space->pending.count(), 0);
}

// While a layout event is unread nothing can be installed, and so no list gets any shorter: it has
// to be read however full that is.
void check_client_with_layout_events() {
  Bed bed;
  bed.holds_fills = true;
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = 4096});
  SmallThreads touchers(touchers_count, mapped, pattern);
  await_full_list(bed, client);
  EXPECT(client.space->pending.count() <= limits::pending_faults_max);

  Crowd crowd(bed);
  crowd.add([&] {
    EXPECT(::madvise(mapped.page(touchers_count), page_bytes, MADV_DONTNEED) == 0);
    EXPECT_EQUAL(static_cast<unsigned>(touch(mapped.page(touchers_count))), 0);
  });
  bed.holds_fills = false;
  bed.answer_held();
  bed.pump_until([&] { return touchers.are_done() && crowd.is_done(); });
  EXPECT_EQUAL(client.space->pending.count(), 0);
}

}  // namespace

CLAIM(full_pending_list_stops_reading) {
  check_plain_client();
  check_client_with_layout_events();
}

}  // namespace pagerd::test
