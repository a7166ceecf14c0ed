#include "survivor.hpp"

#include <sys/mman.h>

#include <algorithm>

#include "sys/file.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

using sys::page_bytes;

const std::uint64_t Survivor::features =
    sys::uapi::layout_features | UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MINOR_SHMEM;

namespace {

sys::Descriptor copy_of(int descriptor) {
  auto copy = sys::duplicate_descriptor(descriptor);
  EXPECT(copy.ok());
  return copy.take();
}

}  // namespace

void Survivor::begin(Bed &bed, const Image &image) {
  start = backing == engine::Backing::anonymous
              ? reserve_memory(length_bytes)
              : map_image_file(image, backing, 0, length_bytes);
  register_memory(uffd, start, length_bytes, backing);
  space = bed.engine().attach(copy_of(uffd.get()), sys::uapi::layout_features, -1);
  EXPECT(space != nullptr && space->book() != nullptr);
  bed.await(EventKind::mapped, ask_to_map(bed, image));
}

std::uint32_t Survivor::ask_to_map(Bed &bed, const Image &image) {
  const engine::RegionPlan plan{1,          reinterpret_cast<std::uint64_t>(start),
                                length_bytes, 0, page_bytes, page_bytes, backing, on_discard};
  region = std::make_shared<engine::Region>(plan, image);
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().map(space, region, request));
  return request;
}

sys::Descriptor Survivor::keep_book() const { return copy_of(space->book()->descriptor()); }

void Survivor::go_on(Bed &bed, const Image &image, engine::AdoptedBook book) {
  space = bed.engine().adopt(copy_of(uffd.get()), sys::uapi::layout_features, -1, std::move(book),
                             engine::Engine::Kin::client);
  EXPECT(space != nullptr);
  bed.await(EventKind::mapped, ask_to_map(bed, image));
  EXPECT(bed.engine().end_past(space));
}

std::optional<engine::AdoptedBook> adopt_book(const sys::Descriptor &memfd) {
  auto adopted = engine::LayoutBook::adopt(memfd);
  if (!adopted.ok()) return std::nullopt;
  return adopted.take();
}

bool is_zero(const std::byte *page) {
  static const Page zeros{};
  return std::equal(zeros.begin(), zeros.end(), page);
}

bool discard_pages(std::byte *first, std::uint64_t count) {
  return ::madvise(first, count * page_bytes, MADV_DONTNEED) == 0;
}

std::byte *move_pages(std::byte *from, std::uint64_t count, std::uint64_t new_count) {
  std::byte *const to = reserve_memory(new_count * page_bytes);
  void *moved = ::mremap(from, count * page_bytes, new_count * page_bytes,
                         MREMAP_MAYMOVE | MREMAP_FIXED, to);
  EXPECT(moved == to);
  return to;
}

}  // namespace pagerd::test
