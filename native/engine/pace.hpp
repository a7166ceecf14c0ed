#pragma once

#include <cstdint>

namespace pagerd::engine {

// A rate that is kept over any stretch of time: whoever has spent more than that waits until it has
// been made up for. Time that nothing was spent in is not saved up.
class Pace {
 public:
  explicit Pace(std::uint64_t bytes_per_second);

  void spend(std::uint64_t bytes, std::uint64_t now_ns);
  // How long to wait from `now_ns` on before more is spent; mostly 0, and then several
  // milliseconds, so that few waits are made of many.
  std::uint64_t wait_ns(std::uint64_t now_ns) const;

 private:
  const double ns_per_byte_;
  std::uint64_t paid_until_ns_ = 0;  // what was spent is made up for by then
};

}  // namespace pagerd::engine
