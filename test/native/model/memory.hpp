#pragma once

#include <linux/userfaultfd.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "descriptors.hpp"
#include "sys/page.hpp"

namespace pagerd::model {

class Fiber;

inline constexpr unsigned pages_max = 16;
inline constexpr std::uint64_t first_address = std::uint64_t{1} << 32;

constexpr std::uint64_t address_of(unsigned page) {
  return first_address + page * sys::page_bytes;
}

// What a page holds, as a number: that of zeros, of an image's page, or of what its client wrote.
using Value = unsigned;
inline constexpr Value zeros = 0;
constexpr Value of_image(std::uint64_t page) { return static_cast<Value>(page) + 1; }
constexpr Value written(unsigned what) { return 100 + what; }

// One page of a client's address space, and beside it the truth about it.
struct Page {
  enum class State : std::uint8_t { missing, present, poisoned };

  bool is_mapped = false;
  bool is_registered = true;  // otherwise the kernel serves it by itself
  State state = State::missing;
  unsigned mapping = 0;  // pages of one mapping have the same number
  Value value = zeros;

  Value emptied = zeros;  // what it reads as once its client has discarded it
  Value wanted = zeros;
  unsigned discards = 0;      // under way: until they are over it may be emptied or what it was
  bool is_ambiguous = false;  // its client has raced with itself: either is right for good
  bool has_ended = false;     // its region's end was announced: nothing may be installed
};

// A thread that waits for a page.
struct Faulter {
  unsigned page;
  bool is_write;
  const Fiber *thread;
  bool is_read = false;
  bool is_woken = false;
};

class Memory;

// A layout event, from when it is raised until its raiser has seen that it was read.
struct LayoutNote {
  uffd_msg message;
  std::shared_ptr<Memory> child;  // of a fork
  bool is_read = false;
};

// A client's address space with the userfaultfd it was registered with, as the kernel keeps both:
// the fake kernel. What clients do to it is in process.hpp, what the engine asks in sys_uffd.cpp.
class Memory final : public Open {
 public:
  bool is_readable() const override { return next_faulter() || next_note(); }
  bool is_userfaultfd() const override { return true; }

  // The current fiber waits until it is woken, interrupted, or its process is dead.
  void wait_for(unsigned page, bool is_write);
  void interrupt(const Fiber &thread);
  void wake(unsigned first, unsigned end);

  // The current fiber waits until somebody has read it. `changing` was raised before.
  void raise(LayoutNote note);
  // Takes the next message: faults come before layout events, however long these have waited.
  bool read(uffd_msg &message);

  // Whether [first, end) is of one registered mapping.
  bool is_one_mapping(unsigned first, unsigned end) const;
  // Of a mapped file: whether it has the page that is mapped there.
  bool has_page_in_file(unsigned page) const {
    return has_in_file && pages[page].is_mapped && has_in_file(pages[page].emptied);
  }
  unsigned new_mapping() { return ++last_mapping_; }

  std::array<Page, pages_max> pages;
  // Layout events that are raised, unread, or read and not yet seen to be by their raisers.
  unsigned changing = 0;
  bool is_dead = false;
  // Discards are counted as changes a moment before their event can be read.
  bool raises_late = false;
  unsigned lacks = 0;  // so many installs find no memory
  // Whether the file that is mapped has a page of that value. Empty for anonymous memory.
  std::function<bool(Value)> has_in_file;
  std::uint64_t layout_features = 0;  // those events that are raised

 private:
  Faulter *next_faulter() const;
  LayoutNote *next_note() const;

  std::vector<Faulter *> faulters_;  // the oldest first; each is its thread's own
  std::deque<LayoutNote *> notes_;   // unread
  unsigned last_mapping_ = 0;
};

}  // namespace pagerd::model
