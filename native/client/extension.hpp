#pragma once

#include <cstdint>
#include <memory>

#include "client/failure.hpp"
#include "client/sys_memory.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::client {

// The heap behind a region's image: a file in memory of this process alone, mapped once at the
// largest size it may have. What the file is long enough for is memory that begins as zeros;
// touching what lies beyond is SIGBUS. So a heap grows and shrinks by the file's length, with no
// change of the address space, and what is cut off is zeros when it comes back. Owned by its
// region, which calls it from one thread at a time.
class Extension {
 public:
  // Over addresses that are reserved for it. Its length is 0.
  static Result<std::unique_ptr<Extension>> create(Range room);

  // One system call; none when the length is that already. Whole pages, within the room.
  Status resize(std::uint64_t length_bytes);

  Range room() const { return room_; }

 private:
  Extension(Range room, sys::Descriptor file) : room_(room), file_(std::move(file)) {}

  const Range room_;
  const sys::Descriptor file_;
  std::uint64_t length_bytes_ = 0;
};

}  // namespace pagerd::client
