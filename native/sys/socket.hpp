#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sys/descriptor.hpp"
#include "sys/result.hpp"

// Unix sockets. SOCK_SEQPACKET, our own: one packet is one frame, and descriptors belong to exactly
// the packet they came with. SOCK_STREAM, others': a packet is what one read finds, and descriptors
// come with some byte of what they were sent with. Nothing here blocks. Every descriptor made or
// received is close-on-exec.
namespace pagerd::sys {

// protocol/limits.ts holds the same figure.
inline constexpr std::size_t frame_bytes_max = 65'536;

// What the kernel lets one packet carry (SCM_MAX_FD). We make room for all of them: those that do
// not fit in the control buffer would be dropped unseen, and a client must hear that it sent too
// many.
inline constexpr std::size_t packet_descriptors_max = 253;

inline constexpr int listen_backlog = 256;

// Who was at the other end when it connected, as numbered in our namespaces.
struct Peer {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};

// One received packet. Owns its descriptors.
struct Packet {
  std::size_t length_bytes = 0;
  std::vector<Descriptor> descriptors;
  bool is_truncated = false;          // the frame was longer than the buffer
  bool has_lost_descriptors = false;  // we were out of descriptor numbers
};

enum class Received { packet, nothing, end };
enum class Sent { whole, would_block, gone };

enum class SocketType { seqpacket, stream };

// The path must not exist. It cannot be connected to before it has its mode.
Result<Descriptor> listen_on(const std::string &path, mode_t mode, SocketType type);

// Makes another user the owner of our own socket at this path. ENOTSOCK, ELOOP, EPERM: something
// else is there.
Status give_socket(const std::string &path, uid_t uid, gid_t gid);

// A socket that another process made for us to listen on. Makes it close-on-exec and not to block.
struct Listening {
  std::string type;  // "seqpacket", "stream" or "" for anything else
  bool is_listening;
  std::string path;  // "" when it is no Unix socket with a path
};
Result<Listening> take_listening(int socket);

Result<Descriptor> connect_seqpacket(const std::string &path);

// A closed Descriptor when nobody waits.
Result<Descriptor> accept_connection(int listener);

Result<Peer> peer_of(int socket);

// The groups that the peer was in beside its own when it connected.
Result<std::vector<gid_t>> peer_groups(int socket);

// A pidfd of the peer, readable once the process has ended.
Result<Descriptor> peer_process(int socket, pid_t pid);

// The descriptors, packet_descriptors_max at most, stay the caller's.
Result<Sent> send_packet(int socket, std::span<const std::uint8_t> frame,
                         std::span<const int> descriptors);
Result<Received> receive_packet(int socket, std::span<std::uint8_t> buffer, Packet &packet);

// Takes in no more and throws away what has come. A socket closed with unread packets resets its
// peer, which would then see ECONNRESET ahead of our last words.
void discard_input(int socket);

// One datagram to a Unix socket; a path that starts with '@' is abstract. This is how systemd is
// told.
Status send_datagram(const std::string &path, std::span<const std::uint8_t> bytes);

// An exclusive lock on a file, made if need be; it lasts as long as the descriptor. EAGAIN:
// somebody has it.
Result<Descriptor> lock_file(const std::string &path);

}  // namespace pagerd::sys
