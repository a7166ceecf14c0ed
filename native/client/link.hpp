#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace pagerd::client {

// How long one call may wait for managers that are away, all its waits together.
class Patience {
 public:
  explicit Patience(int wait_ms) : left_(std::chrono::milliseconds(wait_ms)) {}

  std::chrono::steady_clock::duration left() const { return left_; }
  void spend(std::chrono::steady_clock::duration spent) { left_ -= std::min(spent, left_); }

 private:
  std::chrono::steady_clock::duration left_;
};

enum class LinkState {
  up,        // a manager is there and knows everything of us
  away,      // there is none
  resuming,  // there is one, and it is being told
  over,      // for good
};

// Whether a session has a manager to speak to. The agent says so, callers ask before they send.
class Link {
 public:
  // Waits until the link is up, and keeps it from changing until end_sending(). False when it is
  // over or patience ran out.
  bool begin_sending(Patience &patience);
  // The same at once, unless a manager is just being told: then that is waited for.
  bool begin_sending_unless_away();
  void end_sending();

  // Waits for those who are sending: the connection that they send on is dead, so they are soon
  // done. False when the link is over.
  bool enter(LinkState state);
  // For good, from any thread.
  void end();
  // Waits that long; false at once when the link is over.
  bool pause(std::chrono::milliseconds time);

 private:
  std::mutex lock_;  // a leaf
  std::condition_variable changed_;
  LinkState state_ = LinkState::up;
  unsigned senders_ = 0;
};

}  // namespace pagerd::client
