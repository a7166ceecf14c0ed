#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "image/bitmap.hpp"
#include "sys/memory.hpp"
#include "sys/result.hpp"

namespace pagerd::image {

enum class PageState {
  absent,    // nobody has brought its bytes yet
  resident,  // its bytes are in the memfd
  zero,      // known to be all zeros; the memfd has a hole there
};

// A plain image is written by its fills only; a writable one by every client that maps it shared.
enum class ImageKind { plain, writable };

// Neighbouring pages [first, end) of one state.
struct Run {
  PageState state;
  std::uint64_t first;
  std::uint64_t end;
};

struct PageBits {
  Bitmap resident;
  Bitmap zero;
};

// The read-only backing object pages come from: a memfd, filled page by page, and what is known of
// each page. It knows neither where its bytes come from nor who waits for them. Any thread may read
// the states; a page is committed once, by whoever was given its fill.
class Image {
 public:
  static sys::Result<Image> create(std::uint64_t length_bytes, ImageKind kind = ImageKind::plain);
  // The same image once more, from any descriptor of the memfd that a manager before this one made
  // for it, with all pages whose bytes had come. Only for a memfd that is known to be that one:
  // what it says of itself is believed.
  static sys::Result<Image> adopt(std::uint64_t length_bytes, ImageKind kind,
                                  const sys::Descriptor &memfd);

  std::uint64_t length_bytes() const { return length_bytes_; }
  std::uint64_t pages() const { return pages_; }
  ImageKind kind() const { return kind_; }

  sys::Result<sys::MemfdIdentity> identity() const { return sys::identity_of_memfd(file_); }
  // A descriptor for a client, to map: of a plain image it cannot write.
  sys::Result<sys::Descriptor> open_for_client() const;
  // Gives zero pages [first, end) a page in the memfd, so that clients can share it.
  sys::Status populate(std::uint64_t first, std::uint64_t end) const;

  PageState state(std::uint64_t page) const;
  // The run around `page` within [low, high).
  Run run_around(std::uint64_t page, std::uint64_t low, std::uint64_t high) const;

  // Readable for a page that is resident, and for its resident neighbours behind it.
  const std::byte *bytes_of(std::uint64_t page) const { return memory_.data() + page * 4096; }

  // Brings the bytes of whole pages from `first` on; only the image's last page may be short.
  // All-zero pages stay holes and become `zero`.
  void commit(std::uint64_t first, std::span<const std::byte> bytes);
  void mark_zero(std::uint64_t first, std::uint64_t end);

  std::uint64_t resident_pages() const { return resident_pages_.load(std::memory_order_relaxed); }
  std::uint64_t zero_pages() const { return zero_pages_.load(std::memory_order_relaxed); }
  // Every page is resident or zero: nobody ever waits for its bytes again.
  bool is_fully_resident() const { return resident_pages() + zero_pages() == pages_; }

  Image(Image &&other) noexcept;

 private:
  Image(std::uint64_t length_bytes, ImageKind kind, sys::Descriptor file, sys::Mapping memory,
        PageBits bits, PageBits kept);
  static sys::Result<Image> over(std::uint64_t length_bytes, ImageKind kind, sys::Descriptor file);
  void take_over_kept();

  std::uint64_t length_bytes_;
  std::uint64_t pages_;
  ImageKind kind_;
  sys::Descriptor file_;
  sys::Mapping memory_;
  PageBits bits_;
  // The same in the memfd, behind the image's pages, for a manager that comes after this one. Only
  // ever written here: who can write the file could otherwise mislead us.
  PageBits kept_;
  std::atomic<std::uint64_t> resident_pages_{0};
  std::atomic<std::uint64_t> zero_pages_{0};
};

}  // namespace pagerd::image
