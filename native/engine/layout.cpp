#include "engine/layout.hpp"

#include <algorithm>
#include <array>

#include "sys/check.hpp"

namespace pagerd::engine {

namespace {

// One cell of the table. What is not discarded in place is cut out: then something of the part may
// be left on either side.
struct Rule {
  Fate fate;
  bool leaves_before;
  bool leaves_behind;
};

constexpr std::size_t kinds = 3;
constexpr std::size_t meetings = 5;
using Row = std::array<Rule, meetings>;

constexpr Rule nothing{Fate::stays, false, false};
constexpr Rule discard{Fate::discarded, false, false};

// What is cut out leaves the part: all of it, its head, its tail, or its middle.
constexpr Row cut_out(Fate fate) {
  return {nothing, Rule{fate, false, false}, Rule{fate, false, true}, Rule{fate, true, false},
          Rule{fate, true, true}};
}

// By LayoutKind, then by Meets.
constexpr std::array<Row, kinds> table{
    Row{nothing, discard, discard, discard, discard},
    cut_out(Fate::ended),
    cut_out(Fate::moved),
};

}  // namespace

Meets meets(Window part, Window range) {
  PAGERD_CHECK(part.start < part.end && range.start <= range.end);
  if (range.end <= part.start || part.end <= range.start || range.bytes() == 0) return Meets::none;
  const bool has_start = range.start <= part.start;
  const bool has_end = part.end <= range.end;
  if (has_start && has_end) return Meets::whole;
  if (has_start) return Meets::head;
  return has_end ? Meets::tail : Meets::middle;
}

LayoutStep step_of(const LayoutEvent &event, Window part) {
  const Meets how = meets(part, event.range);
  const Rule rule = table[static_cast<std::size_t>(event.kind)][static_cast<std::size_t>(how)];
  if (rule.fate == Fate::stays) return {};
  LayoutStep step{.fate = rule.fate,
                  .met = {std::max(part.start, event.range.start),
                          std::min(part.end, event.range.end)}};
  if (rule.leaves_before) step.before = {part.start, step.met.start};
  if (rule.leaves_behind) step.behind = {step.met.end, part.end};
  return step;
}

}  // namespace pagerd::engine
