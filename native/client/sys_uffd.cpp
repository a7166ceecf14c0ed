#include "client/sys_uffd.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sys/uapi.hpp"

namespace pagerd::client {

namespace uapi = sys::uapi;

namespace {

constexpr int descriptor_flags = O_CLOEXEC | O_NONBLOCK;
constexpr int user_mode_only = 1;  // UFFD_USER_MODE_ONLY
static_assert(user_mode_only == UFFD_USER_MODE_ONLY);

sys::Descriptor from_device(const sys::Descriptor &device) {
  if (!device.is_open()) return {};
  return sys::Descriptor(::ioctl(device.get(), uapi::ioctl_new, descriptor_flags));
}

sys::Descriptor from_own_device() {
  return from_device(sys::Descriptor(::open("/dev/userfaultfd", O_RDWR | O_CLOEXEC)));
}

sys::Descriptor from_system_call(int flags) {
  return sys::Descriptor(static_cast<int>(::syscall(SYS_userfaultfd, descriptor_flags | flags)));
}

// UFFDIO_API, without any event feature but the one that is asked for: this library announces what
// it does to its regions. Events that are not read at once hang madvise, fork and garbage
// collection of the whole process.
bool initialise(const sys::Descriptor &userfault, std::uint64_t features) {
  if (!userfault.is_open()) return false;
  uffdio_api api = {UFFD_API, features, 0};
  return ::ioctl(userfault.get(), uapi::ioctl_api, &api) == 0;
}

constexpr std::uint64_t file_features = UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MINOR_SHMEM;

}  // namespace

// UFFDIO_API works once for each descriptor, so that every try takes a new one. Kernels before 5.14
// refuse the features that mode share needs.
template <typename Make>
Userfault Userfault::initialised(Make make, bool serves_system_calls, Tells tells) {
  const std::uint64_t events = tells == Tells::discards ? UFFD_FEATURE_EVENT_REMOVE : 0;
  Userfault made;
  made.serves_system_calls_ = serves_system_calls;
  for (const bool serves_files : {true, false}) {
    sys::Descriptor descriptor = make();
    if (!initialise(descriptor, events | (serves_files ? file_features : 0))) continue;
    made.descriptor_ = std::move(descriptor);
    made.serves_files_ = serves_files;
    break;
  }
  return made;
}

Result<Userfault> Userfault::create(const sys::Descriptor &device, Tells tells) {
  Userfault made = initialised(from_own_device, true, tells);
  if (!made.is_open()) made = initialised([] { return from_system_call(0); }, true, tells);
  if (!made.is_open()) made = initialised([&] { return from_device(device); }, true, tells);
  if (!made.is_open()) {
    made = initialised([] { return from_system_call(user_mode_only); }, false, tells);
  }
  if (made.is_open()) return made;
  const Failure cause = system_failure("userfaultfd", errno);
  return failure("no_userfaultfd",
                 "No userfaultfd to be had: /dev/userfaultfd, the system call and the manager's "
                 "device all failed, the "
                 "last with %s. `pagerd doctor` says what this system allows",
                 cause.text.c_str());
}

Status Userfault::register_missing(Range range) const {
  return register_for(range, UFFDIO_REGISTER_MODE_MISSING);
}

Status Userfault::register_missing_and_minor(Range range) const {
  return register_for(range, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR);
}

Status Userfault::register_for(Range range, std::uint64_t faults) const {
  uffdio_register request = {{range.start, range.length_bytes}, faults, 0};
  if (::ioctl(descriptor_.get(), uapi::ioctl_register, &request) == 0) return done();
  if (errno == EBUSY) {
    return failure("region_overlap",
                   "Cannot register the %llu bytes at %p: another userfaultfd has them already",
                   static_cast<unsigned long long>(range.length_bytes), range.address());
  }
  return system_failure("registering memory with userfaultfd", errno);
}

Status Userfault::unregister(Range range) const {
  uffdio_range request = {range.start, range.length_bytes};
  if (::ioctl(descriptor_.get(), uapi::ioctl_unregister, &request) == 0) return done();
  return system_failure("unregistering memory from userfaultfd", errno);
}

void Userfault::wake(Range range) const {
  uffdio_range request = {range.start, range.length_bytes};
  // It fails for impossible ranges only; ours was registered.
  (void)::ioctl(descriptor_.get(), uapi::ioctl_wake, &request);
}

}  // namespace pagerd::client
