#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/failure.hpp"
#include "client/messages.hpp"
#include "client/pending.hpp"
#include "client/sys_socket.hpp"
#include "client/sys_thread.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::client {

// Pages the manager gave up on: how many, and its last words about one.
struct PoisonNotice {
  std::uint64_t pages = 0;
  std::string text;
};

// One connection to a manager. Any thread may exchange requests for answers; one agent thread of
// its own does all receiving. The agent runs none of the program's code and touches none of its
// regions, so that it goes on working when every other thread of the process waits for a page.
class Session {
 public:
  // Connects, says hello, and starts the agent.
  static Result<std::unique_ptr<Session>> connect(const std::string &path);
  // Ends the connection and the agent. Not for forked children: they have no agent to wait for.
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  std::uint32_t next_request();

  // Sends a request and waits for its answer, which must be of the wanted type. No time limit:
  // bytes may be slow.
  Result<Message> exchange(const Frame &frame, const char *wanted, int descriptor = -1);
  // Tells the manager that the client leaves, and gives it a moment to take note.
  void say_goodbye();
  // Sends a frame whose answer nobody needs, and drops it rather than wait.
  void tell(const Frame &frame);

  // Ends the connection: all who wait, and all who will come, fail.
  void give_up();

  // Why no request can succeed any more, if so: the session is over, or this is a forked child.
  Status usable() const;
  bool is_in_forked_child() const;
  // In a forked child: closes its copies of the descriptors, which are of no use to it.
  void close_copies_of_child();

  // The manager's /dev/userfaultfd; closed when it sent none.
  const sys::Descriptor &device() const { return device_; }
  PoisonNotice poisoned() const;

 private:
  Session(std::string path, sys::Descriptor socket);

  Status greet();
  Status start_agent();
  void receive_until_over();
  // False when the frame cannot be read. A descriptor that its message has no use for is closed.
  bool take_frame(Received received);
  Failure closed_by_manager() const;

  const std::string path_;
  const int owner_pid_;
  sys::Descriptor socket_;
  sys::Descriptor device_;
  std::atomic<std::uint32_t> last_request_ = 0;
  PendingRequests pending_;
  std::vector<std::uint8_t> receive_buffer_;  // greet()'s, then the agent's
  std::optional<Failure> last_words_;         // the agent's
  mutable std::mutex poison_lock_;            // a leaf
  PoisonNotice poison_;
  Thread agent_;
};

}  // namespace pagerd::client
