#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "engine/fault.hpp"

namespace pagerd::engine {

// A counter many threads raise and any may read. The values are for people: nothing is ordered by
// them.
class Counter {
 public:
  void add(std::uint64_t amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void clear() { value_.store(0, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Percentiles in nanoseconds.
struct Latency {
  std::uint64_t count = 0;
  std::uint64_t p50 = 0;
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t max = 0;
};

// Durations in buckets whose width is a sixteenth of their power of two: a percentile is at most 6
// % too high.
class Histogram {
 public:
  void record(std::uint64_t nanoseconds);
  void add(const Histogram &other);
  Latency latency() const;

  static constexpr unsigned sub_buckets = 16;
  static constexpr unsigned powers = 40;  // up to 2^43 ns, more than two hours

 private:
  std::array<Counter, sub_buckets * powers> buckets_;
  std::atomic<std::uint64_t> max_{0};
};

// Pages that were installed, by what they were installed with.
struct PageCounts {
  std::uint64_t copied = 0;
  std::uint64_t zeroed = 0;
  std::uint64_t continued = 0;

  std::uint64_t all() const { return copied + zeroed + continued; }
};

// What was counted of the faults of one address space, or of all of them.
struct Tally {
  std::array<Counter, 3> kinds;     // by FaultKind
  std::array<Counter, 5> outcomes;  // by Outcome
  Counter pages_copied;
  Counter pages_zeroed;
  Counter pages_continued;
  Counter pages_poisoned;
  Histogram service;

  void add(const Tally &other);
  void count(const PageCounts &pages);
  void count(FaultKind kind) { kinds[static_cast<unsigned>(kind)].add(1); }
  void count(Outcome outcome) { outcomes[static_cast<unsigned>(outcome)].add(1); }
};

}  // namespace pagerd::engine
