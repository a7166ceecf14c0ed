#pragma once

#include <cstdint>

#include "sys/page.hpp"

namespace pagerd::engine {

enum class FaultKind : std::uint8_t { missing, minor, write_protect };

// How serving a fault ended. `deferred` is no end: the same fault comes back from our own queue.
enum class Outcome : std::uint8_t {
  installed,
  already_present,
  deferred,
  discarded,  // nobody waits for it any more: its region or its client is gone
  failed,     // poisoned
};

// Addresses [start, end) that one ioctl may install, the faulting page among them.
struct Window {
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  std::uint64_t bytes() const { return end - start; }
};

// One fault, from the moment it was read until it has an outcome. A plain value: it moves from
// queue to queue.
struct Fault {
  std::uint64_t address = 0;  // of its page
  std::uint32_t page_bytes = sys::page_bytes;
  std::uint64_t read_ns = 0;
  Window window;  // empty until the region has chosen one
  FaultKind kind = FaultKind::missing;
  bool is_write = false;
  std::uint8_t deferrals = 0;
  // That its source failed at, of fills that held its page.
  std::uint16_t attempts = 0;
  bool has_waited_for_fill = false;
  // Some slices of its window are installed, of so many pages, and the window is what is left.
  bool is_cut = false;
  std::uint32_t cut_pages = 0;

  // What has to be there for its thread to go on.
  Window page() const { return {address, address + page_bytes}; }
  // It is in memory of larger pages.
  void enlarge_to(Window page) {
    address = page.start;
    page_bytes = static_cast<std::uint32_t>(page.bytes());
  }
};

}  // namespace pagerd::engine
