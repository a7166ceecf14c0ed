#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/failure.hpp"
#include "client/link.hpp"
#include "client/messages.hpp"
#include "client/pending.hpp"
#include "client/served_book.hpp"
#include "client/sys_socket.hpp"
#include "client/sys_thread.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::client {

// Pages the manager gave up on: how many, and its last words about one.
struct PoisonNotice {
  std::uint64_t pages = 0;
  std::string text;
};

// One client's dealings with its manager, and with the managers that come after that one: when a
// manager dies or leaves, the session goes on with the next on the same socket, tells it what is
// served, and sends anew what was not answered. Any thread may exchange requests for answers; one
// agent thread of its own does all receiving. The agent runs none of the program's code and touches
// none of its regions, so that it goes on working when every other thread of the process waits for
// a page.
class Session {
 public:
  // Connects, says hello, and starts the agent.
  static Result<std::unique_ptr<Session>> connect(const std::string &path);
  // Ends the connection and the agent. Not for forked children: they have no agent to wait for.
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  std::uint32_t next_request();

  // Sends a request and waits for its answer, which must be of the wanted type. An answer may take
  // any time, bytes may be slow; but managers may be away for manager_wait_ms only.
  Result<Message> exchange(const Frame &frame, const char *wanted, int descriptor = -1,
                           OnAnswer on_answer = {});
  // Asks for a region, with the userfaultfd if the manager has not got it.
  Result<Message> map(const Frame &frame, ServedRegion served);
  // Has the manager serve the region no more; nothing to wait for when there is none.
  void end_region(std::uint64_t region);
  // Offers a file, also to managers that come later.
  Result<Message> publish(const Frame &frame, const std::string &name, int file);
  // Tells the manager that the client leaves, and gives it a moment to take note. The session goes
  // on with no other manager after that.
  void say_goodbye();
  // Sends a frame whose answer nobody needs, and drops it rather than wait.
  void tell(const Frame &frame);
  // Waits for a manager, if there is none.
  Status await_manager();

  // Ends the connection: all who wait, and all who will come, fail.
  void give_up();
  // From here on nobody waits for a manager that is away.
  void stop_waiting() { wait_ms_ = 0; }

  // Why no request can succeed any more, if so: the session is over, or this is a forked child.
  Status usable() const;
  bool is_in_forked_child() const;
  // Of its managers' socket.
  const std::string &path() const { return path_; }
  // In a forked child: closes its copies of the descriptors, which are of no use to it.
  void close_copies_of_child();

  // The manager's /dev/userfaultfd; closed when it sent none.
  const sys::Descriptor &device() const { return device_; }
  PoisonNotice poisoned() const;
  // How many managers it has gone on with.

  // The session's userfaultfd, which goes with the first map that needs it. Stays the caller's.
  void note_userfault(int number) { userfault_ = number; }

 private:
  Session(std::string path, sys::Descriptor socket);

  Status greet();
  Status start_agent();
  Result<Sent> send(const Frame &frame, int descriptor, Wait wait);
  Result<Message> checked(Result<Message> answer, const char *wanted) const;
  Failure no_manager_came() const;

  // The agent's, in session_agent.cpp.
  void run_agent();
  Failure receive_until_lost();
  // False when the frame cannot be read. A descriptor that its message has no use for is closed.
  bool take_frame(Received received);
  Failure closed_by_manager() const;

  // The agent's, in session_resume.cpp.
  bool resume();
  Status meet_next_manager();
  Status tell_everything();
  Status tell_regions();
  Result<std::uint32_t> ask_for_region(std::uint64_t number, const ServedRegion &served);
  void lose_region(std::uint64_t number, const Failure &refusal);
  Result<Message> ask(const Frame &frame, int descriptor);
  Result<Message> await_answer();

  const std::string path_;
  const int owner_pid_;
  std::atomic<int> wait_ms_;
  sys::Descriptor socket_;   // changed by the agent, while nobody sends
  std::mutex socket_lock_;   // a leaf, for those who end it from outside
  sys::Descriptor device_;
  std::string name_;  // the manager's, for this session
  std::atomic<std::uint32_t> last_request_ = 0;
  Link link_;
  PendingRequests pending_;
  ServedBook served_;
  std::atomic<int> userfault_ = -1;
  std::mutex hand_over_lock_;  // before pending_'s
  std::atomic<bool> is_handed_over_ = false;
  std::atomic<bool> is_leaving_ = false;
  std::vector<std::uint8_t> receive_buffer_;  // greet()'s, then the agent's
  std::optional<Failure> last_words_;         // the agent's
  std::chrono::steady_clock::time_point up_since_;    // the agent's
  std::chrono::steady_clock::time_point away_since_;  // the agent's
  mutable std::mutex poison_lock_;            // a leaf
  PoisonNotice poison_;
  Thread agent_;
};

}  // namespace pagerd::client
