#include "sys/uffd.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "sys/page.hpp"
#include "sys/uapi.hpp"

namespace pagerd::sys {

namespace {

// `progress` is the ioctl's result field: bytes done, or a negative errno, or (some kernels,
// EAGAIN) 0.
InstallResult name_failure(int code, std::int64_t progress) {
  switch (code) {
    case EAGAIN:
      if (progress > 0) return {Install::partial, static_cast<std::uint64_t>(progress), code};
      return {Install::retry, 0, code};
    case EEXIST:
      return {Install::already_present, 0, code};
    case ENOENT:
      return {Install::unmapped, 0, code};
    case ESRCH:
      return {Install::gone, 0, code};
    case ENOMEM:
    case ENOSPC:
      return {Install::no_memory, 0, code};
    default:
      return {Install::failed, 0, code};
  }
}

Result<std::size_t> messages_in(ssize_t got) {
  if (got >= 0) return static_cast<std::size_t>(got) / sizeof(uffd_msg);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return Error{errno, "reading a userfaultfd"};
}

void check_range(std::uint64_t address, std::uint64_t bytes) {
  PAGERD_CHECK(is_page_aligned(address) && is_page_aligned(bytes));
  PAGERD_CHECK(bytes > 0);
}

}  // namespace

InstallResult uffd_copy(int uffd, std::uint64_t address, const void *source, std::uint64_t bytes) {
  check_range(address, bytes);
  uffdio_copy request{};
  request.dst = address;
  request.src = reinterpret_cast<std::uint64_t>(source);
  request.len = bytes;
  if (::ioctl(uffd, uapi::ioctl_copy, &request) == 0) return {Install::installed, bytes, 0};
  return name_failure(errno, request.copy);
}

InstallResult uffd_zeropage(int uffd, std::uint64_t address, std::uint64_t bytes) {
  check_range(address, bytes);
  uffdio_zeropage request{};
  request.range = {address, bytes};
  if (::ioctl(uffd, uapi::ioctl_zeropage, &request) == 0) return {Install::installed, bytes, 0};
  return name_failure(errno, request.zeropage);
}

InstallResult uffd_continue(int uffd, std::uint64_t address, std::uint64_t bytes) {
  check_range(address, bytes);
  uffdio_continue request{};
  request.range = {address, bytes};
  if (::ioctl(uffd, uapi::ioctl_continue, &request) == 0) return {Install::installed, bytes, 0};
  if (errno == EFAULT) return {Install::hole, 0, EFAULT};
  return name_failure(errno, request.mapped);
}

InstallResult uffd_poison(int uffd, std::uint64_t address, std::uint64_t bytes) {
  check_range(address, bytes);
  uapi::PoisonRequest request{};
  request.range = {address, bytes};
  if (::ioctl(uffd, uapi::ioctl_poison, &request) == 0) return {Install::installed, bytes, 0};
  return name_failure(errno, request.updated_bytes);
}

Status uffd_begin(int uffd, std::uint64_t features) {
  uffdio_api request{UFFD_API, features, 0};
  if (::ioctl(uffd, uapi::ioctl_api, &request) < 0) return Error{errno, "UFFDIO_API"};
  return Nothing{};
}

Status uffd_register(int uffd, std::uint64_t address, std::uint64_t bytes, std::uint64_t modes) {
  check_range(address, bytes);
  uffdio_register request{{address, bytes}, modes, 0};
  if (::ioctl(uffd, uapi::ioctl_register, &request) < 0) return Error{errno, "UFFDIO_REGISTER"};
  return Nothing{};
}

Status uffd_unregister(int uffd, std::uint64_t address, std::uint64_t bytes) {
  check_range(address, bytes);
  uffdio_range range{address, bytes};
  if (::ioctl(uffd, uapi::ioctl_unregister, &range) < 0) return Error{errno, "UFFDIO_UNREGISTER"};
  return Nothing{};
}

bool uffd_wake(int uffd, std::uint64_t address, std::uint64_t bytes) {
  check_range(address, bytes);
  uffdio_range range{address, bytes};
  return ::ioctl(uffd, uapi::ioctl_wake, &range) == 0 || errno != EINVAL;
}

void uffd_wake_everywhere(int uffd) {
  // No process may map what lies below; how far its memory can reach differs with the machine.
  constexpr std::uint64_t lowest = 1 << 20;
  for (unsigned bits = 57; bits > 32; --bits) {
    const std::uint64_t end = (std::uint64_t{1} << bits) - page_bytes;
    if (uffd_wake(uffd, lowest, end - lowest)) return;
  }
}

Probe uffd_probe(int uffd, std::uint64_t address, std::uint64_t bytes) {
  // A page of ours that cannot be read: the kernel looks at the target first, and then fails to
  // copy. Made once, and never taken away.
  static void *const unreadable =
      ::mmap(nullptr, page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  PAGERD_CHECK(unreadable != MAP_FAILED);
  check_range(address, bytes);
  uffdio_copy request{};
  request.dst = address;
  request.src = reinterpret_cast<std::uint64_t>(unreadable);
  request.len = bytes;
  const bool is_copied = ::ioctl(uffd, uapi::ioctl_copy, &request) == 0;
  PAGERD_CHECK(!is_copied);
  switch (errno) {
    case EFAULT:
    case EEXIST:
      return Probe::one_mapping;
    case EAGAIN:
    case ENOMEM:
      return Probe::changing;
    case ESRCH:
      return Probe::gone;
    default:
      return Probe::other;
  }
}

bool uffd_is_gone(int uffd) {
  // The kernel refuses addresses below mmap_min_addr before it looks for the process. What is
  // mapped at this one does not matter.
  constexpr std::uint64_t anywhere = 1 << 20;
  return uffd_probe(uffd, anywhere, page_bytes) == Probe::gone;
}

void uffd_make_ours(int uffd) {
  PAGERD_CHECK(::fcntl(uffd, F_SETFD, FD_CLOEXEC) == 0);
  const int flags = ::fcntl(uffd, F_GETFL);
  PAGERD_CHECK(flags >= 0 && ::fcntl(uffd, F_SETFL, flags | O_NONBLOCK) == 0);
}

bool is_want_of_descriptors(int code) {
  return code == EMFILE || code == ENFILE || code == ENOMEM;
}

Result<std::size_t> uffd_read(int uffd, std::span<uffd_msg> messages) {
  iovec into{messages.data(), messages.size_bytes()};
  return messages_in(::preadv2(uffd, &into, 1, -1, RWF_NOWAIT));
}

Result<std::size_t> uffd_read_child(int uffd, std::span<uffd_msg> messages) {
  return messages_in(::read(uffd, messages.data(), messages.size_bytes()));
}

}  // namespace pagerd::sys
