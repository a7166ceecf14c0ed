#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "client/failure.hpp"
#include "sys/descriptor.hpp"

// The system calls on the connection: one SOCK_SEQPACKET packet is one frame, descriptors belong to
// one frame.
namespace pagerd::client {

bool is_socket(const std::string &path);

// Connects to the manager's socket. Sending and receiving give up after welcome_timeout_ms until
// wait_without_limit().
Result<sys::Descriptor> connect_to(const std::string &path);

// From here on an answer may take as long as it takes.
Status wait_without_limit(const sys::Descriptor &socket);

enum class Sent {
  whole,
  // The other end is gone. Whoever receives will see that too, after everything that was sent
  // before.
  peer_gone,
  // Only with Wait::never: the manager reads too slowly.
  would_block,
};

enum class Wait { until_sent, never };

// Sends one frame; descriptor -1 sends none with it. The number stays the caller's.
Result<Sent> send_frame(const sys::Descriptor &socket, std::span<const std::uint8_t> frame,
                        int descriptor, Wait wait);

// One frame and the first descriptor that came with it; any others were closed.
struct Received {
  std::size_t length_bytes = 0;  // 0: the other end closed the connection
  sys::Descriptor descriptor;
  // Some came that this process has no room for: it has as many open as it may. The frame is whole.
  bool has_lost_descriptors = false;
};

// Fails with manager_gone when the connection broke and with malformed_frame when the packet was
// cut short.
Result<Received> receive_frame(const sys::Descriptor &socket, std::span<std::uint8_t> buffer);

// Makes every receive on the socket return "closed", from any thread.
void end_receiving(const sys::Descriptor &socket);

}  // namespace pagerd::client
