#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "claim.hpp"
#include "engine/bounded_queue.hpp"

namespace pagerd::test {

namespace {

// Owned by whoever popped it, so that the sanitizers see an item that came twice or never.
using Item = std::unique_ptr<std::uint64_t>;

constexpr std::uint64_t producers = 3;
constexpr std::uint64_t consumers = 3;
constexpr std::uint64_t items = 20'000;

void check_threads(std::size_t capacity) {
  engine::BoundedQueue<Item> queue(capacity);
  std::vector<std::atomic<unsigned>> seen(producers * items);
  std::atomic<std::uint64_t> popped{0};
  std::vector<std::thread> threads;
  for (std::uint64_t producer = 0; producer < producers; ++producer) {
    threads.emplace_back([&, producer] {
      for (std::uint64_t i = 0; i < items; ++i) {
        while (!queue.push(std::make_unique<std::uint64_t>(producer * items + i))) {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::uint64_t consumer = 0; consumer < consumers; ++consumer) {
    threads.emplace_back([&] {
      // Those of one producer arrive in its order, as far as one consumer sees them.
      std::vector<std::uint64_t> next(producers, 0);
      Item item;
      while (popped.load() < producers * items) {
        if (!queue.pop(item)) {
          std::this_thread::yield();
          continue;
        }
        const std::uint64_t producer = *item / items;
        EXPECT(*item % items >= next[producer]);
        next[producer] = *item % items + 1;
        seen[*item].fetch_add(1);
        popped.fetch_add(1);
      }
    });
  }
  for (std::thread &thread : threads) thread.join();
  for (const auto &count : seen) EXPECT_EQUAL(count.load(), 1);
  EXPECT_EQUAL(queue.size(), 0);
}

void check_bounds(std::size_t capacity) {
  engine::BoundedQueue<Item> queue(capacity);
  Item item;
  for (unsigned round = 0; round < 5; ++round) {
    EXPECT(!queue.pop(item));
    for (std::size_t i = 0; i < capacity; ++i) {
      EXPECT_EQUAL(queue.size(), i);
      EXPECT(queue.push(std::make_unique<std::uint64_t>(i)));
    }
    EXPECT(!queue.push(std::make_unique<std::uint64_t>(capacity)));
    for (std::size_t i = 0; i < capacity; ++i) {
      EXPECT(queue.pop(item));
      EXPECT_EQUAL(*item, i);
    }
  }
  // What is left in it ends with it.
  EXPECT(queue.push(std::make_unique<std::uint64_t>(0)));
}

}  // namespace

CLAIM(queue_loses_and_repeats_nothing) {
  for (const std::size_t capacity : {2u, 4u, 64u, 4096u}) {
    check_bounds(capacity);
    check_threads(capacity);
  }
}

}  // namespace pagerd::test
