// A hundred threads use one client at once: client_threads SOCKET IMAGE. More than the requests
// that may be in flight, so that some of them wait for a place. Each maps or attaches the image,
// compares every byte, writes, resets, prefaults and ends its region, over and over. Built with a
// sanitizer.
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "client/limits.hpp"
#include "client/pagerd.h"

namespace {

constexpr std::size_t threads_count = 100;
constexpr int rounds = 5;
static_assert(threads_count > pagerd::client::requests_in_flight_max);

void require(bool holds, const char *what) {
  if (holds) return;
  std::fprintf(stderr, "%s: %s: %s\n", what, pagerd_error_code(), pagerd_error());
  std::abort();
}

bool is_image(pagerd_region *region, pagerd_region *model) {
  const std::size_t length = pagerd_length_bytes(model);
  return std::memcmp(pagerd_address(region), pagerd_address(model), length) == 0;
}

void use(pagerd_region *region, pagerd_region *model) {
  require(is_image(region, model), "bytes");
  std::memset(pagerd_address(region), 0, pagerd_length_bytes(region));
  require(pagerd_reset(region) == 0, "reset");
  require(pagerd_prefault(region, 4096, 8192) == 0, "prefault");
  require(is_image(region, model), "bytes after the reset");
}

// The model has brought all of the image, so that every mode can be had.
pagerd_map_options in_mode(std::size_t number) {
  constexpr pagerd_mode modes[] = {PAGERD_MODE_COPY, PAGERD_MODE_SHARE, PAGERD_MODE_COW};
  pagerd_map_options options = {};
  options.mode = modes[number % 3];
  if (number % 6 == 3) options.on_discard = PAGERD_ON_DISCARD_ZERO;
  return options;
}

void map_and_use(pagerd_client *client, const char *image, pagerd_region *model,
                 const pagerd_map_options &options) {
  pagerd_region *region = pagerd_map(client, image, &options);
  require(region != nullptr, "map");
  use(region, model);
  require(pagerd_unmap(region) == 0, "unmap");
}

void attach_and_use(pagerd_client *client, const char *image, pagerd_region *model,
                    const pagerd_map_options &options) {
  const std::size_t length = pagerd_length_bytes(model);
  const std::size_t room = pagerd::client::rounded_up_to_page(length);
  void *memory = ::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pagerd_region *region = pagerd_attach(client, memory, room, image, &options);
  require(region != nullptr, "attach");
  use(region, model);
  require(pagerd_unmap(region) == 0, "unmap of attached memory");
  require(std::memcmp(memory, pagerd_address(model), length) == 0, "bytes after the end");
  ::munmap(memory, room);
}

// Each thread has its own last failure.
void fail_alone(pagerd_client *client, std::size_t number) {
  const std::string image = "missing-" + std::to_string(number);
  require(pagerd_map(client, image.c_str(), nullptr) == nullptr, "map of a missing image");
  require(std::strstr(pagerd_error(), image.c_str()) != nullptr, "the failure of this thread");
}

}  // namespace

int main(int, char **words) {
  pagerd_client *client = pagerd_connect(words[1]);
  require(client != nullptr, "connect");
  pagerd_region *model = pagerd_map(client, words[2], nullptr);
  require(model != nullptr && pagerd_prefault(model, 0, 0) == 0, "model");
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < threads_count; ++number) {
    threads.emplace_back([=] {
      for (int round = 0; round < rounds; ++round) {
        const pagerd_map_options options = in_mode(number + static_cast<std::size_t>(round));
        if (number % 2 == 0)
          map_and_use(client, words[2], model, options);
        else
          attach_and_use(client, words[2], model, options);
        fail_alone(client, number);
      }
    });
  }
  for (std::thread &thread : threads) thread.join();
  pagerd_disconnect(client);
  std::printf("%zu threads, %d rounds\n", threads_count, rounds);
}
