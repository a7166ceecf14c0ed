#include <algorithm>
#include <chrono>
#include <map>
#include <span>
#include <utility>

#include "client/limits.hpp"
#include "client/part.hpp"
#include "client/session.hpp"

// The agent's way from one manager to the next. Everything is told before anybody else may send, so
// that a request finds the manager as if it had been there all the time.
namespace pagerd::client {

namespace {

using Clock = std::chrono::steady_clock;

// A manager that is there soon is found soon, one that stays away is not asked all the time: asking
// adds a fiftieth to the time that it was away.
std::chrono::milliseconds pause_after(Clock::duration away) {
  const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(away / 50);
  return std::clamp(pause, std::chrono::milliseconds(resume_pause_min_ms),
                    std::chrono::milliseconds(resume_pause_max_ms));
}

// These pass. What is refused for another reason would be refused by every manager.
bool is_passing(const Failure &refusal) {
  for (const char *code : {"draining", "busy", "too_many_sessions", "too_many_regions",
                           "region_too_long", "client_gone", "manager_gone", "no_manager"}) {
    if (refusal.code == code) return true;
  }
  return false;
}

}  // namespace

// False when the session is over.
bool Session::resume() {
  // One that dies again and again counts as away all the time.
  const bool was_steady = Clock::now() - up_since_ > std::chrono::milliseconds(steady_link_ms);
  if (was_steady) away_since_ = Clock::now();
  for (bool is_first = was_steady;; is_first = false) {
    const auto pause = pause_after(Clock::now() - away_since_);
    if (!is_first && !link_.pause(pause)) return false;
    if (meet_next_manager().ok() && tell_everything().ok()) break;
    is_handed_over_ = false;
    if (!link_.enter(LinkState::away)) return false;
  }
  up_since_ = Clock::now();
  return link_.enter(LinkState::up);
}

Status Session::meet_next_manager() {
  Result<sys::Descriptor> socket = connect_to(path_);
  if (!socket.ok()) return socket.error();
  {
    const std::lock_guard held(socket_lock_);
    socket_ = socket.take();
  }
  last_words_.reset();
  if (!link_.enter(LinkState::resuming)) return failure("manager_gone", "The session is over");
  return greet();
}

Status Session::tell_everything() {
  for (const auto &[name, file] : served_.published()) {
    Result<Message> published = ask(publish_frame(next_request(), name), file->get());
    // Refused: its regions say so when they are asked for.
    if (!published.ok()) return published.error();
  }
  return tell_regions();
}

// Several at a time: a region takes a round trip, and clients have thousands.
Status Session::tell_regions() {
  const auto regions = served_.regions();
  for (std::size_t next = 0; next < regions.size();) {
    std::map<std::uint32_t, std::uint64_t> asked;
    while (next < regions.size() && asked.size() < resume_requests_max) {
      const auto &[number, served] = regions[next++];
      Result<std::uint32_t> request = ask_for_region(number, served);
      if (!request.ok()) return request.error();
      asked[request.value()] = number;
    }
    while (!asked.empty()) {
      Result<Message> answer = await_answer();
      if (!answer.ok()) return answer.error();
      const auto found = asked.find(static_cast<std::uint32_t>(answer.value().request));
      if (found == asked.end()) continue;
      const Failure refusal = {answer.value().code, answer.value().text};
      const bool is_refused = answer.value().type != "mapped";
      if (is_refused && is_passing(refusal)) return refusal;
      if (is_refused) lose_region(found->second, refusal);
      asked.erase(found);
    }
  }
  return done();
}

Result<std::uint32_t> Session::ask_for_region(std::uint64_t number, const ServedRegion &served) {
  MapRequest request = served.request;
  request.image = served.image;
  request.image_key = served.image_key;
  request.region = number;
  const bool needs_userfault = request.mode != mode_name(PAGERD_MODE_COW);
  const int descriptor = needs_userfault && !is_handed_over_ ? userfault_.load() : -1;
  const Frame frame = map_frame(next_request(), request);
  Result<Sent> sent = send_frame(socket_, frame.bytes(), descriptor, Wait::until_sent);
  if (!sent.ok()) return sent.error();
  if (descriptor >= 0) is_handed_over_ = true;
  return frame.request;
}

// Its pages stay as they are: those that are missing block, and are not served as anything else.
void Session::lose_region(std::uint64_t number, const Failure &refusal) {
  served_.strike(number);
  const std::lock_guard held(poison_lock_);
  poison_.text = refusal.text;
}

Result<Message> Session::ask(const Frame &frame, int descriptor) {
  Result<Sent> sent = send_frame(socket_, frame.bytes(), descriptor, Wait::until_sent);
  if (!sent.ok()) return sent.error();
  for (;;) {
    Result<Message> answer = await_answer();
    if (!answer.ok() || answer.value().request == frame.request) return answer;
  }
}

// To one of the requests that the agent itself has sent. What else comes is taken as ever.
Result<Message> Session::await_answer() {
  for (;;) {
    Result<Received> received = receive_frame(socket_, receive_buffer_);
    if (!received.ok()) return received.error();
    if (received.value().length_bytes == 0) return closed_by_manager();
    auto answer = decode_message(std::span(receive_buffer_).first(received.value().length_bytes));
    if (answer && answer->request != 0) return std::move(*answer);
    if (!take_frame(received.take())) return failure("malformed_frame", "It cannot be read");
  }
}

}  // namespace pagerd::client
