#include <pthread.h>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// More than pending_faults_max can hold, each blocked on a page of its own.
constexpr std::size_t touchers_count = 1200;

struct Touch {
  const Mapped *mapped;
  const PatternImage *pattern;
  std::uint64_t page;
  std::atomic<std::size_t> *ended;
};

void *touch_one(void *argument) {
  const Touch &work = *static_cast<Touch *>(argument);
  EXPECT(work.mapped->has(*work.pattern, work.page));
  work.ended->fetch_add(1);
  return nullptr;
}

}  // namespace

CLAIM(full_pending_list_stops_reading) {
  Bed bed;
  bed.holds_fills = true;
  const PatternImage pattern{
      .seed = 6, .length_bytes = touchers_count * page_bytes, .has_zeros = false};
  Client client(bed);
  const Mapped mapped = client.map(bed.add(pattern), {.window_bytes = 4096});

  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 128 * 1024);
  std::atomic<std::size_t> ended{0};
  std::vector<Touch> touches;
  std::vector<pthread_t> threads(touchers_count);
  for (std::uint64_t i = 0; i < touchers_count; ++i) {
    touches.push_back({&mapped, &pattern, i, &ended});
  }
  for (std::size_t i = 0; i < touchers_count; ++i) {
    EXPECT(::pthread_create(&threads[i], &small, touch_one, &touches[i]) == 0);
  }

  // The list fills up and reading stops; what is beyond it stays in the kernel.
  bed.pump_until([&] {
    return client.space->pending.count() > limits::pending_faults_max - limits::batch_faults_max;
  });
  const std::uint64_t read = client.space->tally.kinds[0].get();
  EXPECT(read < touchers_count);
  EXPECT(client.space->pending.count() <= limits::pending_faults_max);
  EXPECT_EQUAL(ended.load(), 0);

  // One by one, so that it takes many answers until reading goes on.
  bed.pump_until([&] {
    if (!bed.held.empty()) {
      bed.answer(bed.held.front());
      bed.held.pop_front();
    }
    return ended.load() == touchers_count;
  });
  for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  EXPECT_EQUAL(client.space->pending.count(), 0);
}

}  // namespace pagerd::test
