#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/fault.hpp"
#include "sys/uffd.hpp"

namespace pagerd::engine {

// What an attempt to install a window came to.
struct Installed {
  sys::Install outcome;
  std::uint64_t pages;  // installed, whatever the outcome
  int code;
};

// Installs a window around the faulting page with one ioctl, or a few where pages of it are present
// already. Source: the bytes of window.start; null installs zero pages.
Installed install_window(int uffd, Window window, std::uint64_t fault_address,
                         const std::byte *source);

}  // namespace pagerd::engine
