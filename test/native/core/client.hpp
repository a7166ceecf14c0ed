#pragma once

#include <memory>
#include <optional>

#include "bed.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::test {

struct MapPlan {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;  // 0: up to the image's end
  std::uint64_t window_bytes = 0;
  std::byte *address = nullptr;  // memory that is registered already; null: new memory
  engine::Backing backing = engine::Backing::anonymous;
  engine::OnDiscard on_discard = engine::OnDiscard::zeros;
  std::uint64_t touches_max = 0;
  // 2 MiB: the engine takes the memory for hugetlb's. It need not be: what is installed is alike.
  std::uint64_t page_bytes = sys::page_bytes;
};

// One region as its client sees it.
struct Mapped {
  std::byte *start = nullptr;
  std::uint64_t length_bytes = 0;
  std::uint64_t first_page = 0;  // of the image
  std::shared_ptr<engine::Region> region;

  std::uint64_t pages() const { return length_bytes / sys::page_bytes; }
  std::byte *page(std::uint64_t number) const { return start + number * sys::page_bytes; }
  std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(start); }
  // Touches a page of the region and compares all of it with the image's.
  bool has(const PatternImage &image, std::uint64_t number) const {
    return image.matches(first_page + number, page(number));
  }
  bool has_all(const PatternImage &image) const;
};

// A userfaultfd with all of its features' bits as asked for.
sys::Descriptor open_userfaultfd(std::uint64_t features);
// How many of them this process has open.
std::size_t open_userfaultfds();
std::byte *reserve_memory(std::uint64_t length_bytes, std::uint64_t alignment = sys::page_bytes);
// The image's own file as a client gets and maps it, nothing registered.
std::byte *map_image_file(const Image &image, engine::Backing backing, std::uint64_t offset_bytes,
                          std::uint64_t length_bytes);
void register_memory(const sys::Descriptor &uffd, const void *start, std::uint64_t length_bytes,
                     engine::Backing backing = engine::Backing::anonymous);
// Reads one byte that the compiler may not leave out: this is what takes the fault.
int touch(const std::byte *memory);
// What reading it came to: its value, or nothing where it raised SIGBUS.
std::optional<int> touch_or_bus_error(const std::byte *memory);

// A client within this process: its own copy of a userfaultfd and the memory registered with it,
// attached to the bed's engine under another copy.
class Client {
 public:
  explicit Client(Bed &bed, std::uint64_t features = 0);
  ~Client();
  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  Mapped map(const Image &image, const MapPlan &plan = {});
  // Hands the region in and returns the request, whose answer is still to be awaited.
  std::uint32_t ask_to_map(const Image &image, Mapped &mapped, const MapPlan &plan);
  // Takes the region from the engine, then the memory away.
  void unmap(const Mapped &mapped);
  // Only the former: the memory stays registered.
  void retire(const Mapped &mapped);
  void choose_discard(const Mapped &mapped, engine::OnDiscard on_discard);
  std::uint32_t prefault(const Mapped &mapped, std::uint64_t first_page, std::uint64_t pages);
  std::uint32_t replay(const Mapped &mapped, const std::vector<engine::Touch> &pages);
  // All of it, and what came of that.
  std::string populate(const Mapped &mapped, std::uint64_t bytes_per_second = 1ull << 30);
  std::string unregister();
  void detach();

  Bed &bed;
  sys::Descriptor uffd;
  std::shared_ptr<engine::AddressSpace> space;

 private:
  std::map<std::byte *, std::uint64_t> memory_;
  std::uint32_t last_region_ = 0;
};

}  // namespace pagerd::test
