#include "sys/closer.hpp"

#include <algorithm>
#include <thread>

#include "sys/check.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::sys {

namespace {

constexpr std::size_t threads_max = 8;
constexpr std::size_t threads_per_user_max = 2;

}  // namespace

void Closer::close(int descriptor, uid_t owner) {
  const std::lock_guard held(lock_);
  backlogs_[owner].waiting.push_back(descriptor);
  if (idle_threads_ == 0 && threads_ < threads_max) {
    threads_ += 1;
    std::thread([this] { work(); }).detach();
  }
  has_work_.notify_one();
}

std::size_t Closer::closing_for(uid_t owner) {
  const std::lock_guard held(lock_);
  const auto found = backlogs_.find(owner);
  if (found == backlogs_.end()) return 0;
  return found->second.waiting.size() + found->second.being_closed;
}

Closer::Backlogs::iterator Closer::next() {
  return std::find_if(backlogs_.begin(), backlogs_.end(), [](const auto &entry) {
    const Backlog &backlog = entry.second;
    return !backlog.waiting.empty() && backlog.being_closed < threads_per_user_max;
  });
}

void Closer::work() {
  std::unique_lock held(lock_);
  for (;;) {
    idle_threads_ += 1;
    has_work_.wait(held, [this] { return next() != backlogs_.end(); });
    idle_threads_ -= 1;
    // Its entry stays where it is while one of its descriptors is being closed.
    const auto mine = next();
    const int descriptor = mine->second.waiting.front();
    mine->second.waiting.pop_front();
    mine->second.being_closed += 1;

    held.unlock();
    close_descriptor(descriptor);
    held.lock();

    PAGERD_CHECK(mine->second.being_closed > 0);
    mine->second.being_closed -= 1;
    if (mine->second.being_closed == 0 && mine->second.waiting.empty()) backlogs_.erase(mine);
  }
}

}  // namespace pagerd::sys
