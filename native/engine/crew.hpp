#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/worker.hpp"
#include "sys/joined_thread.hpp"

namespace pagerd::engine {

// Threads that do the same work, of which any can take another's place: when one does not come back
// from the kernel, another is started, and that one goes once it is back.
class Crew {
 public:
  struct Member {
    Worker worker;
    sys::JoinedThread thread;
    std::atomic<int> thread_id{0};  // 0: it has not begun
    std::atomic<bool> is_relieved{false};
    std::atomic<bool> has_left{false};
  };

  // `duty` returns soon after its member is relieved, or the crew is to end.
  explicit Crew(std::function<void(Member &)> duty) : duty_(std::move(duty)) {}

  // What a member has from the beginning.
  struct Place {
    std::uint8_t index;
    Slices *slices = nullptr;
  };

  // Before any thread is started.
  void add(const Place &place);
  sys::Status start();
  // Once every duty is about to return.
  void join();

  // Starts another in this one's place; false when there are too many, or no more to be had.
  bool relieve(Member &held);
  // What a member does between one client and the next, and nobody relieves it meanwhile. False
  // when that has happened.
  template <typename Act>
  bool unless_relieved(const Member &member, Act act) {
    const std::lock_guard lock(mutex_);
    return !member.is_relieved.load() && act();
  }

  template <typename Look>
  void look_at_each(Look look) const {
    const std::lock_guard lock(mutex_);
    for (const auto &member : members_) look(*member);
  }
  // The first that was added.
  Worker &first() const { return members_.front()->worker; }
  // Those that nobody has relieved.
  std::size_t size() const;

 private:
  sys::Status start(Member &member);
  Member *left() const;

  const std::function<void(Member &)> duty_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace pagerd::engine
