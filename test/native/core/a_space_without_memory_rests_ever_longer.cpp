#include <algorithm>

#include "claim.hpp"
#include "engine/limits.hpp"
#include "engine/starvation.hpp"
#include "sys/clock.hpp"

namespace pagerd::test {

namespace {

using engine::Starvation;
namespace limits = engine::limits;

// How long it rests after one more failure: at least that, and no more than the call has taken.
void expect_rest(Starvation &starvation, std::uint64_t rest_ns, bool is_first) {
  const std::uint64_t before_ns = sys::monotonic_ns();
  EXPECT_EQUAL(starvation.note_failure(), is_first);
  const std::uint64_t after_ns = sys::monotonic_ns();
  EXPECT(starvation.until_ns() >= before_ns + rest_ns);
  EXPECT(starvation.until_ns() <= after_ns + rest_ns);
}

}  // namespace

// Each try that fails costs the kernel a search for memory: the rest doubles, up to a bound within
// which memory that has come is noticed. What went well once begins anew, and is told anew.
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
}

}  // namespace pagerd::test
