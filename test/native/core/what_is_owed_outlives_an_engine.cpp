// Invariant 16.
#include "engine/adopted_book.hpp"
#include "engine/region_table.hpp"
#include "engine/served_image.hpp"
#include "survivor.hpp"

namespace pagerd::test {

namespace {

using engine::LayoutKind;
using engine::Window;
using sys::page_bytes;

constexpr Window from{64 * page_bytes, 80 * page_bytes};
constexpr Window to{128 * page_bytes, 144 * page_bytes};

std::shared_ptr<engine::Region> region_at(std::uint32_t id, Window range) {
  auto image = image::Image::create(range.bytes());
  EXPECT(image.ok());
  auto served = std::make_shared<engine::ServedImage>(id, image.take(), std::nullopt);
  const engine::RegionPlan plan{id, range.start, range.bytes(), 0, page_bytes, page_bytes};
  return std::make_shared<engine::Region>(plan, std::move(served));
}

}  // namespace

// Pages were moved to where others had been, whose unmap is still to be told: it is not of what is
// there now, whichever engine hears it.
CLAIM(what_is_owed_outlives_an_engine) {
  auto book = engine::LayoutBook::create();
  EXPECT(book.ok());
  auto file = sys::duplicate_descriptor(book.value()->descriptor());
  engine::RegionTable first;
  first.keep_in(book.value());
  first.insert(region_at(1, from));
  first.insert(region_at(2, to));
  EXPECT(first.apply({LayoutKind::remap, from, to.start}).has_value());
  EXPECT(first.is_owed(to));
  book.value()->leave();

  auto adopted = adopt_book(file.value());
  EXPECT(adopted.has_value());
  engine::RegionTable next;
  next.keep_in(adopted->book);
  next.resume_owed(adopted->past.owed);
  EXPECT(next.resume(region_at(1, from), adopted->past.regions.at(1)));
  EXPECT(next.is_owed(to));
  EXPECT(next.apply({LayoutKind::unmap, to}).has_value());
  EXPECT(!next.is_owed(to) && next.at(to.start)->id() == 1);
  EXPECT(next.apply({LayoutKind::unmap, from}).has_value());
  adopted->book->leave();

  const auto last = adopt_book(file.value());
  EXPECT(last.has_value() && last->past.owed.empty());
  last->book->leave();
}

}  // namespace pagerd::test
