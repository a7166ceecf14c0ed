#include <algorithm>
#include <span>
#include <utility>

#include "client/limits.hpp"
#include "client/session.hpp"

// The agent thread's part of the session.
namespace pagerd::client {

Status Session::start_agent() {
  auto run = [](void *session) { static_cast<Session *>(session)->receive_until_over(); };
  return agent_.start("pagerd-agent", run, this);
}

void Session::receive_until_over() {
  for (;;) {
    Result<Received> received = receive_frame(socket_, receive_buffer_);
    if (!received.ok()) return pending_.end(received.error());
    if (received.value().length_bytes == 0) return pending_.end(closed_by_manager());
    if (!take_frame(received.take())) {
      end_receiving(socket_);
      return pending_.end(failure(
          "malformed_frame", "The manager at %s sent a frame that cannot be read", path_.c_str()));
    }
  }
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
