#include "client/pending.hpp"

#include <chrono>
#include <utility>

namespace pagerd::client {

Status PendingRequests::enter(std::uint32_t request) {
  std::unique_lock held(lock_);
  Place *place = nullptr;
  place_freed_.wait(held, [&] { return end_ || (place = find(0)) != nullptr; });
  if (end_) return *end_;
  place->request = request;
  place->is_answered = false;
  return done();
}

Result<Message> PendingRequests::await(std::uint32_t request) {
  std::unique_lock held(lock_);
  Place *place = find(request);
  PAGERD_CHECK(place != nullptr);
  place->changed.wait(held, [&] { return place->is_answered || end_; });
  // An answer that came before the end is still an answer.
  Result<Message> result = place->is_answered ? Result<Message>(std::move(place->answer)) : *end_;
  free(*place);
  return result;
}

void PendingRequests::await_for(std::uint32_t request, int timeout_ms) {
  std::unique_lock held(lock_);
  Place *place = find(request);
  PAGERD_CHECK(place != nullptr);
  place->changed.wait_for(held, std::chrono::milliseconds(timeout_ms),
                          [&] { return place->is_answered || end_; });
  free(*place);
}

void PendingRequests::withdraw(std::uint32_t request) {
  std::unique_lock held(lock_);
  Place *place = find(request);
  PAGERD_CHECK(place != nullptr);
  free(*place);
}

void PendingRequests::settle(Message answer) {
  if (answer.request == 0 || answer.request > 0xffff'ffff) return;
  std::unique_lock held(lock_);
  Place *place = find(static_cast<std::uint32_t>(answer.request));
  if (place == nullptr || place->is_answered) return;
  place->answer = std::move(answer);
  place->is_answered = true;
  place->changed.notify_one();
}

void PendingRequests::end(Failure reason) {
  std::unique_lock held(lock_);
  if (!end_) end_ = std::move(reason);
  for (Place &place : places_) place.changed.notify_one();
  place_freed_.notify_all();
}

std::optional<Failure> PendingRequests::ended_by() const {
  std::unique_lock held(lock_);
  return end_;
}

PendingRequests::Place *PendingRequests::find(std::uint32_t request) {
  for (Place &place : places_) {
    if (place.request == request) return &place;
  }
  return nullptr;
}

void PendingRequests::free(Place &place) {
  place.request = 0;
  place.is_answered = false;
  place.answer = Message{};
  place_freed_.notify_one();
}

}  // namespace pagerd::client
