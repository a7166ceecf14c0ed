#include "client.hpp"

namespace pagerd::test {

namespace {

constexpr std::size_t clients_count = 12;
constexpr std::uint64_t window_bytes = 64 * 1024;

// Every client, from its own memory, at once: the same page, or another of the same window.
void touch_together(Bed &bed, const PatternImage &pattern, const Image &image,
                    const std::function<void()> &when_all_wait) {
  std::vector<std::unique_ptr<Client>> clients;
  Crowd crowd(bed);
  for (std::size_t i = 0; i < clients_count; ++i) {
    clients.push_back(std::make_unique<Client>(bed));
    const Mapped mapped = clients.back()->map(image, {.window_bytes = window_bytes});
    crowd.add([mapped, pattern, i] { EXPECT(mapped.has(pattern, 32 + i % 3)); });
  }
  when_all_wait();
  crowd.join();
}

}  // namespace

CLAIM(one_cold_page_is_read_once) {
  Bed bed;
  const PatternImage pattern{.seed = 3, .length_bytes = 1 << 20, .has_zeros = false};
  const Image source = bed.add(pattern);

  bed.holds_fills = true;
  touch_together(bed, pattern, source, [&] {
    // All of them are waiting for one answer, and each of them is served by it.
    bed.pump_until([&] {
      std::uint64_t waiting = 0;
      for (const auto &loop : bed.engine().loops()) waiting += loop->worker().tally.kinds[0].get();
      return waiting >= clients_count && !bed.held.empty();
    });
    bed.holds_fills = false;
    bed.answer_held();
  });
  EXPECT_EQUAL(bed.fills_asked, 1);
  EXPECT_EQUAL(source->fills.get(), 1);
  EXPECT_EQUAL(source->bytes_read.get(), window_bytes);

  const PatternFile file(pattern);
  const Image image = bed.add(file);
  touch_together(bed, pattern, image, [] {});
  EXPECT_EQUAL(image->fills.get(), 1);
  EXPECT_EQUAL(image->bytes_read.get(), window_bytes);
}

}  // namespace pagerd::test
