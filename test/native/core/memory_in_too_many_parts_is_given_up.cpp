#include <sys/mman.h>

#include "engine/region_table.hpp"
#include "engine/served_image.hpp"
#include "survivor.hpp"

namespace pagerd::test {

namespace {

using engine::LayoutKind;
using engine::Window;
using sys::page_bytes;

// Of so many pages the first is unmapped, and the others are a part.
constexpr std::uint64_t stride = 8;
constexpr PatternImage pattern{.seed = 7,
                               .length_bytes = stride * limits::parts_max * page_bytes,
                               .has_zeros = false};

std::shared_ptr<engine::Region> region_of(const Survivor &client) {
  auto image = image::Image::create(client.length_bytes);
  EXPECT(image.ok());
  auto served = std::make_shared<engine::ServedImage>(1, image.take(), std::nullopt);
  const auto start = reinterpret_cast<std::uint64_t>(client.start);
  const engine::RegionPlan plan{1, start, client.length_bytes, 0, page_bytes, page_bytes};
  return std::make_shared<engine::Region>(plan, std::move(served));
}

// As if an earlier engine had read as many events: the kernel would take minutes to tell them.
void cut_in_book(const Survivor &client, const sys::Descriptor &file, std::size_t parts) {
  const auto adopted = adopt_book(file);
  EXPECT(adopted.has_value());
  engine::RegionTable table;
  table.keep_in(adopted->book);
  EXPECT(table.resume(region_of(client), adopted->past.regions.at(1)));
  for (std::uint64_t part = 1; part < parts; ++part) {
    const auto hole = reinterpret_cast<std::uint64_t>(client.page(part * stride));
    EXPECT(table.apply({LayoutKind::unmap, {hole, hole + page_bytes}}).has_value());
  }
  EXPECT_EQUAL(table.all().size(), parts);
  adopted->book->leave();
}

bool unmap(const Survivor &client, std::uint64_t page) {
  return ::munmap(client.page(page), page_bytes) == 0;
}

}  // namespace

// Each part costs memory, and time of whoever forks: beyond a bound its client is given up.
CLAIM(memory_in_too_many_parts_is_given_up) {
  Survivor client(pattern.length_bytes);
  sys::Descriptor file;
  {
    Bed bed;
    client.begin(bed, bed.add(pattern));
    file = client.keep_book();
    bed.engine().leave_children();
  }
  cut_in_book(client, file, limits::parts_max - 1);
  auto book = adopt_book(file);
  EXPECT(book.has_value());
  Bed bed;
  client.go_on(bed, bed.add(pattern), std::move(*book));

  Crowd crowd(bed);
  crowd.add([&] {
    EXPECT(unmap(client, 3));
    EXPECT(pattern.matches(5, client.page(5)));
    EXPECT(unmap(client, stride + 3));
  });
  crowd.join();

  EXPECT_TEXT(bed.await(EventKind::misbehaved).text, "cut its regions into too many parts");
}

}  // namespace pagerd::test
