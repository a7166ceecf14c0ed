#include "image/image.hpp"

#include <algorithm>
#include <cstring>

#include "sys/page.hpp"

namespace pagerd::image {

using sys::page_bytes;

namespace {

// The first byte is zero and every byte equals its neighbour: memcmp does that at memory speed.
bool is_all_zero(std::span<const std::byte> bytes) {
  PAGERD_CHECK(!bytes.empty());
  return bytes[0] == std::byte{0} &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

sys::Result<Image> Image::create(std::uint64_t length_bytes, ImageKind kind) {
  PAGERD_CHECK(length_bytes > 0);
  const std::uint64_t pages = sys::pages_covering(length_bytes);
  const auto opening =
      kind == ImageKind::writable ? sys::Opening::for_writing : sys::Opening::for_reading;
  auto file = sys::create_memfd("pagerd-image", pages * page_bytes, opening);
  if (!file.ok()) return file.error();
  auto memory = sys::Mapping::shared(file.value(), pages * page_bytes);
  if (!memory.ok()) return memory.error();
  auto resident = Bitmap::create(pages);
  if (!resident.ok()) return resident.error();
  auto zero = Bitmap::create(pages);
  if (!zero.ok()) return zero.error();
  return Image(length_bytes, kind, file.take(), memory.take(), resident.take(), zero.take());
}

Image::Image(std::uint64_t length_bytes, ImageKind kind, sys::Descriptor file, sys::Mapping memory,
             Bitmap resident, Bitmap zero)
    : length_bytes_(length_bytes),
      pages_(sys::pages_covering(length_bytes)),
      kind_(kind),
      file_(std::move(file)),
      memory_(std::move(memory)),
      resident_(std::move(resident)),
      zero_(std::move(zero)) {}

Image::Image(Image &&other) noexcept
    : Image(other.length_bytes_, other.kind_, std::move(other.file_), std::move(other.memory_),
            std::move(other.resident_), std::move(other.zero_)) {}

sys::Result<sys::Descriptor> Image::open_for_client() const {
  const bool is_writable = kind_ == ImageKind::writable;
  return sys::reopen(file_, is_writable ? sys::Opening::for_writing : sys::Opening::for_reading);
}

sys::Status Image::populate(std::uint64_t first, std::uint64_t end) const {
  PAGERD_CHECK(first < end && end <= pages_);
  return memory_.populate(first * page_bytes, (end - first) * page_bytes);
}

PageState Image::state(std::uint64_t page) const {
  PAGERD_CHECK(page < pages_);
  if (zero_.test(page)) return PageState::zero;
  return resident_.test(page) ? PageState::resident : PageState::absent;
}

Run Image::run_around(std::uint64_t page, std::uint64_t low, std::uint64_t high) const {
  PAGERD_CHECK(low <= page && page < high && high <= pages_);
  const PageState is = state(page);
  if (is == PageState::absent) {
    // A commit may come in between; then a run of one page is still a right answer for a page that
    // was absent.
    const std::uint64_t first =
        std::max(resident_.run_begin(page, low), zero_.run_begin(page, low));
    const std::uint64_t end = std::min(resident_.run_end(page, high), zero_.run_end(page, high));
    return {is, std::min(first, page), std::max(end, page + 1)};
  }
  const Bitmap &bits = is == PageState::zero ? zero_ : resident_;
  return {is, bits.run_begin(page, low), bits.run_end(page, high)};
}

void Image::commit(std::uint64_t first, std::span<const std::byte> bytes) {
  PAGERD_CHECK(first * page_bytes + bytes.size() <= length_bytes_);
  PAGERD_CHECK(bytes.size() % page_bytes == 0 ||
               first * page_bytes + bytes.size() == length_bytes_);
  for (std::uint64_t page = first; !bytes.empty(); ++page) {
    const auto one = bytes.first(std::min<std::size_t>(bytes.size(), page_bytes));
    bytes = bytes.subspan(one.size());
    if (is_all_zero(one)) {
      mark_zero(page, page + 1);
      continue;
    }
    std::memcpy(memory_.data() + page * page_bytes, one.data(), one.size());
    resident_pages_.fetch_add(resident_.set(page, page + 1), std::memory_order_relaxed);
  }
}

void Image::mark_zero(std::uint64_t first, std::uint64_t end) {
  PAGERD_CHECK(first <= end && end <= pages_);
  zero_pages_.fetch_add(zero_.set(first, end), std::memory_order_relaxed);
}

}  // namespace pagerd::image
