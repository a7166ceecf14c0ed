#include "engine/fault_ring.hpp"

#include <algorithm>
#include <cstring>

#include "sys/check.hpp"

namespace pagerd::engine {

static_assert(std::is_trivially_copyable_v<FaultRecord>);

namespace {

// Of a slot that holds this record; one less, and so odd, while it is written.
std::uint64_t whole_version(std::uint64_t sequence) { return 2 * sequence; }

}  // namespace

FaultRing::FaultRing(std::size_t capacity)
    : slots_(std::make_unique<Slot[]>(capacity)), mask_(capacity - 1) {
  PAGERD_CHECK(capacity >= 2 && (capacity & (capacity - 1)) == 0);
}

void FaultRing::write(FaultRecord record) {
  record.sequence = last_.fetch_add(1, std::memory_order_relaxed) + 1;
  std::array<std::uint64_t, words> plain{};
  std::memcpy(plain.data(), &record, sizeof record);

  Slot &slot = slots_[record.sequence & mask_];
  const std::uint64_t whole = whole_version(record.sequence);
  std::uint64_t found = slot.version.load(std::memory_order_relaxed);
  const bool is_being_written = found % 2 != 0;
  if (is_being_written || found > whole) return;
  if (!slot.version.compare_exchange_strong(found, whole - 1)) return;
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < words; ++i) {
    slot.content[i].store(plain[i], std::memory_order_relaxed);
  }
  slot.version.store(whole, std::memory_order_release);
}

std::vector<FaultRecord> FaultRing::read_after(std::uint64_t sequence, std::size_t max) const {
  const std::uint64_t last = last_.load(std::memory_order_acquire);
  const std::uint64_t kept = std::min<std::uint64_t>(last, mask_ + 1);
  std::uint64_t from = std::max(sequence + 1, last - kept + 1);
  if (sequence == 0 && last > max) from = std::max(from, last - max + 1);

  std::vector<FaultRecord> records;
  for (std::uint64_t at = from; at <= last && records.size() < max; ++at) {
    const Slot &slot = slots_[at & mask_];
    if (slot.version.load(std::memory_order_acquire) != whole_version(at)) continue;
    std::array<std::uint64_t, words> plain;
    for (std::size_t i = 0; i < words; ++i) {
      plain[i] = slot.content[i].load(std::memory_order_relaxed);
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (slot.version.load(std::memory_order_relaxed) != whole_version(at)) continue;
    FaultRecord &record = records.emplace_back();
    std::memcpy(&record, plain.data(), sizeof record);
  }
  return records;
}

}  // namespace pagerd::engine
