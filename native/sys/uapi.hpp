#pragma once

// The userfaultfd interface of Linux 6.18, as far as pagerd uses it. Debian 12's headers are of
// 6.1; what they lack is defined here, and what they have is compared with these figures, because a
// wrong number fails silently: a manager that once shipped a wrong WAKE had every wake answered
// with EINVAL.

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include <cstdint>

namespace pagerd::sys::uapi {

inline constexpr unsigned long ioctl_new = 0xAA00;  // USERFAULTFD_IOC_NEW on /dev/userfaultfd
inline constexpr unsigned long ioctl_api = 0xC018AA3F;     // _IOWR(0xAA, 0x3F, 24)
inline constexpr unsigned long ioctl_register = 0xC020AA00;
inline constexpr unsigned long ioctl_unregister = 0x8010AA01;
inline constexpr unsigned long ioctl_wake = 0x8010AA02;
inline constexpr unsigned long ioctl_copy = 0xC028AA03;
inline constexpr unsigned long ioctl_zeropage = 0xC020AA04;
inline constexpr unsigned long ioctl_writeprotect = 0xC018AA06;
inline constexpr unsigned long ioctl_continue = 0xC020AA07;
inline constexpr unsigned long ioctl_poison = 0xC020AA08;

static_assert(ioctl_api == UFFDIO_API);
static_assert(ioctl_register == UFFDIO_REGISTER);
static_assert(ioctl_unregister == UFFDIO_UNREGISTER);
static_assert(ioctl_wake == UFFDIO_WAKE);
static_assert(ioctl_copy == UFFDIO_COPY);
static_assert(ioctl_zeropage == UFFDIO_ZEROPAGE);
static_assert(ioctl_writeprotect == UFFDIO_WRITEPROTECT);
static_assert(ioctl_continue == UFFDIO_CONTINUE);
#ifdef UFFDIO_POISON
static_assert(ioctl_poison == UFFDIO_POISON);
#endif

inline constexpr std::uint64_t feature_event_fork = 1u << 1;
inline constexpr std::uint64_t feature_event_remap = 1u << 2;
inline constexpr std::uint64_t feature_event_remove = 1u << 3;
inline constexpr std::uint64_t feature_event_unmap = 1u << 6;
// Those with which installing has to wait for the client to change its layout.
inline constexpr std::uint64_t layout_features =
    feature_event_fork | feature_event_remap | feature_event_remove | feature_event_unmap;
// fdinfo shows it once UFFDIO_API was done; the kernel keeps it among the features.
inline constexpr std::uint64_t feature_initialised = 1u << 31;

static_assert(feature_event_fork == UFFD_FEATURE_EVENT_FORK);
static_assert(feature_event_remap == UFFD_FEATURE_EVENT_REMAP);
static_assert(feature_event_remove == UFFD_FEATURE_EVENT_REMOVE);
static_assert(feature_event_unmap == UFFD_FEATURE_EVENT_UNMAP);

// Not in the 6.1 header.
struct PoisonRequest {
  uffdio_range range;
  std::uint64_t mode;
  std::int64_t updated_bytes;
};

static_assert(sizeof(PoisonRequest) == 32);
static_assert(sizeof(uffdio_copy) == 40);
static_assert(sizeof(uffdio_zeropage) == 32);
static_assert(sizeof(uffdio_continue) == 32);
static_assert(sizeof(uffd_msg) == 32);

}  // namespace pagerd::sys::uapi
