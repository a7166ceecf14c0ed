#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "client/failure.hpp"
#include "client/limits.hpp"
#include "client/messages.hpp"

namespace pagerd::client {

// Called by the agent with an answer, before whoever waits for it hears of it. It takes no locks
// but leaves.
using OnAnswer = std::function<void(const Message &)>;

// The requests that await their answers. Callers' threads enter and wait, the agent thread settles.
// Owned by the session; bounded, and when all places are taken further callers wait for one.
class PendingRequests {
 public:
  // Takes a place for a request, until leave(). Fails once the session is over.
  Status enter(std::uint32_t request, OnAnswer on_answer = {});
  void leave(std::uint32_t request);

  // To be said before the request is sent, while the link is held.
  void note_sent(std::uint32_t request);
  // Waits for the answer. Nothing when the manager has gone without one: send it to the next.
  std::optional<Result<Message>> await(std::uint32_t request);
  // The same for an answer whose content matters to nobody; gives up after a while.
  void await_for(std::uint32_t request, int timeout_ms);

  // An answer has come. One that nobody waits for is dropped.
  void settle(Message answer);
  // The manager has gone: what was sent to it is answered no more.
  void interrupt();
  // The session is over: all who wait and all who will come get this failure.
  void end(Failure reason);
  std::optional<Failure> ended_by() const;

 private:
  enum class State { entered, sent, answered, lost };
  struct Place {
    std::uint32_t request = 0;  // 0: free
    State state = State::entered;
    OnAnswer on_answer;
    Message answer;
    std::condition_variable changed;
  };

  Place *find(std::uint32_t request);
  Place &place_of(std::uint32_t request);

  mutable std::mutex lock_;
  std::condition_variable place_freed_;
  std::array<Place, requests_in_flight_max> places_;
  std::optional<Failure> end_;
};

}  // namespace pagerd::client
