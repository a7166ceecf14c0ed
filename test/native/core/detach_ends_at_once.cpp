// Invariant 4.
#include "client.hpp"

namespace pagerd::test {

using sys::page_bytes;

// A source that never answers holds up neither the end of a session nor its descriptor; and when it
// answers after all, nobody is there to mind.
CLAIM(detach_ends_at_once) {
  Bed bed;
  bed.holds_fills = true;
  const PatternImage pattern{.seed = 5, .length_bytes = 4 << 20, .has_zeros = false};
  const Image image = bed.add(pattern);
  Client survivor(bed);
  const Mapped kept = survivor.map(image);
  const std::size_t before = open_userfaultfds();

  std::optional<Client> client(std::in_place, bed);
  const Mapped mapped = client->map(image, {.window_bytes = 4096});
  std::atomic<unsigned> ended{0};
  std::vector<std::thread> touchers;
  for (unsigned i = 0; i < 20; ++i) {
    touchers.emplace_back([&, i] {
      touch(mapped.page(i));
      ended.fetch_add(1);
    });
  }
  const std::uint32_t request = client->prefault(mapped, 512, 512);
  bed.pump_until([&] { return client->space->pending.count() == 20 && bed.held.size() > 20; });
  EXPECT_EQUAL(open_userfaultfds(), before + 2);

  client->detach();

  EXPECT_EQUAL(open_userfaultfds(), before + 1);
  bed.await(EventKind::prefaulted, request);
  // The engine let go; the client's own copy is what keeps its threads from reading zeros.
  EXPECT_EQUAL(ended.load(), 0);
  bed.answer_held();
  bed.holds_fills = false;
  Crowd crowd(bed);
  crowd.add([&] { EXPECT(kept.has_all(pattern)); });
  crowd.join();
  EXPECT_EQUAL(ended.load(), 0);
  client->uffd.reset();
  for (std::thread &toucher : touchers) toucher.join();
}

}  // namespace pagerd::test
