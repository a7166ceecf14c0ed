#include "engine/unregister.hpp"

namespace pagerd::engine {

UnregisterJob::UnregisterJob(std::shared_ptr<AddressSpace> space, std::uint32_t request,
                             Outbox &outbox)
    : space_(std::move(space)), request_(request), outbox_(outbox) {}

UnregisterJob::~UnregisterJob() {
  outbox_.post({.kind = EventKind::unregistered,
                .space = space_->id(),
                .request = request_,
                .text = failure_});
}

UnregisterJob::Step UnregisterJob::step_slice(FillDesk &, Tally &) {
  if (space_->is_stalled()) return Step::later;
  const AddressSpace::Guard held = space_->try_lock();
  if (!held) return Step::aside;
  if (!is_unregistered_) {
    const std::string reason = space_->unregister(held);
    if (!reason.empty()) return stop(reason);
    is_unregistered_ = true;
  }
  // A thread that discards pages waits until that is read, and nobody else will read it.
  return space_->is_changing(held) ? Step::later : stop("");
}

UnregisterJob::Step UnregisterJob::stop(const std::string &reason) {
  failure_ = reason;
  return Step::done;
}

}  // namespace pagerd::engine
