#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/fault.hpp"
#include "engine/tally.hpp"
#include "sys/uffd.hpp"

namespace pagerd::engine {

// What pages are installed with: a copy of bytes of ours, zeros, or the pages of the file that the
// client has mapped there.
class Supply {
 public:
  // The bytes of the first page installed, and those behind it.
  static Supply copy_of(const std::byte *bytes) { return Supply(Means::copy, bytes); }
  static Supply zeros() { return Supply(Means::zeropage, nullptr); }
  // For a huge page at most, where the kernel has no page of zeros to install.
  static Supply copied_zeros();
  static Supply file_pages() { return Supply(Means::continue_file, nullptr); }

  // The same, for what comes that much later.
  Supply after(std::uint64_t bytes) const {
    return means_ == Means::copy ? copy_of(bytes_ + bytes) : *this;
  }
  // One ioctl.
  sys::InstallResult install(int uffd, Window range) const;
  void count(PageCounts &counts, std::uint64_t pages) const;

 private:
  enum class Means : std::uint8_t { copy, zeropage, copy_of_zeros, continue_file };

  Supply(Means means, const std::byte *bytes) : means_(means), bytes_(bytes) {}

  Means means_;
  const std::byte *bytes_;
};

// What an attempt to install a window came to.
struct Installed {
  sys::Install outcome;
  PageCounts pages;  // installed, whatever the outcome
  int code;
};

// Installs a window around the faulting page with one ioctl, or a few where pages of it are present
// already. `supply` begins with window.start.
Installed install_window(int uffd, Window window, Window faulting, Supply supply);

// For a write into a private mapping of an image: the faulting page as a private copy at once,
// which spares its thread the kernel's copy-on-write, and around it the image's own pages.
Installed install_written_page(int uffd, Window window, Window faulting, const std::byte *page);

}  // namespace pagerd::engine
