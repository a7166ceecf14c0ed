#include "client.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sys/file.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

using sys::page_bytes;

namespace {

// What core_test.ts knows as: this user may have no userfaultfd.
constexpr int denied_code = 77;

constexpr std::uint64_t shared_memory_features =
    UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MINOR_SHMEM;

thread_local sigjmp_buf before_touch;

void leave_touch(int) { ::siglongjmp(before_touch, 1); }

}  // namespace

sys::Descriptor open_userfaultfd(std::uint64_t features) {
  sys::Descriptor uffd(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK)));
  if (!uffd.is_open() && errno == EPERM) ::_exit(denied_code);
  EXPECT(uffd.is_open());
  uffdio_api api{};
  api.api = UFFD_API;
  api.features = features;
  EXPECT(::ioctl(uffd.get(), sys::uapi::ioctl_api, &api) == 0);
  return uffd;
}

std::size_t open_userfaultfds() {
  DIR *directory = ::opendir("/proc/self/fd");
  EXPECT(directory != nullptr);
  std::size_t count = 0;
  while (const dirent *entry = ::readdir(directory)) {
    char target[64] = {};
    const std::string path = std::string("/proc/self/fd/") + entry->d_name;
    if (::readlink(path.c_str(), target, sizeof target - 1) < 0) continue;
    if (std::string(target) == "anon_inode:[userfaultfd]") ++count;
  }
  ::closedir(directory);
  return count;
}

std::byte *reserve_memory(std::uint64_t length_bytes, std::uint64_t alignment) {
  const std::uint64_t room = length_bytes + alignment - page_bytes;
  void *start = ::mmap(nullptr, room, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  EXPECT(start != MAP_FAILED);
  auto *const first = static_cast<std::byte *>(start);
  const std::uint64_t before = -reinterpret_cast<std::uint64_t>(start) & (alignment - 1);
  const std::uint64_t behind = room - before - length_bytes;
  if (before > 0) EXPECT(::munmap(first, before) == 0);
  if (behind > 0) EXPECT(::munmap(first + before + length_bytes, behind) == 0);
  return first + before;
}

std::byte *map_image_file(const Image &image, engine::Backing backing, std::uint64_t offset_bytes,
                          std::uint64_t length_bytes) {
  auto file = image->image().open_for_client();
  EXPECT(file.ok());
  const int sharing = backing == engine::Backing::image_shared ? MAP_SHARED : MAP_PRIVATE;
  void *start = ::mmap(nullptr, length_bytes, PROT_READ | PROT_WRITE, sharing, file.value().get(),
                       static_cast<off_t>(offset_bytes));
  EXPECT(start != MAP_FAILED);
  return static_cast<std::byte *>(start);
}

void register_memory(const sys::Descriptor &uffd, const void *start, std::uint64_t length_bytes,
                     engine::Backing backing) {
  uffdio_register request{};
  request.range = {reinterpret_cast<std::uint64_t>(start), length_bytes};
  request.mode = UFFDIO_REGISTER_MODE_MISSING;
  if (backing != engine::Backing::anonymous) request.mode |= UFFDIO_REGISTER_MODE_MINOR;
  EXPECT(::ioctl(uffd.get(), sys::uapi::ioctl_register, &request) == 0);
}

int touch(const std::byte *memory) {
  return std::to_integer<int>(*static_cast<const volatile std::byte *>(memory));
}

std::optional<int> touch_or_bus_error(const std::byte *memory) {
  struct sigaction action {};
  action.sa_handler = leave_touch;
  EXPECT(::sigaction(SIGBUS, &action, nullptr) == 0);
  if (sigsetjmp(before_touch, 1) != 0) return std::nullopt;
  return touch(memory);
}

bool Mapped::has_all(const PatternImage &image) const {
  for (std::uint64_t number = 0; number < pages(); ++number) {
    if (!has(image, number)) return false;
  }
  return true;
}

Client::Client(Bed &bed, std::uint64_t features)
    : bed(bed), uffd(open_userfaultfd(features | shared_memory_features)) {
  auto copy = sys::duplicate_descriptor(uffd.get());
  EXPECT(copy.ok());
  space = bed.engine().attach(copy.take(), features & sys::uapi::layout_features, -1);
  EXPECT(space != nullptr);
}

Client::~Client() {
  if (space) detach();
  uffd.reset();
  for (const auto &[start, length_bytes] : memory_) ::munmap(start, length_bytes);
}

Mapped Client::map(const Image &image, const MapPlan &plan) {
  Mapped mapped;
  bed.await(EventKind::mapped, ask_to_map(image, mapped, plan));
  return mapped;
}

std::uint32_t Client::ask_to_map(const Image &image, Mapped &mapped, const MapPlan &plan) {
  const std::uint64_t image_bytes = image->image().pages() * page_bytes;
  mapped.length_bytes =
      plan.length_bytes != 0 ? plan.length_bytes : image_bytes - plan.offset_bytes;
  mapped.first_page = plan.offset_bytes / page_bytes;
  mapped.start = plan.address;
  if (mapped.start == nullptr) {
    const std::uint64_t offset = plan.offset_bytes;
    mapped.start = plan.backing == engine::Backing::anonymous
                       ? reserve_memory(mapped.length_bytes, plan.page_bytes)
                       : map_image_file(image, plan.backing, offset, mapped.length_bytes);
    memory_[mapped.start] = mapped.length_bytes;
    register_memory(uffd, mapped.start, mapped.length_bytes, plan.backing);
  }
  const engine::RegionPlan region{++last_region_,     mapped.address(),
                                  mapped.length_bytes, plan.offset_bytes,
                                  plan.window_bytes,   bed.engine().window_bytes_default(),
                                  plan.backing,        plan.on_discard,
                                  plan.touches_max,    plan.page_bytes};
  mapped.region = std::make_shared<engine::Region>(region, image);
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().map(space, mapped.region, request));
  return request;
}

void Client::retire(const Mapped &mapped) {
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().unmap(space, mapped.region->id(), request));
  bed.await(EventKind::unmapped, request);
}

void Client::unmap(const Mapped &mapped) {
  retire(mapped);
  EXPECT(::munmap(mapped.start, mapped.length_bytes) == 0);
  memory_.erase(mapped.start);
}

void Client::choose_discard(const Mapped &mapped, engine::OnDiscard on_discard) {
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().choose_discard(space, mapped.region->id(), on_discard, request));
  bed.await(EventKind::discard_chosen, request);
}

std::uint32_t Client::prefault(const Mapped &mapped, std::uint64_t first_page,
                               std::uint64_t pages) {
  const std::uint64_t start = mapped.address() + first_page * page_bytes;
  const std::uint32_t request = bed.next_request();
  const engine::Window range{start, start + pages * page_bytes};
  EXPECT(bed.engine().prefault(space, mapped.region->id(), range, request));
  return request;
}

std::uint32_t Client::replay(const Mapped &mapped, const std::vector<engine::Touch> &pages) {
  std::vector<engine::Window> ranges;
  for (const auto &[first, count] : pages) {
    const std::uint64_t start = mapped.address() + first * page_bytes;
    ranges.push_back({start, start + count * page_bytes});
  }
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().replay(space, mapped.region->id(), std::move(ranges), request));
  return request;
}

std::string Client::populate(const Mapped &mapped, std::uint64_t bytes_per_second) {
  const std::uint32_t request = bed.next_request();
  const engine::Window range = mapped.region->range();
  EXPECT(bed.engine().populate(space, mapped.region->id(), range, bytes_per_second, request));
  return bed.await(EventKind::prefaulted, request).text;
}

std::string Client::unregister() {
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().unregister(space, request));
  return bed.await(EventKind::unregistered, request).text;
}

void Client::detach() {
  const auto id = space->id();
  bed.engine().detach(space);
  space.reset();
  EXPECT_EQUAL(bed.await(EventKind::detached).space, id);
}

}  // namespace pagerd::test
