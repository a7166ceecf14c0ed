#include <algorithm>

#include "client.hpp"
#include "engine/starvation.hpp"
#include "sys/clock.hpp"

namespace pagerd::test {

namespace {

using engine::Starvation;
using sys::page_bytes;

// How long it rests after one more failure: at least that, and no more than the call has taken.
void expect_rest(Starvation &starvation, std::uint64_t rest_ns, bool is_first) {
  const std::uint64_t before_ns = sys::monotonic_ns();
  EXPECT_EQUAL(starvation.note_failure(), is_first);
  const std::uint64_t after_ns = sys::monotonic_ns();
  EXPECT(starvation.until_ns() >= before_ns + rest_ns);
  EXPECT(starvation.until_ns() <= after_ns + rest_ns);
}

// As if the kernel had refused again and again. Returns the end of the rest.
std::uint64_t starve(const Client &client) {
  for (unsigned failures = 0; failures < 20; ++failures) client.space->starvation.note_failure();
  return client.space->starvation.until_ns();
}

// While the space rests nothing is installed in it, for a fault or a prefault: each ends the rest.
void check_space() {
  Bed bed;
  const PatternFile file({.seed = 6, .length_bytes = 16 * page_bytes, .has_zeros = false});
  Client client(bed);
  const Mapped mapped = client.map(bed.add(file), {.window_bytes = page_bytes});
  Crowd crowd(bed);
  crowd.add([&] {
    const std::uint64_t until_ns = starve(client);
    EXPECT(mapped.has(file.image(), 1));
    EXPECT(sys::monotonic_ns() >= until_ns);
  });
  crowd.join();
  EXPECT(client.space->starvation.note_failure());

  const std::uint64_t until_ns = starve(client);
  EXPECT_TEXT(bed.await(EventKind::prefaulted, client.prefault(mapped, 2, 4)).text, "");
  EXPECT(sys::monotonic_ns() >= until_ns);
  EXPECT(client.space->starvation.note_failure());
}

}  // namespace

// Each try that fails costs the kernel a search for memory: nobody tries for a while, which doubles
// up to a bound within which memory that has come is noticed. What went well once begins anew, and
// is told anew.
CLAIM(a_space_without_memory_rests_ever_longer) {
  Starvation starvation;
  EXPECT(!starvation.is_resting());

  std::uint64_t rest_ns = limits::starved_pause_ns;
  for (unsigned failures = 0; failures < 100; ++failures) {
    expect_rest(starvation, rest_ns, failures == 0);
    rest_ns = std::min(2 * rest_ns, limits::starved_pause_ns_max);
  }
  EXPECT(starvation.is_resting());

  starvation.note_success();
  EXPECT(!starvation.is_resting());
  expect_rest(starvation, limits::starved_pause_ns, true);
  while (starvation.is_resting()) continue;
  EXPECT(sys::monotonic_ns() >= starvation.until_ns());
  check_space();
}

}  // namespace pagerd::test
