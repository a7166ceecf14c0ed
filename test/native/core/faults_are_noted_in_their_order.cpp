#include <set>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 256;
constexpr PatternImage pattern{
    .seed = 61, .length_bytes = pages * page_bytes, .has_zeros = false};

std::string text_of(const std::vector<engine::Touch> &touches) {
  std::string text;
  for (const auto &[first, count] : touches) {
    text += std::to_string(first) + "+" + std::to_string(count) + " ";
  }
  return text;
}

// By the page, or by the window as far as its pages are in one state.
void check_order(Bed &bed, const PatternFile &file) {
  const Image image = bed.add(file);
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = 4096, .touches_max = 64});
  for (const std::uint64_t number : {9u, 3u, 200u, 9u, 4u}) EXPECT(mapped.has(pattern, number));
  EXPECT(text_of(mapped.region->life()->touches->take()) == "9+1 3+1 200+1 4+1 ");

  const Mapped wide = client.map(bed.add(file), {.window_bytes = 65536, .touches_max = 64});
  EXPECT(wide.has(pattern, 37) && wide.has(pattern, 5) && wide.has(pattern, 33));
  EXPECT(text_of(wide.region->life()->touches->take()) == "32+16 0+16 ");

  // The same order where the pages are resident.
  const Mapped again = client.map(image, {.window_bytes = 4096, .touches_max = 64});
  for (const std::uint64_t number : {200u, 4u, 9u}) EXPECT(again.has(pattern, number));
  EXPECT(text_of(again.region->life()->touches->take()) == "200+1 4+1 9+1 ");
}

void check_prefaults_are_none(Bed &bed, const Image &image) {
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = 4096, .touches_max = 64});
  bed.await(EventKind::prefaulted, client.prefault(mapped, 10, 20));
  bed.await(EventKind::prefaulted, client.replay(mapped, {{40, 10}}));
  EXPECT(mapped.has(pattern, 12) && mapped.has(pattern, 45) && mapped.has(pattern, 50));
  EXPECT(text_of(mapped.region->life()->touches->take()) == "50+1 ");
}

void check_bounds(Bed &bed, const Image &image) {
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = 4096, .touches_max = 3});
  EXPECT(mapped.has_all(pattern));
  EXPECT(text_of(mapped.region->life()->touches->take()) == "0+1 1+1 2+1 ");

  const Mapped over = client.map(image, {.window_bytes = 4096, .touches_max = 64});
  EXPECT(over.has(pattern, 7));
  EXPECT(text_of(over.region->life()->touches->take()) == "7+1 ");
  EXPECT(over.has(pattern, 8));
  EXPECT(text_of(over.region->life()->touches->take()) == "7+1 ");

  const Mapped unasked = client.map(image, {.window_bytes = 4096});
  EXPECT(unasked.has(pattern, 7) && !unasked.region->life()->touches);
}

// Every page once, whichever threads noted it.
void check_threads(Bed &bed, const Image &image) {
  Client client(bed);
  const Mapped mapped = client.map(image, {.window_bytes = 4096, .touches_max = pages});
  Crowd crowd(bed);
  for (std::uint64_t first = 0; first < 4; ++first) {
    crowd.add([&mapped, first] {
      for (std::uint64_t number = first; number < pages; number += 4) {
        EXPECT(mapped.has(pattern, number));
      }
    });
  }
  crowd.join();
  std::set<std::uint32_t> noted;
  for (const auto &[first, count] : mapped.region->life()->touches->take()) {
    EXPECT(count == 1 && noted.insert(first).second);
  }
  EXPECT_EQUAL(noted.size(), pages);
}

}  // namespace

CLAIM(faults_are_noted_in_their_order) {
  Bed bed;
  const PatternFile file(pattern);
  const Image image = bed.add(file);
  check_order(bed, file);
  check_prefaults_are_none(bed, image);
  check_bounds(bed, image);
  check_threads(bed, image);
}

}  // namespace pagerd::test
