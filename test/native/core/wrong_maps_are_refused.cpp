#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

// What a hostile client may say, after the control plane found its numbers sound: no memory was
// ever there, nor can it be.
void check_impossible_places(Client &client, const Image &image) {
  constexpr std::uint64_t places[] = {
      (std::uint64_t{1} << 47) - page_bytes, std::uint64_t{1} << 55, std::uint64_t{1} << 63};
  for (const std::uint64_t place : places) {
    Mapped mapped;
    const auto request = client.ask_to_map(
        image, mapped,
        {.length_bytes = page_bytes, .address = reinterpret_cast<std::byte *>(place)});
    const Event event = client.bed.await(EventKind::refused, request);
    EXPECT(event.code == "region_too_long");
    EXPECT_TEXT(event.text, "does not reach there");
  }
}

void check_overlaps(Client &client, const Image &image, const PatternImage &pattern) {
  std::byte *const memory = reserve_memory(64 * page_bytes);
  register_memory(client.uffd, memory, 64 * page_bytes);
  const auto plan = [&](std::uint64_t first, std::uint64_t pages) {
    return MapPlan{.length_bytes = pages * page_bytes, .address = memory + first * page_bytes};
  };
  const Mapped middle = client.map(image, plan(16, 16));
  const std::uint64_t overlapping[][2] = {{16, 16}, {15, 2}, {31, 1}, {20, 4}, {0, 64}, {31, 33}};
  for (const auto &[first, pages] : overlapping) {
    Mapped refused;
    const auto request = client.ask_to_map(image, refused, plan(first, pages));
    const Event event = client.bed.await(EventKind::refused, request);
    EXPECT(event.code == "region_overlap");
    EXPECT_TEXT(event.text, "overlaps region " + std::to_string(middle.region->id()));
  }
  // Neighbours that only meet it, and the one in the middle, are served all the same.
  EXPECT(client.map(image, plan(0, 16)).has_all(pattern));
  EXPECT(client.map(image, plan(32, 32)).has_all(pattern));
  EXPECT(middle.has_all(pattern));
}

}  // namespace

CLAIM(wrong_maps_are_refused) {
  Bed bed;
  const PatternFile file({.seed = 21, .length_bytes = 64 * page_bytes, .has_zeros = false});
  const Image image = bed.add(file);
  Client client(bed);
  check_impossible_places(client, image);
  check_overlaps(client, image, file.image());
  // The end of a region that is unknown, or not known any more.
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().unmap(client.space, 4711, request));
  EXPECT(bed.await(EventKind::refused, request).code == "unknown_region");
}

}  // namespace pagerd::test
