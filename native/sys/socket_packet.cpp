#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "sys/socket.hpp"

namespace pagerd::sys {

namespace {

constexpr std::size_t control_bytes = CMSG_SPACE(packet_descriptors_max * sizeof(int));

// Every number the kernel has put into our table becomes an owner at once, whatever is thought of
// it later.
void take_descriptors(msghdr &header, std::vector<Descriptor> &descriptors) {
  for (cmsghdr *part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < count; ++index) {
      int number;
      std::memcpy(&number, CMSG_DATA(part) + index * sizeof number, sizeof number);
      descriptors.emplace_back(number);
    }
  }
}

// recvmsg answers 0 both for an empty packet and at the end; only the end has hung up.
bool has_hung_up(int socket) {
  pollfd state{socket, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace

Result<Sent> send_packet(int socket, std::span<const std::uint8_t> frame,
                         std::span<const int> descriptors) {
  PAGERD_CHECK(frame.size() <= frame_bytes_max);
  PAGERD_CHECK(descriptors.size() <= packet_descriptors_max);
  iovec part{const_cast<std::uint8_t *>(frame.data()), frame.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;

  alignas(cmsghdr) char control[control_bytes] = {};
  if (!descriptors.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }

  if (::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return Sent::whole;
  switch (errno) {
    case EAGAIN:
    case EINTR:
    case ENOBUFS:
      return Sent::would_block;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      return Sent::gone;
    default:
      return Error{errno, "sendmsg"};
  }
}

Result<Received> receive_packet(int socket, std::span<std::uint8_t> buffer, Packet &packet) {
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) char control[control_bytes];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;

  const ssize_t received = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (received < 0) {
    if (errno == EAGAIN || errno == EINTR) return Received::nothing;
    if (errno == ECONNRESET) return Received::end;
    return Error{errno, "recvmsg"};
  }

  packet.descriptors.clear();
  take_descriptors(header, packet.descriptors);
  packet.length_bytes = static_cast<std::size_t>(received);
  packet.is_truncated = (header.msg_flags & MSG_TRUNC) != 0;
  packet.has_lost_descriptors = (header.msg_flags & MSG_CTRUNC) != 0;
  PAGERD_CHECK(packet.length_bytes <= buffer.size());

  const bool is_empty = received == 0 && packet.descriptors.empty();
  if (is_empty && has_hung_up(socket)) return Received::end;
  return Received::packet;
}

}  // namespace pagerd::sys
