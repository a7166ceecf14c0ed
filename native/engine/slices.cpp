#include "engine/slices.hpp"

#include "engine/limits.hpp"

namespace pagerd::engine {

namespace {

// How long a space that has faulted is expected to fault again.
constexpr std::uint64_t lately_ns = 100'000'000;

}  // namespace

void Slices::note_read(SpaceId space, std::uint64_t now_ns) {
  constexpr auto relaxed = std::memory_order_relaxed;
  if (space != last_space_.load(relaxed)) other_ns_.store(last_ns_.load(relaxed), relaxed);
  last_space_.store(space, relaxed);
  last_ns_.store(now_ns, relaxed);
}

bool Slices::has_others(SpaceId space, std::uint64_t now_ns) const {
  constexpr auto relaxed = std::memory_order_relaxed;
  const bool was_other = space != last_space_.load(relaxed);
  const std::uint64_t met_ns = was_other ? last_ns_.load(relaxed) : other_ns_.load(relaxed);
  return met_ns != 0 && now_ns < met_ns + lately_ns;
}

bool Slices::is_full() const {
  return count_.load(std::memory_order_relaxed) >= limits::cut_faults_max;
}

void Slices::add(Cut cut) {
  const std::lock_guard lock(mutex_);
  cuts_.push_back(std::move(cut));
  count_.store(cuts_.size(), std::memory_order_relaxed);
}

std::optional<Slices::Cut> Slices::take() {
  if (is_empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (cuts_.empty()) return std::nullopt;
  Cut cut = std::move(cuts_.front());
  cuts_.pop_front();
  count_.store(cuts_.size(), std::memory_order_relaxed);
  return cut;
}

}  // namespace pagerd::engine
