#pragma once

#include <cstdint>
#include <optional>

#include "client/failure.hpp"
#include "sys/descriptor.hpp"

// The system calls on this process's own memory. All ranges are whole pages.
namespace pagerd::client {

struct Range {
  std::uintptr_t start = 0;
  std::uint64_t length_bytes = 0;

  std::uintptr_t end() const { return start + length_bytes; }
  void *address() const { return reinterpret_cast<void *>(start); }
};

// New private anonymous memory, readable and writable, that no swap space was set aside for.
Result<Range> map_anonymous(std::uint64_t length_bytes);

// Addresses that are taken, and that nobody may touch.
Result<Range> reserve(std::uint64_t length_bytes);

enum class FileAccess { none, read_and_write };

// A part of an image's file, of the length of the range it is mapped over.
struct FileView {
  int number;
  std::uint64_t offset_bytes;
  FileAccess access;
  bool is_shared;  // writes go to the file
};

// Replaces whatever is mapped there by a file, in one step. After a failure it is as it was, or
// with older kernels nothing is mapped there.
Status map_file_over(Range range, const FileView &view);

// Puts memory nobody may touch in place of what is mapped somewhere, in one step: no moment exists
// in which the range is free for others or reads as zeros. A registration with a userfaultfd ends
// with the mapping it was of; whoever waits there has to be woken.
//
// Others may still change the protection, as V8 does when a WebAssembly.Memory grows. So what is
// mapped is a file without a byte: a touch is SIGSEGV now and SIGBUS then, and never zeros. Ranges
// side by side that one seal was put over are one mapping.
class Seal {
 public:
  Seal();
  Status put_over(Range range) const;

 private:
  sys::Descriptor empty_;
};

// Gives the addresses back.
Status give_back(Range range);

// Nobody may touch the pages from now on; what they hold, and their registration, stay.
Status forbid(Range range);

// Everybody may read and write.
Status permit(Range range);

// Brings the pages that are not here yet, where the kernel itself can.
Status populate(Range range);

// Drops the pages, locked ones too: a registered range is missing afterwards, and faults.
Status drop_pages(Range range);

// A forked child does not get the range. It has no registration there, so that it would read zeros.
Status keep_from_children(Range range);

// Says no to file and shared mappings, huge page pools and holes: dropping their pages would not
// make them missing.
Status require_private_anonymous(Range range);

// The first run of pages that are neither in memory nor swapped out, if there is any. Poisoned
// pages count as there: they answer with SIGBUS, never with zeros.
Result<std::optional<Range>> first_missing_run(Range range);

}  // namespace pagerd::client
