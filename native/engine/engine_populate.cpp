#include "engine/engine.hpp"

// How clients come to depend on this engine no more.
namespace pagerd::engine {

bool Engine::populate(const std::shared_ptr<AddressSpace> &space, std::uint32_t region,
                      Window range, std::uint64_t bytes_per_second, std::uint32_t request) {
  if (answers_owed_ >= limits::commands_max) return false;
  ++answers_owed_;
  begin(std::make_shared<PrefaultJob>(space, region, request, std::vector{range},
                                      PrefaultFor::detaching, outbox_, Pace(bytes_per_second)));
  return true;
}

bool Engine::unregister(const std::shared_ptr<AddressSpace> &space, std::uint32_t request) {
  if (answers_owed_ >= limits::commands_max) return false;
  ++answers_owed_;
  auto job = std::make_shared<UnregisterJob>(space, request, outbox_);
  if (!fillers_.begin(job)) job->fail("too many prefaults are under way");
  return true;
}

}  // namespace pagerd::engine
