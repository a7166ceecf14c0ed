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
    if (!take_frame(std::span(receive_buffer_).first(received.value().length_bytes),
                    std::move(received.value().descriptor))) {
      end_receiving(socket_);
      return pending_.end(failure(
          "malformed_frame", "The manager at %s sent a frame that cannot be read", path_.c_str()));
    }
  }
}

bool Session::take_frame(std::span<const std::uint8_t> frame, sys::Descriptor descriptor) {
  auto message = decode_message(frame);
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
      if (!descriptor.is_open()) return false;
      message->descriptor = std::move(descriptor);
    }
    pending_.settle(std::move(*message));
  }
  return true;
}

}  // namespace pagerd::client
