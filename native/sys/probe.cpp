#include "sys/probe.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sys/process.hpp"
#include "sys/uapi.hpp"

namespace pagerd::sys {

namespace {

constexpr std::size_t probed_bytes = 4'096;

// One page of a memfd in this process, gone with the object.
class ProbedPage {
 public:
  explicit ProbedPage(int memfd)
      : address_(::mmap(nullptr, probed_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, memfd, 0)) {}
  ProbedPage(const ProbedPage &) = delete;
  ProbedPage &operator=(const ProbedPage &) = delete;
  ~ProbedPage() {
    if (is_mapped()) ::munmap(address_, probed_bytes);
  }
  bool is_mapped() const { return address_ != MAP_FAILED; }
  std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(address_); }

 private:
  void *address_;
};

Result<Descriptor> make_from_device() {
  Result<Descriptor> device = open_userfaultfd_device();
  if (!device.ok()) return device;
  Descriptor made(::ioctl(device.value().get(), uapi::ioctl_new, O_CLOEXEC | O_NONBLOCK));
  if (!made.is_open()) return Error{errno, "USERFAULTFD_IOC_NEW"};
  return made;
}

Result<Descriptor> make_by_system_call(int flags) {
  Descriptor made(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | flags)));
  if (!made.is_open()) return Error{errno, "userfaultfd"};
  return made;
}

int errno_of(const Result<Descriptor> &made) { return made.ok() ? 0 : made.error().code; }

// Asking for no feature makes the kernel name all of those it offers.
std::uint64_t offered_features(int userfaultfd) {
  uffdio_api request{};
  request.api = UFFD_API;
  return ::ioctl(userfaultfd, uapi::ioctl_api, &request) < 0 ? 0 : request.features;
}

std::uint64_t offered_ioctls(int userfaultfd, int memfd) {
  const ProbedPage page(memfd);
  if (!page.is_mapped()) return 0;
  uffdio_register request{};
  request.range = {page.address(), probed_bytes};
  request.mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR;
  return ::ioctl(userfaultfd, uapi::ioctl_register, &request) < 0 ? 0 : request.ioctls;
}

Result<Descriptor> make_memfd() {
  Descriptor memfd(::memfd_create("pagerd-probe", MFD_CLOEXEC));
  if (!memfd.is_open() || ::ftruncate(memfd.get(), probed_bytes) < 0) {
    return Error{errno, "memfd_create"};
  }
  return memfd;
}

}  // namespace

KernelProbe probe_kernel() {
  Result<Descriptor> from_device = make_from_device();
  Result<Descriptor> by_system_call = make_by_system_call(0);
  Result<Descriptor> user_mode_only = make_by_system_call(UFFD_USER_MODE_ONLY);
  Result<Descriptor> memfd = make_memfd();

  KernelProbe probe;
  probe.device_errno = errno_of(from_device);
  probe.system_call_errno = errno_of(by_system_call);
  probe.user_mode_errno = errno_of(user_mode_only);
  probe.memfd_errno = errno_of(memfd);

  const Descriptor *best = nullptr;
  if (from_device.ok()) {
    probe.way = UserfaultfdWay::device;
    best = &from_device.value();
  } else if (by_system_call.ok()) {
    probe.way = UserfaultfdWay::system_call;
    best = &by_system_call.value();
  } else if (user_mode_only.ok()) {
    probe.way = UserfaultfdWay::user_mode_only;
    best = &user_mode_only.value();
  }
  if (best) probe.features = offered_features(best->get());
  if (best && memfd.ok()) probe.ioctls = offered_ioctls(best->get(), memfd.value().get());
  return probe;
}

}  // namespace pagerd::sys
