// Invariant 2.
#include <algorithm>
#include <barrier>

#include "survivor.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::huge_page_bytes;
using sys::page_bytes;

constexpr std::uint64_t per_huge = huge_page_bytes / page_bytes;
constexpr std::uint64_t huge_pages = 4;
constexpr std::uint64_t pages = huge_pages * per_huge;

// The last huge page is mostly behind its end.
constexpr PatternImage pattern{.seed = 88, .length_bytes = (pages - 500) * page_bytes - 1000};

MapPlan plan_of(std::uint64_t touches_max = 0) {
  return {.length_bytes = pages * page_bytes,
          .touches_max = touches_max,
          .page_bytes = huge_page_bytes};
}

void run(Bed &bed, std::function<void()> work) {
  Crowd crowd(bed);
  crowd.add(std::move(work));
  crowd.join();
}

bool is_right(const Mapped &mapped, std::uint64_t page) {
  const bool is_behind = mapped.first_page + page >= pattern.pages();
  return is_behind ? is_zero(mapped.page(page)) : mapped.has(pattern, page);
}

bool is_all_right(const Mapped &mapped) {
  for (std::uint64_t page = 0; page < mapped.pages(); ++page) {
    if (!is_right(mapped, page)) return false;
  }
  return true;
}

// One fault each, whether its bytes are read for it or are there, and wherever it begins.
void check_bytes(const std::function<Image(Bed &)> &add) {
  Bed bed;
  const Image image = add(bed);
  for (int i = 0; i < 2; ++i) {
    Client client(bed);
    const Mapped mapped = client.map(image, plan_of(4 * pages));
    run(bed, [&] {
      EXPECT(is_right(mapped, 3 * per_huge + 400) && is_right(mapped, per_huge + 7));
      EXPECT(is_all_right(mapped));
    });
    // Whoever waits is woken before it is counted.
    bed.pump_until([&] { return mapped.region->faults.get() == huge_pages; });
    EXPECT_EQUAL(mapped.region->resident_pages.get(), pages);
    const auto touches = mapped.region->life()->touches->take();
    EXPECT_EQUAL(touches.size(), huge_pages);
    EXPECT_EQUAL(touches[0].first, 3 * per_huge);
    EXPECT_EQUAL(touches[1].first, per_huge);
    EXPECT_EQUAL(touches[1].pages, per_huge);
  }
  Client client(bed);
  const Mapped odd = client.map(image, {.offset_bytes = 33 * page_bytes,
                                        .length_bytes = 3 * huge_page_bytes,
                                        .page_bytes = huge_page_bytes});
  run(bed, [&] { EXPECT(is_all_right(odd)); });
}

// Every fill that it takes is waited for, by several threads of one huge page.
void check_pieces() {
  Bed bed;
  const Image image = bed.add(pattern);
  Client small(bed);
  const Mapped some = small.map(image, {.window_bytes = page_bytes});
  run(bed, [&] {
    for (std::uint64_t page = 3; page < pattern.pages(); page += 50) {
      EXPECT(some.has(pattern, page));
    }
  });
  Client client(bed);
  const Mapped mapped = client.map(image, plan_of());
  Crowd crowd(bed);
  for (std::uint64_t toucher = 0; toucher < 4; ++toucher) {
    crowd.add([&, toucher] {
      for (std::uint64_t page = toucher * 9; page < pages; page += 61) {
        EXPECT(is_right(mapped, page));
      }
    });
  }
  crowd.join();
  run(bed, [&] { EXPECT(is_all_right(mapped)); });
}

// Hugetlb memory is never discarded in part; where other memory is, bytes are right all the same.
void check_discards() {
  Bed bed;
  const PatternImage solid{
      .seed = 89, .length_bytes = pattern.length_bytes, .has_zeros = false};
  const PatternFile file(solid);
  Client client(bed, sys::uapi::feature_event_remove);
  const Mapped mapped = client.map(bed.add(file), plan_of());
  run(bed, [&] {
    EXPECT(mapped.has(solid, 3));
    EXPECT(discard_pages(mapped.page(0), 2 * per_huge));
    EXPECT(discard_pages(mapped.page(2 * per_huge + 100), 60));
    EXPECT(discard_pages(mapped.page(3 * per_huge), 5));
    for (std::uint64_t page = 0; page < pages; ++page) {
      const bool is_part = page >= 2 * per_huge + 100 && page < 2 * per_huge + 160;
      const bool is_first = page >= 3 * per_huge && page < 3 * per_huge + 5;
      const bool is_zeros = page < 2 * per_huge || is_part || is_first || page >= solid.pages();
      EXPECT(is_zeros ? is_zero(mapped.page(page)) : mapped.has(solid, page));
    }
  });
  bed.pump_until([&] { return mapped.region->faults.get() == huge_pages + 1; });
}

// Never a part of it, and never zeros.
void check_bad_pages() {
  Bed bed;
  bed.bad_pages = {per_huge + 77};
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), plan_of());
  run(bed, [&] {
    EXPECT(!touch_or_bus_error(mapped.page(per_huge + 300)));
    for (const std::uint64_t page : {per_huge, per_huge + 77, 2 * per_huge - 1}) {
      EXPECT(!touch_or_bus_error(mapped.page(page)));
    }
    for (std::uint64_t page = 0; page < pages; ++page) {
      if (page / per_huge != 1) EXPECT(is_right(mapped, page));
    }
  });
  EXPECT_EQUAL(client.space->tally.pages_poisoned.get(), per_huge);
}

// Whole ones, whatever part of them was asked for; one that cannot be had is left out.
void check_prefaults() {
  Bed bed;
  const Image image = bed.add(pattern);
  Client client(bed);
  const Mapped mapped = client.map(image, plan_of());
  EXPECT_EQUAL(bed.await(EventKind::prefaulted, client.prefault(mapped, 700, 400)).pages,
               2 * per_huge);
  const auto replay = client.replay(mapped, {{per_huge - 1, 1}, {pages - 1, 1}, {per_huge, 512}});
  run(bed, [&] { EXPECT(is_right(mapped, 5)); });
  bed.await(EventKind::prefaulted, replay);
  run(bed, [&] { EXPECT(is_all_right(mapped)); });
  EXPECT(mapped.region->faults.get() <= 1);

  bed.bad_pages = {per_huge + 77};
  Client other(bed);
  const Mapped broken = other.map(bed.add(pattern), plan_of());
  const Event done = bed.await(EventKind::prefaulted, other.prefault(broken, 0, 3 * per_huge));
  EXPECT_EQUAL(done.pages, 2 * per_huge);
  EXPECT_TEXT(done.text, "1 page could not be had");
}

// How many huge pages were served in a row, each time.
std::vector<std::uint64_t> turns_of(Bed &bed, engine::SpaceId space) {
  std::vector<std::uint64_t> turns;
  std::uint64_t in_a_row = 0;
  for (const auto &record : bed.engine().ring().read_after(0, limits::fault_ring_records)) {
    if (record.space == space) {
      ++in_a_row;
    } else if (in_a_row > 0) {
      turns.push_back(in_a_row);
      in_a_row = 0;
    }
  }
  return turns;
}

// One at a time: others are served in between, however many threads wait for huge pages.
void check_turns(std::uint64_t features) {
  constexpr std::uint64_t threads = 16;
  constexpr std::uint64_t others_pages = 128;  // for each thread
  engine::Options options = small_options();
  options.fault_threads = 1;
  Bed bed(options);
  const PatternFile large({.seed = 90, .length_bytes = threads * huge_page_bytes});
  const PatternFile small({.seed = 91, .length_bytes = threads * others_pages * page_bytes});
  Client client(bed, features);
  const Mapped mapped = client.map(bed.add(large), {.page_bytes = huge_page_bytes});
  Client other(bed);
  const Mapped others = other.map(bed.add(small), {.window_bytes = page_bytes});
  run(bed, [&] { EXPECT(mapped.has_all(large.image()) && others.has_all(small.image())); });

  std::atomic<std::uint64_t> running{threads};
  std::barrier together(threads);
  Crowd crowd(bed);
  for (std::uint64_t thread = 0; thread < threads; ++thread) {
    crowd.add([&, thread] {
      for (int i = 0; i < 8; ++i) {
        if (thread == 0) EXPECT(discard_pages(mapped.start, threads * per_huge));
        together.arrive_and_wait();
        touch(mapped.page(thread * per_huge));
        together.arrive_and_wait();
      }
      running.fetch_sub(1);
    });
    crowd.add([&, thread] {
      std::byte *const first = others.page(thread * others_pages);
      while (running.load() > 0) {
        EXPECT(discard_pages(first, others_pages));
        for (std::uint64_t page = 0; page < others_pages; ++page) touch(first + page * page_bytes);
      }
    });
  }
  crowd.join();
  std::vector<std::uint64_t> turns = turns_of(bed, client.space->id());
  const auto middle = turns.begin() + static_cast<std::ptrdiff_t>(turns.size() / 2);
  std::nth_element(turns.begin(), middle, turns.end());
  EXPECT(!turns.empty() && *middle <= 3);
}

}  // namespace

CLAIM(huge_pages_are_there_as_a_whole) {
  const PatternFile file(pattern);
  check_bytes([&](Bed &bed) { return bed.add(file); });
  check_bytes([](Bed &bed) { return bed.add(pattern); });
  check_pieces();
  check_discards();
  check_bad_pages();
  check_prefaults();
  check_turns(0);
  check_turns(sys::uapi::feature_event_remove);
}

}  // namespace pagerd::test
