// Fuzzes what libpagerd makes of frames, which come from whoever listens at the socket's path.
// Built with AddressSanitizer and UBSan; every read past the end of a frame is then seen, because
// each frame gets an allocation of exactly its size. LLVMFuzzerTestOneInput is the usual entry, for
// engines that have one; gcc has none, so main() makes the inputs itself, always the same ones.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "client/messages.hpp"
#include "client/msgpack.hpp"
#include "sys/check.hpp"

namespace {

using pagerd::client::decode_message;
using pagerd::client::frame_bytes_max;
using pagerd::client::msgpack::Kind;
using pagerd::client::msgpack::Reader;
using pagerd::client::msgpack::Value;

using Bytes = std::vector<std::uint8_t>;

// Reads value after value, whatever they are. Each takes a byte at least, so it ends.
std::size_t count_values(std::span<const std::uint8_t> frame) {
  Reader reader(frame);
  Value value;
  std::size_t values = 0;
  while (!reader.is_at_end() && reader.next(value)) {
    const char *end = reinterpret_cast<const char *>(frame.data() + frame.size());
    PAGERD_CHECK(value.text.empty() || value.text.data() + value.text.size() <= end);
    values += 1;
  }
  PAGERD_CHECK(values <= frame.size());
  return values;
}

void skip_first(std::span<const std::uint8_t> frame) {
  Reader reader(frame);
  Value head;
  if (reader.next(head) && !reader.skip_elements(head)) PAGERD_CHECK(!reader.next(head));
}

// A message of the manager, as a mutation's starting point.
Bytes sample_frame() {
  const char text[] =
      "\x87\xa4type\xa8poisoned\xa6region\xcf\x00\x00\x00\x00\x00\x00\x00\x07\xa7request\xce\x00"
      "\x00"
      "\x01\x02\xacoffset_bytes\xcb\x42\x00\x00\x00\x00\x00\x00\x00\xa6"
      "device\xc3\xa7message\xd9\x04"
      "disk\xa5later\x92\x81\xa1k\xc4\x02zz\xd5\x01yy";
  return Bytes(text, text + sizeof(text) - 1);
}

using Random = std::mt19937_64;

std::size_t below(Random &random, std::size_t bound) {
  return random() % bound;
}

Bytes random_bytes(Random &random) {
  Bytes bytes(below(random, 64));
  for (std::uint8_t &byte : bytes) byte = static_cast<std::uint8_t>(random());
  // Half of them begin like a message, or decoding ends at the first byte.
  if (!bytes.empty() && random() % 2 == 0) bytes[0] = 0x80 | (bytes[0] & 0x0f);
  return bytes;
}

Bytes mutated(Random &random, Bytes bytes) {
  for (std::size_t rounds = 1 + below(random, 4); rounds > 0 && !bytes.empty(); --rounds) {
    const std::size_t at = below(random, bytes.size());
    const auto byte = static_cast<std::uint8_t>(random());
    switch (random() % 5) {
      case 0:
        bytes[at] = byte;
        break;
      case 1:
        bytes[at] = static_cast<std::uint8_t>(0xc0 | (byte & 0x1f));  // the heads with lengths
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), 1 + below(random, 9), byte);
        break;
      default:
        bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  return bytes;
}

// What random bytes hardly ever are: nothing but heads, each of which promises more.
Bytes nested(Random &random) {
  constexpr std::uint8_t heads[] = {0x91, 0x81, 0xdc, 0xdd, 0xde, 0xdf, 0xdb, 0xc6, 0xc9, 0xff};
  Bytes bytes(1 + below(random, frame_bytes_max), heads[below(random, sizeof(heads))]);
  bytes[0] = 0x81;
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t length_bytes) {
  const auto exact = std::make_unique<std::uint8_t[]>(length_bytes);
  if (length_bytes > 0) std::memcpy(exact.get(), bytes, length_bytes);
  const std::span<const std::uint8_t> frame(exact.get(), length_bytes);
  (void)count_values(frame);
  skip_first(frame);
  (void)decode_message(frame);
  return 0;
}

int main(int arguments, char **words) {
  const std::size_t inputs = arguments > 1 ? std::strtoull(words[1], nullptr, 10) : 100'000;
  Random random(arguments > 2 ? std::strtoull(words[2], nullptr, 10) : 1);
  const Bytes sample = sample_frame();
  PAGERD_CHECK(decode_message(sample));
  std::size_t decoded = 0;
  for (std::size_t input = 0; input < inputs; ++input) {
    Bytes bytes = input % 4 == 0 ? random_bytes(random) : mutated(random, sample);
    if (input % 1'000 == 0) bytes = nested(random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    decoded += decode_message(bytes) ? 1 : 0;
  }
  std::printf("%zu inputs, %zu of them messages\n", inputs, decoded);
}
