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

sys::Opening opening_of(ImageKind kind) {
  return kind == ImageKind::writable ? sys::Opening::for_writing : sys::Opening::for_reading;
}

// The image's pages, and behind them what is known of each.
std::uint64_t memfd_bytes(std::uint64_t length_bytes) {
  const std::uint64_t pages = sys::pages_covering(length_bytes);
  return pages * page_bytes + 2 * Bitmap::bytes_in_file(pages);
}

}  // namespace

sys::Result<Image> Image::create(std::uint64_t length_bytes, ImageKind kind) {
  PAGERD_CHECK(length_bytes > 0);
  auto file = sys::create_memfd("pagerd-image", memfd_bytes(length_bytes), opening_of(kind));
  if (!file.ok()) return file.error();
  return over(length_bytes, kind, file.take());
}

sys::Result<Image> Image::adopt(std::uint64_t length_bytes, ImageKind kind,
                                const sys::Descriptor &memfd) {
  PAGERD_CHECK(length_bytes > 0);
  auto file = sys::reopen_as_maker(memfd, memfd_bytes(length_bytes), opening_of(kind));
  if (!file.ok()) return file.error();
  auto image = over(length_bytes, kind, file.take());
  if (image.ok()) image.value().take_over_kept();
  return image;
}

sys::Result<Image> Image::over(std::uint64_t length_bytes, ImageKind kind, sys::Descriptor file) {
  const std::uint64_t pages = sys::pages_covering(length_bytes);
  auto memory = sys::Mapping::shared(file, pages * page_bytes);
  if (!memory.ok()) return memory.error();
  auto resident = Bitmap::create(pages);
  if (!resident.ok()) return resident.error();
  auto zero = Bitmap::create(pages);
  if (!zero.ok()) return zero.error();
  auto kept_resident = Bitmap::in_file(pages, file, pages * page_bytes);
  if (!kept_resident.ok()) return kept_resident.error();
  auto kept_zero =
      Bitmap::in_file(pages, file, pages * page_bytes + Bitmap::bytes_in_file(pages));
  if (!kept_zero.ok()) return kept_zero.error();
  return Image(length_bytes, kind, std::move(file), memory.take(),
               PageBits{resident.take(), zero.take()},
               PageBits{kept_resident.take(), kept_zero.take()});
}

Image::Image(std::uint64_t length_bytes, ImageKind kind, sys::Descriptor file, sys::Mapping memory,
             PageBits bits, PageBits kept)
    : length_bytes_(length_bytes),
      pages_(sys::pages_covering(length_bytes)),
      kind_(kind),
      file_(std::move(file)),
      memory_(std::move(memory)),
      bits_(std::move(bits)),
      kept_(std::move(kept)) {}

Image::Image(Image &&other) noexcept
    : Image(other.length_bytes_, other.kind_, std::move(other.file_), std::move(other.memory_),
            std::move(other.bits_), std::move(other.kept_)) {
  resident_pages_.store(other.resident_pages());
  zero_pages_.store(other.zero_pages());
}

// A page whose bytes were being written when that manager died has no bit, and is read again. One
// that has both bits would be counted twice: whoever wrote it, its bytes are there.
void Image::take_over_kept() {
  for (std::uint64_t page = 0; page < pages_;) {
    const std::uint64_t resident_end = kept_.resident.run_end(page, pages_);
    const std::uint64_t end = std::min(resident_end, kept_.zero.run_end(page, pages_));
    if (kept_.resident.test(page)) {
      resident_pages_.fetch_add(bits_.resident.set(page, end), std::memory_order_relaxed);
    } else if (kept_.zero.test(page)) {
      zero_pages_.fetch_add(bits_.zero.set(page, end), std::memory_order_relaxed);
    }
    page = end;
  }
}

sys::Result<sys::Descriptor> Image::open_for_client() const {
  return sys::reopen(file_, opening_of(kind_));
}

sys::Status Image::populate(std::uint64_t first, std::uint64_t end) const {
  PAGERD_CHECK(first < end && end <= pages_);
  return memory_.populate(first * page_bytes, (end - first) * page_bytes);
}

PageState Image::state(std::uint64_t page) const {
  PAGERD_CHECK(page < pages_);
  if (bits_.zero.test(page)) return PageState::zero;
  return bits_.resident.test(page) ? PageState::resident : PageState::absent;
}

Run Image::run_around(std::uint64_t page, std::uint64_t low, std::uint64_t high) const {
  PAGERD_CHECK(low <= page && page < high && high <= pages_);
  const PageState is = state(page);
  if (is == PageState::absent) {
    // A commit may come in between; then a run of one page is still a right answer for a page that
    // was absent.
    const std::uint64_t first =
        std::max(bits_.resident.run_begin(page, low), bits_.zero.run_begin(page, low));
    const std::uint64_t end =
        std::min(bits_.resident.run_end(page, high), bits_.zero.run_end(page, high));
    return {is, std::min(first, page), std::max(end, page + 1)};
  }
  const Bitmap &bits = is == PageState::zero ? bits_.zero : bits_.resident;
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
    kept_.resident.set(page, page + 1);
    resident_pages_.fetch_add(bits_.resident.set(page, page + 1), std::memory_order_relaxed);
  }
}

void Image::mark_zero(std::uint64_t first, std::uint64_t end) {
  PAGERD_CHECK(first <= end && end <= pages_);
  kept_.zero.set(first, end);
  zero_pages_.fetch_add(bits_.zero.set(first, end), std::memory_order_relaxed);
}

}  // namespace pagerd::image
