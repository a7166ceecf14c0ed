// Attaches, resets and ends a region of mode copy, in which others may touch the memory meanwhile,
// over and over while threads read all of its pages, and one drops and touches pages up to the
// attach: attach_under_fire SOCKET IMAGE [zero]. The image is of 0x5c, the memory was of 0xaa
// before. Nobody may ever see anything else in a page that was never dropped, nor anything but the
// image once pagerd_attach() has returned, and nobody may wait for ever. With "zero" that is what
// discarded pages are from some moment of the attach on, so that pages dropped by then are either.
#include <sys/mman.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include <pagerd.h>

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t pages = 256;
constexpr std::size_t length = pages * page;
constexpr std::size_t dropped_from = pages - 32;  // pages the dropping thread works on
constexpr unsigned char before = 0xaa;
constexpr unsigned char image = 0x5c;
constexpr int rounds = 60;

std::atomic<bool> is_attached = false;
std::atomic<bool> is_over = false;

void fail(const char *what, unsigned value) {
  std::fprintf(stderr, "%s: %#x: %s\n", what, value, pagerd_error());
  std::abort();
}

void read_all(const volatile unsigned char *memory) {
  while (!is_over) {
    for (std::size_t number = 0; number < dropped_from; ++number) {
      const bool must_be_image = is_attached;
      const unsigned char value = memory[number * page];
      if (value != image && (must_be_image || value != before)) fail("read", value);
    }
  }
}

void drop_and_touch(unsigned char *memory) {
  for (std::size_t number = dropped_from; !is_attached && !is_over; ++number) {
    if (number == pages) number = dropped_from;
    unsigned char *at = memory + number * page;
    if (::madvise(at, page, MADV_DONTNEED) != 0) fail("madvise", 0);
    const unsigned char value = *static_cast<volatile unsigned char *>(at);
    if (value != 0 && value != image) fail("touch", value);
  }
}

void attach_reset_and_end(pagerd_client *client, const char *name, unsigned char *memory,
                          pagerd_on_discard on_discard) {
  std::memset(memory, before, length);
  is_over = false;
  std::vector<std::thread> threads;
  for (int reader = 0; reader < 2; ++reader) threads.emplace_back(read_all, memory);
  threads.emplace_back(drop_and_touch, memory);

  const pagerd_map_options options = {PAGERD_MODE_COPY,      0, 0,         0,
                                      PAGERD_ACCESS_PRIVATE, 0, on_discard};
  pagerd_region *region = pagerd_attach(client, memory, length, name, &options);
  if (region == nullptr) fail("attach", 0);
  is_attached = true;
  threads.back().join();
  threads.pop_back();
  const bool has_zeros = on_discard == PAGERD_ON_DISCARD_ZERO;
  for (std::size_t at = 0; at < (has_zeros ? dropped_from * page : length); ++at) {
    if (memory[at] != image) fail("after the attach", memory[at]);
  }
  if (pagerd_reset(region) != 0) fail("reset", 0);
  if (pagerd_unmap(region) != 0) fail("unmap", 0);

  is_over = true;
  for (std::thread &thread : threads) thread.join();
  is_attached = false;
}

}  // namespace

int main(int, char **words) {
  const bool is_zero = words[3] != nullptr && std::strcmp(words[3], "zero") == 0;
  const pagerd_on_discard on_discard = is_zero ? PAGERD_ON_DISCARD_ZERO : PAGERD_ON_DISCARD_IMAGE;
  pagerd_client *client = pagerd_connect(words[1]);
  if (client == nullptr) fail("connect", 0);
  void *memory =
      ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int round = 0; round < rounds; ++round) {
    attach_reset_and_end(client, words[2], static_cast<unsigned char *>(memory), on_discard);
  }
  pagerd_disconnect(client);
  std::printf("%d rounds\n", rounds);
}
