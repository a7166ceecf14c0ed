#include "engine/slices.hpp"

#include "engine/limits.hpp"

namespace pagerd::engine {

namespace {

// How long a space that has faulted is expected to fault again.
constexpr std::uint64_t lately_ns = 100'000'000;

}  // namespace

void Slices::note_read(SpaceId space, std::uint64_t now_ns) {
  if (space != last_space_) other_ns_ = last_ns_;
  last_space_ = space;
  last_ns_ = now_ns;
}

bool Slices::has_others(SpaceId space, std::uint64_t now_ns) const {
  const std::uint64_t met_ns = space == last_space_ ? other_ns_ : last_ns_;
  return met_ns != 0 && now_ns < met_ns + lately_ns;
}

bool Slices::is_full() const { return cuts_.size() >= limits::cut_faults_max; }

std::optional<Slices::Cut> Slices::take() {
  if (cuts_.empty()) return std::nullopt;
  Cut cut = std::move(cuts_.front());
  cuts_.pop_front();
  return cut;
}

}  // namespace pagerd::engine
