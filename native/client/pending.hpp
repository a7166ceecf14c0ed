#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "client/failure.hpp"
#include "client/limits.hpp"
#include "client/messages.hpp"

namespace pagerd::client {

// The requests that await their answers. Callers' threads enter and wait, the agent thread settles.
// Owned by the session; bounded, and when all places are taken further callers wait for one.
class PendingRequests {
 public:
  // Takes a place for a request that is about to be sent. Fails once the session is over.
  Status enter(std::uint32_t request);
  // Waits for the answer and gives the place back.
  Result<Message> await(std::uint32_t request);
  // The same for an answer whose content matters to nobody; gives up after a while.
  void await_for(std::uint32_t request, int timeout_ms);
  // Gives the place back unanswered: the request was not sent after all.
  void withdraw(std::uint32_t request);

  // An answer has come. One that nobody waits for is dropped.
  void settle(Message answer);
  // The session is over: all who wait and all who will come get this failure.
  void end(Failure reason);
  std::optional<Failure> ended_by() const;

 private:
  struct Place {
    std::uint32_t request = 0;  // 0: free
    bool is_answered = false;
    Message answer;
    std::condition_variable changed;
  };

  Place *find(std::uint32_t request);
  void free(Place &place);

  mutable std::mutex lock_;  // a leaf: nothing else is locked or called while it is held
  std::condition_variable place_freed_;
  std::array<Place, requests_in_flight_max> places_;
  std::optional<Failure> end_;
};

}  // namespace pagerd::client
