#include "engine/crew.hpp"

#include <algorithm>

#include "engine/limits.hpp"
#include "sys/check.hpp"
#include "sys/thread.hpp"

namespace pagerd::engine {

void Crew::add(const Place &place) {
  auto member = std::make_unique<Member>();
  member->worker.index = place.index;
  member->worker.slices = place.slices;
  members_.push_back(std::move(member));
}

sys::Status Crew::start() {
  const std::lock_guard lock(mutex_);
  for (const auto &member : members_) {
    auto started = start(*member);
    if (!started.ok()) return started;
  }
  return sys::Nothing{};
}

sys::Status Crew::start(Member &member) {
  member.is_relieved.store(false);
  member.has_left.store(false);
  return member.thread.start([this, &member] {
    member.thread_id.store(sys::this_thread_id());
    duty_(member);
    member.has_left.store(true);
  });
}

void Crew::join() {
  // Nobody is relieved any more.
  for (const auto &member : members_) member->thread.join();
}

bool Crew::relieve(Member &held) {
  const std::lock_guard lock(mutex_);
  if (held.is_relieved.load()) return true;
  Member *stand_in = left();
  if (stand_in == nullptr) {
    if (members_.size() >= limits::crew_max) return false;
    members_.push_back(std::make_unique<Member>());
    stand_in = members_.back().get();
    // It is known by the place that it takes.
    stand_in->worker.index = held.worker.index;
    stand_in->worker.slices = held.worker.slices;
  }
  if (!start(*stand_in).ok()) {
    stand_in->has_left.store(true);
    return false;
  }
  held.is_relieved.store(true);
  return true;
}

// One whose place was taken, and who is back and gone.
Crew::Member *Crew::left() const {
  for (const auto &member : members_) {
    if (member->has_left.load()) return member.get();
  }
  return nullptr;
}

std::size_t Crew::size() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(),
                    [](const auto &member) { return !member->is_relieved.load(); }));
}

}  // namespace pagerd::engine
