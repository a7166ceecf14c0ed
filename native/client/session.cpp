#include "client/session.hpp"

#include <span>
#include <utility>

#include "client/limits.hpp"

namespace pagerd::client {

Session::Session(std::string path, sys::Descriptor socket)
    : path_(std::move(path)),
      owner_pid_(process_id()),
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
  end_receiving(socket_);
  agent_.join();
}

Status Session::greet() {
  const Frame hello = hello_frame();
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
  if (answer->device) device_ = std::move(received.value().descriptor);
  return wait_without_limit(socket_);
}

std::uint32_t Session::next_request() {
  for (;;) {
    // 0 is the manager's way to say "no request in particular"; it comes up again after four
    // thousand million.
    if (const std::uint32_t request = ++last_request_; request != 0) return request;
  }
}

Result<Message> Session::exchange(const Frame &frame, const char *wanted, int descriptor) {
  if (Status here = usable(); !here.ok()) return here.error();
  if (Status entered = pending_.enter(frame.request); !entered.ok()) return entered.error();
  Result<Sent> sent = send_frame(socket_, frame.bytes(), descriptor, Wait::until_sent);
  if (!sent.ok()) {
    pending_.withdraw(frame.request);
    return sent.error();
  }
  // When the manager is gone the agent finds out too, and knows the manager's last words.
  Result<Message> answer = pending_.await(frame.request);
  if (!answer.ok()) return answer;
  if (answer.value().type == "error") return Failure{answer.value().code, answer.value().text};
  if (answer.value().type != wanted) {
    return failure("unexpected_message", "The manager answered with %s, wanted %s",
                   answer.value().type.c_str(), wanted);
  }
  return answer;
}

void Session::give_up() {
  if (!is_in_forked_child()) end_receiving(socket_);
}

void Session::say_goodbye() {
  const Frame bye = bye_frame(next_request());
  if (!usable().ok() || !pending_.enter(bye.request).ok()) return;
  // Also when it could not be sent: then the agent ends the wait, or the time does.
  (void)send_frame(socket_, bye.bytes(), -1, Wait::never);
  pending_.await_for(bye.request, goodbye_timeout_ms);
}

void Session::tell(const Frame &frame) {
  if (usable().ok()) (void)send_frame(socket_, frame.bytes(), -1, Wait::never);
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

Failure Session::closed_by_manager() const {
  if (last_words_) return *last_words_;
  return failure("manager_gone",
                 "The manager at %s closed the connection or died. Pages that are not here yet "
                 "block whoever touches them",
                 path_.c_str());
}

}  // namespace pagerd::client
