#include "engine/tally.hpp"

#include <algorithm>
#include <bit>

#include "sys/check.hpp"

namespace pagerd::engine {

namespace {

constexpr unsigned sub_bits = 4;
static_assert(1u << sub_bits == Histogram::sub_buckets);

unsigned bucket_of(std::uint64_t value) {
  if (value < Histogram::sub_buckets) return static_cast<unsigned>(value);
  const unsigned power = static_cast<unsigned>(std::bit_width(value)) - 1 - sub_bits;
  const auto sub = static_cast<unsigned>(value >> power) - Histogram::sub_buckets;
  const unsigned bucket = (power + 1) * Histogram::sub_buckets + sub;
  return std::min(bucket, Histogram::sub_buckets * Histogram::powers - 1);
}

// The highest value that falls into the bucket.
std::uint64_t bucket_ceiling(unsigned bucket) {
  if (bucket < Histogram::sub_buckets) return bucket;
  const unsigned power = bucket / Histogram::sub_buckets - 1;
  const std::uint64_t sub = bucket % Histogram::sub_buckets + Histogram::sub_buckets;
  return ((sub + 1) << power) - 1;
}

}  // namespace

void Histogram::record(std::uint64_t nanoseconds) {
  buckets_[bucket_of(nanoseconds)].add(1);
  std::uint64_t seen = max_.load(std::memory_order_relaxed);
  while (nanoseconds > seen && !max_.compare_exchange_weak(seen, nanoseconds)) {
  }
}

void Histogram::add(const Histogram &other) {
  for (unsigned i = 0; i < buckets_.size(); ++i) buckets_[i].add(other.buckets_[i].get());
  const std::uint64_t seen = other.max_.load(std::memory_order_relaxed);
  if (seen > max_.load(std::memory_order_relaxed)) max_.store(seen, std::memory_order_relaxed);
}

Latency Histogram::latency() const {
  std::array<std::uint64_t, sub_buckets * powers> counts;
  std::uint64_t total = 0;
  for (unsigned i = 0; i < counts.size(); ++i) total += counts[i] = buckets_[i].get();
  const std::uint64_t max = max_.load(std::memory_order_relaxed);
  if (total == 0) return {};

  const auto percentile = [&](std::uint64_t percent) {
    const std::uint64_t rank = (total * percent + 99) / 100;
    std::uint64_t below = 0;
    for (unsigned i = 0; i < counts.size(); ++i) {
      below += counts[i];
      if (below >= rank) return std::min(bucket_ceiling(i), max);
    }
    return max;
  };
  return {total, percentile(50), percentile(90), percentile(99), max};
}

void Tally::count(const PageCounts &pages) {
  if (pages.copied != 0) pages_copied.add(pages.copied);
  if (pages.zeroed != 0) pages_zeroed.add(pages.zeroed);
  if (pages.continued != 0) pages_continued.add(pages.continued);
}

void Tally::add(const Tally &other) {
  for (unsigned i = 0; i < kinds.size(); ++i) kinds[i].add(other.kinds[i].get());
  for (unsigned i = 0; i < outcomes.size(); ++i) outcomes[i].add(other.outcomes[i].get());
  pages_copied.add(other.pages_copied.get());
  pages_zeroed.add(other.pages_zeroed.get());
  pages_continued.add(other.pages_continued.get());
  pages_poisoned.add(other.pages_poisoned.get());
  service.add(other.service);
}

}  // namespace pagerd::engine
