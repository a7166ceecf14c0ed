#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "engine/commands.hpp"
#include "engine/crew.hpp"
#include "engine/spaces.hpp"
#include "sys/thread.hpp"

namespace pagerd::engine {

// Looks after the threads that may wait for a client: to install a page the kernel takes the lock
// of the client's mappings, and a client can keep that for as long as it likes. When a thread has
// been about one thing for held_ns, asleep, another takes its place, and nobody enters that space
// until it is back. Does nothing itself that a client could hold up.
class Sentry {
 public:
  Sentry(Spaces &spaces, Mailbox &mailbox) : spaces_(spaces), mailbox_(mailbox) {}
  ~Sentry() { stop(); }

  // Before it is started. `take_over`: what the member that is held up was about to do otherwise is
  // to be done by somebody else.
  using TakeOver = std::function<void(const Worker &)>;
  void watch(Crew &crew, TakeOver take_over);
  void start();
  void stop();

  std::size_t threads_held() const { return threads_held_.load(); }

 private:
  struct Watched {
    Crew *crew;
    TakeOver take_over;
  };
  // A member that was inside a space when it was last looked at.
  struct Inside {
    Crew::Member *member;
    InHand::Whereabouts where;
    std::uint64_t since_ns;
    bool is_held;
    std::shared_ptr<AddressSpace> space;  // null: it is not to be found any more
    bool is_seen;
  };

  void run();
  void look();
  void look_at(Watched &watched, std::uint64_t now_ns);
  void note_held(Watched &watched, Inside &inside);
  void note_back(const Inside &inside);
  void go_on(const std::shared_ptr<AddressSpace> &space);
  void post_ends();

  Spaces &spaces_;
  Mailbox &mailbox_;
  std::vector<Watched> watched_;
  std::vector<Inside> inside_;
  // Spaces that have gone on, of which the fault threads are still to hear.
  std::vector<std::shared_ptr<AddressSpace>> ends_;
  std::atomic<std::size_t> threads_held_{0};
  std::atomic<bool> is_stopping_{false};
  sys::Semaphore wakeup_;
  std::thread thread_;
};

}  // namespace pagerd::engine
