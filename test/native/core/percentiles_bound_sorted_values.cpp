#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "claim.hpp"
#include "engine/tally.hpp"

namespace pagerd::test {

namespace {

// Never below the true value of that rank, and a sixteenth above it at most.
void expect_near(std::uint64_t found, const std::vector<std::uint64_t> &sorted, unsigned percent) {
  const std::uint64_t rank = (sorted.size() * percent + 99) / 100;
  const std::uint64_t wanted = sorted[rank - 1];
  EXPECT(found >= wanted);
  EXPECT(found <= wanted + wanted / 16);
}

void check(std::vector<std::uint64_t> values) {
  const auto whole = std::make_unique<engine::Histogram>();
  const auto half = std::make_unique<engine::Histogram>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    (i % 2 == 0 ? *whole : *half).record(values[i]);
  }
  whole->add(*half);
  std::sort(values.begin(), values.end());
  const engine::Latency latency = whole->latency();
  EXPECT_EQUAL(latency.count, values.size());
  EXPECT_EQUAL(latency.max, values.back());
  expect_near(latency.p50, values, 50);
  expect_near(latency.p90, values, 90);
  expect_near(latency.p99, values, 99);
}

}  // namespace

CLAIM(percentiles_bound_sorted_values) {
  std::mt19937_64 random(3);
  for (const std::size_t count : {1u, 2u, 3u, 10u, 99u, 100u, 101u, 5000u}) {
    for (unsigned bits = 1; bits <= 43; bits += 3) {
      std::vector<std::uint64_t> values;
      for (std::size_t i = 0; i < count; ++i) {
        values.push_back((random() & ((std::uint64_t{1} << 43) - 1)) >> (43 - bits));
      }
      check(values);
    }
  }
  // The corners of the buckets.
  std::vector<std::uint64_t> corners;
  for (unsigned power = 0; power < 43; ++power) {
    for (const int step : {-1, 0, 1}) corners.push_back((std::uint64_t{1} << power) + step);
  }
  check(corners);
  for (const std::uint64_t value : corners) check({value});

  const auto histogram = std::make_unique<engine::Histogram>();
  EXPECT_EQUAL(histogram->latency().count, 0);
  EXPECT_EQUAL(histogram->latency().p99, 0);
  // Beyond the last bucket: counted, and the greatest is exact all the same.
  histogram->record(~std::uint64_t{0});
  EXPECT_EQUAL(histogram->latency().count, 1);
  EXPECT_EQUAL(histogram->latency().max, ~std::uint64_t{0});
}

}  // namespace pagerd::test
