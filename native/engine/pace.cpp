#include "engine/pace.hpp"

#include <algorithm>

#include "sys/check.hpp"

namespace pagerd::engine {

namespace {

// What may be spent ahead of time, in time.
constexpr std::uint64_t ahead_ns_max = 4'000'000;

}  // namespace

Pace::Pace(std::uint64_t bytes_per_second)
    : ns_per_byte_(1e9 / static_cast<double>(bytes_per_second)) {
  PAGERD_CHECK(bytes_per_second > 0);
}

void Pace::spend(std::uint64_t bytes, std::uint64_t now_ns) {
  const auto cost_ns = static_cast<std::uint64_t>(static_cast<double>(bytes) * ns_per_byte_);
  paid_until_ns_ = std::max(paid_until_ns_, now_ns) + cost_ns;
}

std::uint64_t Pace::wait_ns(std::uint64_t now_ns) const {
  return paid_until_ns_ > now_ns + ahead_ns_max ? paid_until_ns_ - now_ns : 0;
}

}  // namespace pagerd::engine
