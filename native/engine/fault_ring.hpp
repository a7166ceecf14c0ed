#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/fault.hpp"

namespace pagerd::engine {

// One served fault, as the debug socket shows it.
struct FaultRecord {
  std::uint64_t sequence;  // from 1 on, without gaps
  std::uint64_t finished_ns;
  std::uint64_t service_ns;
  std::uint64_t space;
  std::uint64_t address;
  std::uint64_t image_offset_bytes;
  std::uint32_t region;
  std::uint32_t image;
  std::uint32_t pages;
  FaultKind kind;
  Outcome outcome;
  std::uint8_t thread;
  bool is_write;
  bool has_waited_for_fill;
};

// The last faults served. Writers never wait: each takes the next slot and marks it unreadable
// while writing. A writer whose slot is still being written, or has been given to a newer record
// already, drops its own. A reader that meets a slot being written, or overwritten under its eyes,
// leaves it out.
class FaultRing {
 public:
  explicit FaultRing(std::size_t capacity);

  // `record.sequence` is given here.
  void write(FaultRecord record);

  // Records after `sequence`, oldest first, at most `max`; for sequence 0 the newest `max`.
  std::vector<FaultRecord> read_after(std::uint64_t sequence, std::size_t max) const;

 private:
  static constexpr std::size_t words = (sizeof(FaultRecord) + 7) / 8;

  // The record is kept as atomic words so that a torn read is a defined one; `version` tells it.
  struct Slot {
    std::atomic<std::uint64_t> version{0};  // even when whole, odd while it is written
    std::array<std::atomic<std::uint64_t>, words> content{};
  };

  std::unique_ptr<Slot[]> slots_;
  const std::size_t mask_;
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace pagerd::engine
