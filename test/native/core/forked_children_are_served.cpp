#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "client.hpp"
#include "sys/uapi.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 256;
constexpr std::uint64_t written_page = 5;
constexpr std::uint64_t removed_page = 9;
constexpr std::byte mark{0x77};

// What a child found, as its exit status.
enum Verdict { right = 40, wrong_bytes, wrong_zeros, wrong_write, failed };

bool is_zero(const std::byte *page) {
  static const Page zeros{};
  return std::equal(zeros.begin(), zeros.end(), page);
}

bool remove_page(const Mapped &mapped, std::uint64_t number) {
  return ::madvise(mapped.page(number), page_bytes, MADV_DONTNEED) == 0;
}

// Every page: what was there, what was written or discarded before, and what nobody had touched.
Verdict verdict_on(const Mapped &mapped, const PatternImage &pattern) {
  const bool is_anonymous = mapped.region->backing() == engine::Backing::anonymous;
  if (*mapped.page(written_page) != mark) return wrong_write;
  for (std::uint64_t page = 0; page < pages; ++page) {
    if (page == written_page) continue;
    if (page == removed_page && is_anonymous) {
      if (!is_zero(mapped.page(page))) return wrong_zeros;
    } else if (!mapped.has(pattern, page)) {
      return wrong_bytes;
    }
  }
  return right;
}

// Without the handlers of fork(): these hold the allocator's locks until the event is read, and who
// is to read it is in this process too. The child must not allocate.
template <typename Child>
pid_t fork_child(Child child) {
  const pid_t pid = ::_Fork();
  EXPECT(pid >= 0);
  if (pid == 0) ::_exit(child());
  return pid;
}

void expect_right(pid_t pid) {
  int status = 0;
  EXPECT(::waitpid(pid, &status, 0) == pid);
  EXPECT(WIFEXITED(status));
  EXPECT_EQUAL(WEXITSTATUS(status), right);
}

struct Scene {
  Scene(Bed &bed, const PatternFile &file, engine::Backing backing)
      : pattern(file.image()),
        client(bed, sys::uapi::layout_features),
        mapped(client.map(bed.add(file), {.window_bytes = 4096, .backing = backing})) {}

  void use() const {
    for (std::uint64_t page = 0; page < 20; ++page) EXPECT(mapped.has(pattern, page));
    *mapped.page(written_page) = mark;
    EXPECT(remove_page(mapped, removed_page));
  }

  const PatternImage pattern;
  Client client;
  const Mapped mapped;
};

void check_memory(Bed &bed, const PatternFile &file, engine::Backing backing) {
  Scene scene(bed, file, backing);
  const Mapped &mapped = scene.mapped;
  Crowd crowd(bed);
  crowd.add([&] {
    scene.use();
    expect_right(fork_child([&] { return verdict_on(mapped, scene.pattern); }));
    // What a child does to its memory is its own affair, and its child's.
    expect_right(fork_child([&] {
      *mapped.page(77) = std::byte{1};
      if (!remove_page(mapped, 200)) return failed;
      const bool is_own = mapped.region->backing() != engine::Backing::anonymous
                              ? mapped.has(scene.pattern, 200)
                              : is_zero(mapped.page(200));
      if (!is_own) return wrong_zeros;
      const pid_t grandchild = ::_Fork();
      if (grandchild == 0) ::_exit(*mapped.page(77) == std::byte{1} ? right : wrong_write);
      int status = 0;
      const bool has_ended = ::waitpid(grandchild, &status, 0) == grandchild;
      return has_ended ? static_cast<Verdict>(WEXITSTATUS(status)) : failed;
    }));
    EXPECT(verdict_on(mapped, scene.pattern) == right);
  });
  crowd.join();
  for (unsigned i = 0; i < 3; ++i) {
    const auto child = bed.await(EventKind::forked).forked;
    EXPECT_EQUAL(child->regions.size(), 1);
    EXPECT(bed.engine().look_for_life(child->space));
    EXPECT_EQUAL(bed.await(EventKind::gone).space, child->space->id());
    bed.engine().detach(child->space);
    bed.await(EventKind::detached);
  }
}

// While other threads of the client fault, discard and move; and no fork() takes long.
void check_under_load(Bed &bed, const PatternFile &file) {
  constexpr unsigned forks = 64;
  constexpr std::chrono::seconds bound{5};
  Scene scene(bed, file, engine::Backing::anonymous);
  Client busy(bed, sys::uapi::layout_features);
  const Image image = bed.add(file);
  const Mapped other = busy.map(image, {.window_bytes = 4096});
  std::atomic<bool> is_over{false};
  Crowd crowd(bed);
  crowd.add([&] {
    scene.use();
    for (unsigned i = 0; i < forks; ++i) {
      const auto before = std::chrono::steady_clock::now();
      const pid_t child = fork_child([&] { return verdict_on(scene.mapped, scene.pattern); });
      EXPECT(std::chrono::steady_clock::now() - before < bound);
      expect_right(child);
    }
    is_over.store(true);
  });
  crowd.add([&] {
    for (std::uint64_t i = 0; !is_over.load(); ++i) {
      EXPECT(remove_page(other, i % pages));
      EXPECT(is_zero(other.page(i % pages)));
    }
  });
  crowd.join();
  for (unsigned i = 0; i < forks; ++i) {
    while (bed.await(EventKind::forked).space != scene.client.space->id()) continue;
  }
}

}  // namespace

CLAIM(forked_children_are_served) {
  Bed bed;
  const PatternFile file({.seed = 31, .length_bytes = pages * page_bytes, .has_zeros = false});
  check_memory(bed, file, engine::Backing::anonymous);
  check_memory(bed, file, engine::Backing::image_private);
  check_under_load(bed, file);
}

}  // namespace pagerd::test
