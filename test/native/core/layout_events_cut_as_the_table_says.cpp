#include <array>

#include "claim.hpp"
#include "engine/layout.hpp"

namespace pagerd::test {

namespace {

using engine::Fate;
using engine::LayoutKind;
using engine::LayoutStep;
using engine::Meets;
using engine::Window;

constexpr Window part{100, 200};

// A range, how much of the part it meets, and what of the part that is.
struct Case {
  Window range;
  Meets how;
  Window met;
  Window before;
  Window behind;
};

constexpr std::array cases{
    Case{{0, 100}, Meets::none, {}, {}, {}},
    Case{{200, 300}, Meets::none, {}, {}, {}},
    Case{{150, 150}, Meets::none, {}, {}, {}},
    Case{{100, 200}, Meets::whole, {100, 200}, {}, {}},
    Case{{50, 250}, Meets::whole, {100, 200}, {}, {}},
    Case{{100, 130}, Meets::head, {100, 130}, {}, {130, 200}},
    Case{{50, 101}, Meets::head, {100, 101}, {}, {101, 200}},
    Case{{170, 200}, Meets::tail, {170, 200}, {100, 170}, {}},
    Case{{199, 500}, Meets::tail, {199, 200}, {100, 199}, {}},
    Case{{120, 130}, Meets::middle, {120, 130}, {100, 120}, {130, 200}},
    Case{{101, 199}, Meets::middle, {101, 199}, {100, 101}, {199, 200}},
};

bool is_same(Window a, Window b) { return a.start == b.start && a.end == b.end; }

void check(const Case &one, LayoutKind kind, Fate fate) {
  const LayoutStep step = engine::step_of({kind, one.range, 1000}, part);
  const bool is_cut = fate != Fate::discarded;
  EXPECT(engine::meets(part, one.range) == one.how);
  EXPECT(step.fate == (one.how == Meets::none ? Fate::stays : fate));
  EXPECT(is_same(step.met, one.met));
  EXPECT(is_same(step.before, is_cut ? one.before : Window{}));
  EXPECT(is_same(step.behind, is_cut ? one.behind : Window{}));
}

}  // namespace

CLAIM(layout_events_cut_as_the_table_says) {
  for (const Case &one : cases) {
    check(one, LayoutKind::remove, Fate::discarded);
    check(one, LayoutKind::unmap, Fate::ended);
    check(one, LayoutKind::remap, Fate::moved);
  }
}

}  // namespace pagerd::test
