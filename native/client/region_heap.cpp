#include "client/limits.hpp"
#include "client/region.hpp"

// The heap that a region may have behind its image.
using namespace pagerd::client;

Range pagerd_region::whole_range() const {
  const std::uint64_t heap_bytes = heap_ == nullptr ? 0 : heap_->room().length_bytes;
  return {range_.start, range_.length_bytes + heap_bytes};
}

Status pagerd_region::reserve_heap(std::uint64_t heap_bytes) {
  Result<std::unique_ptr<Extension>> made = Extension::create({range_.end(), heap_bytes});
  if (!made.ok()) return made.error();
  heap_ = made.take();
  return done();
}

Status pagerd_region::grow(std::uint64_t length_bytes) {
  if (heap_ == nullptr) {
    return failure("bad_argument",
                   "Cannot change the length of the region at %p: it was mapped without "
                   "reserve_bytes",
                   range_.address());
  }
  const std::uint64_t least = plan_.part.length_bytes;
  const std::uint64_t most = whole_range().length_bytes;
  if (length_bytes < least || length_bytes > most) {
    return failure("bad_argument",
                   "Cannot make the region at %p %llu bytes long, wanted %llu (the image's part) "
                   "to %llu (with all that was reserved)",
                   range_.address(), static_cast<unsigned long long>(length_bytes),
                   static_cast<unsigned long long>(least), static_cast<unsigned long long>(most));
  }
  const bool is_image_alone = length_bytes <= range_.length_bytes;
  const std::uint64_t heap_bytes =
      is_image_alone ? 0 : rounded_up_to_page(length_bytes - range_.length_bytes);
  const std::lock_guard held(heap_lock_);
  if (Status resized = heap_->resize(heap_bytes); !resized.ok()) return resized;
  length_bytes_ = length_bytes;
  return done();
}

Status pagerd_region::forget_heap() {
  if (heap_ == nullptr) return done();
  const std::lock_guard held(heap_lock_);
  if (Status resized = heap_->resize(0); !resized.ok()) return resized;
  length_bytes_ = plan_.part.length_bytes;
  return done();
}
