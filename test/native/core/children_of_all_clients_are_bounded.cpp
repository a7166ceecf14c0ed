#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "client.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 4;

pid_t fork_idle() {
  const pid_t pid = ::_Fork();
  EXPECT(pid >= 0);
  while (pid == 0) ::pause();
  return pid;
}

struct Scene {
  // Served children that somebody else has forked, as many as there may be.
  void take_every_place() {
    for (std::size_t i = 0; i < limits::children_max; ++i) {
      others.push_back(adopt());
      EXPECT(others.back() != nullptr);
    }
  }

  std::shared_ptr<engine::AddressSpace> adopt() {
    return bed.engine().adopt(another(), sys::uapi::layout_features, -1, std::nullopt,
                              engine::Engine::Kin::child);
  }

  // A userfaultfd that no event comes from.
  sys::Descriptor another() const {
    auto copy = sys::duplicate_descriptor(strange.get());
    EXPECT(copy.ok());
    return copy.take();
  }

  // The client's, one after the other.
  void fork(std::size_t count) {
    Crowd crowd(bed);
    crowd.add([&] {
      for (std::size_t i = 0; i < count; ++i) children.push_back(fork_idle());
    });
    crowd.join();
  }

  Bed &bed;
  const sys::Descriptor strange = open_userfaultfd(sys::uapi::layout_features);
  std::vector<std::shared_ptr<engine::AddressSpace>> others{};
  std::vector<pid_t> children{};
};

}  // namespace

// However few a client has of its own: its next child waits for the end of somebody else's. Of
// those that wait there is a last one, too, and who has forked that is given up.
CLAIM(children_of_all_clients_are_bounded) {
  EXPECT(sys::raise_descriptor_limit().ok());
  Bed bed;
  const PatternFile file({.seed = 4, .length_bytes = pages * page_bytes, .has_zeros = false});
  Client client(bed, sys::uapi::layout_features);
  client.map(bed.add(file), {.window_bytes = 4096});
  Scene scene{bed};
  scene.take_every_place();
  EXPECT(scene.adopt() == nullptr);

  scene.fork(1);
  EXPECT_EQUAL(bed.await(EventKind::unserved_child).space, client.space->id());
  EXPECT(!bed.has(EventKind::forked));
  bed.engine().detach(scene.others.front());
  bed.await(EventKind::detached);
  scene.fork(1);
  bed.await(EventKind::forked);

  // One was kept with the fork, and one that was not adopted.
  for (std::size_t kept = 2; kept + 1 < limits::children_kept_max; ++kept) {
    EXPECT(bed.engine().keep(scene.another()));
  }
  scene.fork(1);
  bed.await(EventKind::unserved_child);
  EXPECT(!bed.has(EventKind::misbehaved));
  scene.fork(1);
  EXPECT_TEXT(bed.await(EventKind::misbehaved).text, "more children than are served or kept");
  for (const pid_t child : scene.children) {
    EXPECT(::kill(child, SIGKILL) == 0);
    EXPECT(::waitpid(child, nullptr, 0) == child);
  }
}

}  // namespace pagerd::test
