#include "client/session.hpp"

#include <span>
#include <utility>

#include "client/limits.hpp"
#include "client/part.hpp"
#include "client/socket_path.hpp"

namespace pagerd::client {

namespace {

bool is_without_descriptor(const Message &answer) {
  return answer.type == "error" && answer.code == "missing_descriptor";
}

bool is_about_descriptor(const Message &refusal) {
  return refusal.code == "not_userfaultfd" || refusal.code == "unsupported_features" ||
         is_without_descriptor(refusal);
}

}  // namespace

Session::Session(std::string path, sys::Descriptor socket)
    : path_(std::move(path)),
      owner_pid_(process_id()),
      wait_ms_(manager_wait_ms()),
      socket_(std::move(socket)),
      receive_buffer_(frame_bytes_max) {}

Result<std::unique_ptr<Session>> Session::connect(const std::string &path) {
  Result<sys::Descriptor> socket = connect_to(path);
  if (!socket.ok()) return socket.error();
  std::unique_ptr<Session> session(new Session(path, socket.take()));
  if (Status greeted = session->greet(); !greeted.ok()) return greeted.error();
  if (Status started = session->start_agent(); !started.ok()) return started.error();
  return session;
}

Session::~Session() {
  give_up();
  agent_.join();
}

Status Session::greet() {
  const Frame hello = hello_frame(name_);
  Result<Sent> sent = send_frame(socket_, hello.bytes(), -1, Wait::until_sent);
  if (!sent.ok()) return sent.error();
  Result<Received> received = receive_frame(socket_, receive_buffer_);
  if (!received.ok()) return received.error();
  if (received.value().length_bytes == 0) {
    return failure("no_manager",
                   "The manager at %s closed the connection instead of answering hello",
                   path_.c_str());
  }

  const auto answer =
      decode_message(std::span(receive_buffer_).first(received.value().length_bytes));
  if (!answer) {
    return failure("malformed_frame",
                   "What listens at %s did not answer hello with a frame of the pagerd protocol",
                   path_.c_str());
  }
  if (answer->type == "error") return Failure{answer->code, answer->text};
  if (answer->type != "welcome" || answer->version != protocol_version) {
    return failure(
        "wrong_version",
        "The manager at %s answered hello with %s of version %llu, wanted welcome of %llu",
        path_.c_str(), answer->type.c_str(), static_cast<unsigned long long>(answer->version),
        static_cast<unsigned long long>(protocol_version));
  }
  // That of the first manager is good for ever.
  if (answer->device && !device_.is_open()) device_ = std::move(received.value().descriptor);
  name_ = answer->session;
  return wait_without_limit(socket_);
}

std::uint32_t Session::next_request() {
  for (;;) {
    // 0 is the manager's way to say "no request in particular"; it comes up again after four
    // thousand million.
    if (const std::uint32_t request = ++last_request_; request != 0) return request;
  }
}

Result<Message> Session::exchange(const Frame &frame, const char *wanted, int descriptor,
                                  OnAnswer on_answer) {
  if (Status here = usable(); !here.ok()) return here.error();
  Patience patience(wait_ms_);
  Status entered = pending_.enter(frame.request, std::move(on_answer));
  if (!entered.ok()) return entered.error();
  std::optional<Result<Message>> answer;
  while (!answer) {
    if (!link_.begin_sending(patience)) {
      answer = Result<Message>(no_manager_came());
      break;
    }
    Result<Sent> sent = send(frame, descriptor, Wait::until_sent);
    link_.end_sending();
    // When the manager is gone the agent finds out too, and knows the manager's last words.
    answer = sent.ok() ? pending_.await(frame.request) : Result<Message>(sent.error());
  }
  pending_.leave(frame.request);
  return checked(std::move(*answer), wanted);
}

Result<Message> Session::checked(Result<Message> answer, const char *wanted) const {
  if (!answer.ok()) return answer;
  if (answer.value().type == "error") return Failure{answer.value().code, answer.value().text};
  if (answer.value().type == wanted) return answer;
  return failure("unexpected_message", "The manager answered with %s, wanted %s",
                 answer.value().type.c_str(), wanted);
}

// The link is held.
Result<Sent> Session::send(const Frame &frame, int descriptor, Wait wait) {
  pending_.note_sent(frame.request);
  return send_frame(socket_, frame.bytes(), descriptor, wait);
}

// Each manager gets the userfaultfd with the first map that needs it and with no other, so others
// wait until that is answered. One that refuses the map keeps the descriptor, unless that is what
// it refused. A manager that had no room for the descriptor has not got it, and says so when it is
// asked for another region. What is served is noted by the agent, so that no manager can die in
// between.
Result<Message> Session::map(const Frame &frame, ServedRegion served) {
  if (Status here = usable(); !here.ok()) return here.error();
  const bool needs_userfault = served.request.mode != mode_name(PAGERD_MODE_COW);
  bool carries = false;  // written while the link is held, read by the agent after that
  auto on_answer = [&](const Message &answer) {
    const bool is_mapped = answer.type == "mapped";
    if (carries && (is_mapped || !is_about_descriptor(answer))) is_handed_over_ = true;
    if (is_without_descriptor(answer)) is_handed_over_ = false;
    if (is_mapped) served_.note(answer.region, served);
  };
  Patience patience(wait_ms_);
  if (Status entered = pending_.enter(frame.request, on_answer); !entered.ok()) {
    return entered.error();
  }
  std::unique_lock hand_over(hand_over_lock_, std::defer_lock);
  std::optional<Result<Message>> answer;
  while (!answer) {
    if (!link_.begin_sending(patience)) {
      answer = Result<Message>(no_manager_came());
      break;
    }
    carries = needs_userfault && !is_handed_over_;
    if (carries && !hand_over.owns_lock()) {
      link_.end_sending();
      hand_over.lock();
      continue;
    }
    Result<Sent> sent = send(frame, carries ? userfault_.load() : -1, Wait::until_sent);
    link_.end_sending();
    answer = sent.ok() ? pending_.await(frame.request) : Result<Message>(sent.error());
    const bool has_answer = answer && answer->ok();
    if (has_answer && !carries && is_without_descriptor(answer->value())) answer.reset();
  }
  pending_.leave(frame.request);
  return checked(std::move(*answer), "mapped");
}

void Session::end_region(std::uint64_t region) {
  if (is_in_forked_child()) return;
  // First of all, so that no manager that comes after this hears of it.
  served_.strike(region);
  const Frame frame = unmap_frame(next_request(), region);
  if (!pending_.enter(frame.request).ok()) return;
  // Whatever the answer, and also without one: the manager serves the region no more.
  if (link_.begin_sending_unless_away()) {
    const Result<Sent> sent = send(frame, -1, Wait::until_sent);
    link_.end_sending();
    if (sent.ok()) (void)pending_.await(frame.request);
  }
  pending_.leave(frame.request);
}

Result<Message> Session::publish(const Frame &frame, const std::string &name, int file) {
  Result<sys::Descriptor> kept = duplicate(file);
  if (!kept.ok()) return kept.error();
  auto published = std::make_shared<const sys::Descriptor>(kept.take());
  return exchange(frame, "published", file, [&](const Message &answer) {
    if (answer.type == "published") served_.note_published(name, published);
  });
}

void Session::give_up() {
  if (is_in_forked_child()) return;
  link_.end();
  pending_.end(failure("manager_gone", "This client has ended its session with the manager at %s",
                       path_.c_str()));
  const std::lock_guard held(socket_lock_);
  end_receiving(socket_);
}

void Session::say_goodbye() {
  const Frame bye = bye_frame(next_request());
  Patience none(0);
  if (!usable().ok() || !pending_.enter(bye.request).ok()) return;
  is_leaving_ = true;
  if (link_.begin_sending(none)) {
    // Also when it could not be sent: then the agent ends the wait, or the time does.
    (void)send(bye, -1, Wait::never);
    link_.end_sending();
    pending_.await_for(bye.request, goodbye_timeout_ms);
  }
  pending_.leave(bye.request);
}

void Session::tell(const Frame &frame) {
  Patience none(0);
  if (!usable().ok() || !link_.begin_sending(none)) return;
  (void)send_frame(socket_, frame.bytes(), -1, Wait::never);
  link_.end_sending();
}

Status Session::await_manager() {
  if (Status here = usable(); !here.ok()) return here;
  Patience patience(wait_ms_);
  if (!link_.begin_sending(patience)) return no_manager_came();
  link_.end_sending();
  return done();
}

Status Session::usable() const {
  if (is_in_forked_child()) {
    return failure(
        "forked",
        "Process %d has forked from the client, process %d; a session is not inherited: connect",
        process_id(), owner_pid_);
  }
  if (const auto end = pending_.ended_by()) return *end;
  return done();
}

bool Session::is_in_forked_child() const {
  return process_id() != owner_pid_;
}

void Session::close_copies_of_child() {
  socket_.reset();
  device_.reset();
}

PoisonNotice Session::poisoned() const {
  const std::lock_guard held(poison_lock_);
  return poison_;
}

Failure Session::no_manager_came() const {
  if (const auto end = pending_.ended_by()) return *end;
  return failure("manager_gone",
                 "The manager at %s has gone, and no other has come within %d ms (PAGERD_WAIT_MS). "
                 "Pages that are not here yet block whoever touches them until one comes",
                 path_.c_str(), wait_ms_.load());
}

}  // namespace pagerd::client
