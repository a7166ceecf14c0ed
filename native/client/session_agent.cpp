#include <algorithm>
#include <span>
#include <utility>

#include "client/limits.hpp"
#include "client/session.hpp"

// The agent thread's part of the session.
namespace pagerd::client {

Status Session::start_agent() {
  auto run = [](void *session) { static_cast<Session *>(session)->run_agent(); };
  return agent_.start("pagerd-agent", run, this);
}

void Session::run_agent() {
  for (;;) {
    Failure end = receive_until_lost();
    const bool may_go_on = end.code == "manager_gone" || end.code == "draining";
    if (!may_go_on || is_leaving_) {
      pending_.end(std::move(end));
      return link_.end();
    }
    // In this order: nobody is sending any more when the requests that were sent are given up.
    if (!link_.enter(LinkState::away)) return;
    is_handed_over_ = false;
    pending_.interrupt();
    if (!resume()) return;
  }
}

// Why it is lost.
Failure Session::receive_until_lost() {
  for (;;) {
    Result<Received> received = receive_frame(socket_, receive_buffer_);
    if (!received.ok()) return received.error();
    if (received.value().length_bytes == 0) return closed_by_manager();
    if (!take_frame(received.take())) {
      end_receiving(socket_);
      return failure("malformed_frame", "The manager at %s sent a frame that cannot be read",
                     path_.c_str());
    }
  }
}

Failure Session::closed_by_manager() const {
  if (last_words_) return *last_words_;
  return failure("manager_gone", "The manager at %s closed the connection or died", path_.c_str());
}

bool Session::take_frame(Received received) {
  auto message = decode_message(std::span(receive_buffer_).first(received.length_bytes));
  if (!message) return false;
  if (message->type == "poisoned") {
    const std::lock_guard held(poison_lock_);
    poison_.pages += std::max<std::uint64_t>(1, message->length_bytes / page_bytes);
    poison_.text = message->text;
  } else if (message->type == "error" && message->request == 0) {
    last_words_ = Failure{message->code, message->text};
  } else {
    // After welcome there is one message that a descriptor may come with. Any other is closed here.
    if (message->type == "image_found" && message->file) {
      if (!received.descriptor.is_open() && !received.has_lost_descriptors) return false;
      message->descriptor = std::move(received.descriptor);
    }
    pending_.settle(std::move(*message));
  }
  return true;
}

}  // namespace pagerd::client
