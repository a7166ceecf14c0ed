#include <algorithm>
#include <span>

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
    // A descriptor that came along is closed here: after welcome the manager has none to give.
    Result<Received> received = receive_frame(socket_, receive_buffer_);
    if (!received.ok()) return pending_.end(received.error());
    if (received.value().length_bytes == 0) return pending_.end(closed_by_manager());
    if (!take_frame(std::span(receive_buffer_).first(received.value().length_bytes))) {
      end_receiving(socket_);
      return pending_.end(failure(
          "malformed_frame", "The manager at %s sent a frame that cannot be read", path_.c_str()));
    }
  }
}

bool Session::take_frame(std::span<const std::uint8_t> frame) {
  const auto message = decode_message(frame);
  if (!message) return false;
  if (message->type == "poisoned") {
    const std::lock_guard held(poison_lock_);
    poison_.pages += std::max<std::uint64_t>(1, message->length_bytes / page_bytes);
    poison_.text = message->text;
  } else if (message->type == "error" && message->request == 0) {
    last_words_ = Failure{message->code, message->text};
  } else {
    pending_.settle(*message);
  }
  return true;
}

}  // namespace pagerd::client
