#include "client/pending.hpp"

#include <chrono>
#include <utility>

namespace pagerd::client {

Status PendingRequests::enter(std::uint32_t request, OnAnswer on_answer) {
  std::unique_lock held(lock_);
  Place *place = nullptr;
  place_freed_.wait(held, [&] { return end_ || (place = find(0)) != nullptr; });
  if (end_) return *end_;
  place->request = request;
  place->state = State::entered;
  place->on_answer = std::move(on_answer);
  return done();
}

void PendingRequests::leave(std::uint32_t request) {
  std::unique_lock held(lock_);
  Place &place = place_of(request);
  place.request = 0;
  place.on_answer = {};
  place.answer = Message{};
  place_freed_.notify_one();
}

void PendingRequests::note_sent(std::uint32_t request) {
  std::unique_lock held(lock_);
  place_of(request).state = State::sent;
}

std::optional<Result<Message>> PendingRequests::await(std::uint32_t request) {
  std::unique_lock held(lock_);
  Place &place = place_of(request);
  place.changed.wait(held, [&] { return place.state != State::sent || end_; });
  // An answer that came before the end is still an answer.
  if (place.state == State::answered) return Result<Message>(std::move(place.answer));
  if (end_) return Result<Message>(*end_);
  return std::nullopt;
}

void PendingRequests::await_for(std::uint32_t request, int timeout_ms) {
  std::unique_lock held(lock_);
  Place &place = place_of(request);
  place.changed.wait_for(held, std::chrono::milliseconds(timeout_ms),
                         [&] { return place.state != State::sent || end_; });
}

void PendingRequests::settle(Message answer) {
  if (answer.request == 0 || answer.request > 0xffff'ffff) return;
  std::unique_lock held(lock_);
  Place *place = find(static_cast<std::uint32_t>(answer.request));
  if (place == nullptr || place->state != State::sent) return;
  // That manager leaves, and the next one gets the request.
  if (answer.type == "error" && answer.code == "draining") return;
  if (place->on_answer) place->on_answer(answer);
  place->answer = std::move(answer);
  place->state = State::answered;
  place->changed.notify_one();
}

void PendingRequests::interrupt() {
  std::unique_lock held(lock_);
  for (Place &place : places_) {
    if (place.request == 0 || place.state != State::sent) continue;
    place.state = State::lost;
    place.changed.notify_one();
  }
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

PendingRequests::Place &PendingRequests::place_of(std::uint32_t request) {
  Place *place = find(request);
  PAGERD_CHECK(place != nullptr);
  return *place;
}

}  // namespace pagerd::client
