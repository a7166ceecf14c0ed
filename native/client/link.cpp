#include "client/link.hpp"

namespace pagerd::client {

bool Link::begin_sending(Patience &patience) {
  std::unique_lock held(lock_);
  const auto from = std::chrono::steady_clock::now();
  changed_.wait_for(held, patience.left(),
                    [&] { return state_ == LinkState::up || state_ == LinkState::over; });
  patience.spend(std::chrono::steady_clock::now() - from);
  if (state_ != LinkState::up) return false;
  ++senders_;
  return true;
}

bool Link::begin_sending_unless_away() {
  std::unique_lock held(lock_);
  changed_.wait(held, [&] { return state_ != LinkState::resuming; });
  if (state_ != LinkState::up) return false;
  ++senders_;
  return true;
}

void Link::end_sending() {
  const std::lock_guard held(lock_);
  --senders_;
  changed_.notify_all();
}

bool Link::enter(LinkState state) {
  std::unique_lock held(lock_);
  changed_.wait(held, [&] { return senders_ == 0; });
  if (state_ == LinkState::over) return false;
  state_ = state;
  changed_.notify_all();
  return true;
}

void Link::end() {
  const std::lock_guard held(lock_);
  state_ = LinkState::over;
  changed_.notify_all();
}

bool Link::pause(std::chrono::milliseconds time) {
  std::unique_lock held(lock_);
  changed_.wait_for(held, time, [&] { return state_ == LinkState::over; });
  return state_ != LinkState::over;
}

}  // namespace pagerd::client
