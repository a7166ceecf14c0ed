#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

engine::RegionPin pin(const Client &client, const Mapped &mapped) {
  const auto held = client.space->lock();
  return client.space->pin_at(held, mapped.address());
}

// Answers to other requests come; the one to this does not.
void expect_nothing(Bed &bed, Client &other, const Mapped &elsewhere, EventKind kind) {
  for (unsigned i = 0; i < 20; ++i) {
    bed.await(EventKind::prefaulted, other.prefault(elsewhere, 0, 1));
    EXPECT(!bed.has(kind));
  }
}

}  // namespace

// A pin is the right to install: while anybody has one, the end of the region is not announced, and
// its descriptor stays open.
CLAIM(last_pin_ends_a_region) {
  Bed bed;
  const PatternFile file({.seed = 1, .length_bytes = 16 * page_bytes});
  const Image image = bed.add(file);
  Client other(bed);
  const Mapped elsewhere = other.map(image);
  Client client(bed);
  const Mapped mapped = client.map(image);
  const Mapped second = client.map(image);
  const std::size_t open = open_userfaultfds();

  engine::RegionPin one = pin(client, mapped);
  engine::RegionPin two = pin(client, mapped);
  EXPECT(one && two);
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().unmap(client.space, mapped.region->id(), request));
  expect_nothing(bed, other, elsewhere, EventKind::unmapped);
  EXPECT(!pin(client, mapped));
  one.release();
  expect_nothing(bed, other, elsewhere, EventKind::unmapped);
  two.release();
  bed.await(EventKind::unmapped, request);

  engine::RegionPin last = pin(client, second);
  const std::shared_ptr<engine::AddressSpace> space = std::exchange(client.space, nullptr);
  bed.engine().detach(space);
  expect_nothing(bed, other, elsewhere, EventKind::detached);
  EXPECT_EQUAL(open_userfaultfds(), open);
  last.release();
  EXPECT_EQUAL(bed.await(EventKind::detached).space, space->id());
  EXPECT_EQUAL(open_userfaultfds(), open - 1);
}

}  // namespace pagerd::test
