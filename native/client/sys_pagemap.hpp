#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "client/failure.hpp"
#include "client/sys_memory.hpp"
#include "sys/descriptor.hpp"

// The system call that tells which of this process's pages are its own.
namespace pagerd::client {

// Whose pages are looked for. Of a private mapping of a file, the pages that are no longer the
// file's; of anonymous memory, all there are.
enum class Wanted { private_copies, all };

// Pages side by side. Zero ones are the kernel's one page of zeros: nobody wrote there, or the
// kernel has found only zeros in what was written (KSM and split huge pages end so).
struct PageRun {
  Range range;
  bool is_zero = false;
};

// What one look found, from the start of a range on.
struct PageRuns {
  std::array<PageRun, 128> runs;
  std::size_t count = 0;
  Range rest;  // not looked at yet: there was no room for more runs
};

// /proc/self/pagemap, opened when it is first asked. Owned by the client; of no use in a forked
// child, where it still shows the parent. Any thread may ask.
class Pagemap {
 public:
  // A page counts when it is in memory *or* swapped out; so do poisoned ones. Fails where the
  // kernel is older than 6.7 or the file cannot be opened; the same is then true of later calls.
  Status find(Range range, Wanted wanted, PageRuns &found) const;

  static Pagemap open();
  Pagemap() = default;

 private:
  explicit Pagemap(sys::Descriptor file) : file_(std::move(file)) {}
  sys::Descriptor file_;
};

}  // namespace pagerd::client
