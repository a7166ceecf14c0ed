#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 128;

void send_descriptor(int socket, int descriptor) {
  char byte = 0;
  iovec content{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  if (::sendmsg(socket, &message, 0) != 1) ::_exit(1);
}

sys::Descriptor receive_descriptor(int socket) {
  char byte = 0;
  iovec content{&byte, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  EXPECT(::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1);
  int descriptor = -1;
  EXPECT(CMSG_FIRSTHDR(&message) != nullptr);
  std::memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
  return sys::Descriptor(descriptor);
}

// Hands over its userfaultfd, waits until it is served, then touches every page again and again.
[[noreturn]] void be_client(int socket, std::byte *memory) {
  const sys::Descriptor uffd = open_userfaultfd(0);
  register_memory(uffd, memory, pages * page_bytes);
  send_descriptor(socket, uffd.get());
  char byte = 0;
  if (::read(socket, &byte, 1) != 1) ::_exit(1);
  for (;;) {
    for (std::uint64_t number = 0; number < pages; ++number) touch(memory + number * page_bytes);
    if (::write(socket, &byte, 1) != 1) ::_exit(1);
    ::madvise(memory, pages * page_bytes, MADV_DONTNEED);
  }
}

// A client of its own process, served by the bed's engine.
class ForkedClient {
 public:
  ForkedClient(Bed &bed, const Image &image, std::byte *memory) : bed_(bed) {
    int ends[2];
    EXPECT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    socket.reset(ends[0]);
    sys::Descriptor other(ends[1]);
    child_ = ::fork();
    EXPECT(child_ >= 0);
    if (child_ == 0) be_client(other.get(), memory);
    space = bed.engine().attach(receive_descriptor(socket.get()), 0, -1);
    const engine::RegionPlan plan{1, reinterpret_cast<std::uint64_t>(memory), pages * page_bytes,
                                  0, 8 * page_bytes, 8 * page_bytes};
    const std::uint32_t request = bed.next_request();
    bed.engine().map(space, std::make_shared<engine::Region>(plan, image), request);
    bed.await(EventKind::mapped, request);
    EXPECT(::write(socket.get(), "", 1) == 1);
  }

  void kill() {
    ::kill(child_, SIGKILL);
    EXPECT(::waitpid(child_, nullptr, 0) == child_);
  }

  void detach() {
    bed_.engine().detach(std::exchange(space, nullptr));
    bed_.await(EventKind::detached);
  }

  sys::Descriptor socket;
  std::shared_ptr<engine::AddressSpace> space;

 private:
  Bed &bed_;
  pid_t child_ = -1;
};

std::uint64_t resident_bytes() {
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  EXPECT(std::ifstream("/proc/self/statm") >> size >> resident);
  return resident * page_bytes;
}

// Killed while its page is fetched; the answer, and a prefault, then meet an address space that is
// no more.
void check_death_in_fault(Bed &bed, std::byte *memory) {
  bed.holds_fills = true;
  const PatternImage pattern{.seed = 4, .length_bytes = pages * page_bytes};
  const Image image = bed.add(pattern);
  ForkedClient client(bed, image, memory);
  bed.pump_until([&] { return client.space->pending.count() == 1 && !bed.held.empty(); });
  client.kill();
  bed.holds_fills = false;
  bed.answer_held();
  const auto &discarded =
      client.space->tally.outcomes[static_cast<unsigned>(engine::Outcome::discarded)];
  bed.pump_until([&] { return discarded.get() == 1 && client.space->pending.count() == 0; });
  const auto address = reinterpret_cast<std::uint64_t>(memory);
  const std::uint32_t request = bed.next_request();
  EXPECT(bed.engine().prefault(client.space, 1, {address, address + pages * page_bytes}, request));
  EXPECT_TEXT(bed.await(EventKind::prefaulted, request).text, "the client is gone");
  EXPECT_EQUAL(client.space->tally.pages_poisoned.get(), 0);
  client.detach();
}

}  // namespace

CLAIM(killed_client_leaves_nothing) {
  constexpr unsigned cycles = 200;
  std::byte *const memory = reserve_memory(pages * page_bytes);
  Bed bed;
  const PatternFile file({.seed = 3, .length_bytes = pages * page_bytes});
  const Image image = bed.add(file);
  check_death_in_fault(bed, memory);
  std::uint64_t warm_bytes = 0;
  for (unsigned cycle = 0; cycle < cycles; ++cycle) {
    ForkedClient client(bed, image, memory);
    // Now early, now in the middle of its faults.
    char byte = 0;
    if (cycle % 2 == 0) EXPECT(::read(client.socket.get(), &byte, 1) == 1);
    client.kill();
    client.detach();
    EXPECT_EQUAL(open_userfaultfds(), 0);
    if (cycle == cycles / 2) warm_bytes = resident_bytes();
  }
  EXPECT(!bed.has(EventKind::poisoned) && !bed.has(EventKind::misbehaved));
  // The last region object ends a moment after its end was announced.
  bed.pump_until([&] { return image->regions.load() == 0; });
  EXPECT(resident_bytes() < warm_bytes + (8u << 20));
  ::munmap(memory, pages * page_bytes);
}

}  // namespace pagerd::test
