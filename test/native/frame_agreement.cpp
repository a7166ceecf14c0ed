// libpagerd's half of "C and TypeScript agree on every frame". First it prints each of its
// requests, as hexadecimal; then it reads frames, one a line, and prints what it understood as
// JSON, or "malformed".
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "client/messages.hpp"

namespace {

using namespace pagerd::client;

constexpr std::uint64_t u64_max = ~std::uint64_t{0};

void print(const Frame &frame) {
  for (const std::uint8_t byte : frame.bytes()) std::printf("%02x", byte);
  std::printf("\n");
}

void print_requests() {
  const std::string longest_name(image_name_length_max, 'n');
  print(hello_frame(""));
  print(hello_frame(std::string(65, 's')));
  const std::string_view modes[] = {"copy", "share", "cow"};
  print(image_frame(1, {"a", "auto", modes, "private"}));
  print(image_frame(2, {longest_name, "copy", std::span(modes).first(1), "shared"}));
  print(load_frame(3, "model"));
  print(publish_frame(0x7f, longest_name));
  print(map_frame(0x80, {"model", "auto", "private", 1, 0x7fff'ffff'f000, 4096, 0, 0}));
  print(map_frame(0xffff'ffff, {longest_name, "share", "shared", 0xffff'ffff, u64_max, u64_max,
                                u64_max, 2 * 1024 * 1024}));
  const std::string longest_key(image_key_length_max, 'k');
  print(map_frame(0x81, {longest_name, "cow", "private", 7, 4096, 4096, 0, 0, 0xffff'ffff,
                         longest_key}));
  print(map_frame(0x82, {"model", "copy", "private", 7, 4096, 4096, 0, 0, 0, "", "image"}));
  print(prefault_frame(0x100, {0xffff'ffff, std::uint64_t{1} << 53, (std::uint64_t{1} << 53) + 1}));
  print(reset_frame(0xffff, 1));
  print(choose_discard_frame(0x1'0001, 3, "zero"));
  print(unmap_frame(0x1'0000, 255));
  print(bye_frame(256));
}

int digit(char character) {
  return character <= '9' ? character - '0' : character - 'a' + 10;
}

std::vector<std::uint8_t> bytes_of(const std::string &line) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at + 1 < line.size(); at += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(line[at]) << 4 | digit(line[at + 1])));
  }
  return bytes;
}

// Strings are printed as hexadecimal of their UTF-8, numbers as strings: JSON's numbers end at
// 2^53.
void print_field(const char *name, const std::string &text) {
  std::printf("\"%s\":\"", name);
  for (const char character : text) std::printf("%02x", static_cast<unsigned char>(character));
  std::printf("\",");
}

void print_field(const char *name, std::uint64_t number) {
  std::printf("\"%s\":\"%llu\",", name, static_cast<unsigned long long>(number));
}

void print(const Message &message) {
  std::printf("{");
  print_field("type", message.type);
  print_field("session", message.session);
  print_field("image", message.image);
  print_field("image_key", message.image_key);
  print_field("mode", message.mode);
  print_field("why", message.why);
  print_field("on_discard", message.on_discard);
  print_field("code", message.code);
  print_field("message", message.text);
  print_field("request", message.request);
  print_field("region", message.region);
  print_field("image_id", message.image_id);
  print_field("version", message.version);
  print_field("offset_bytes", message.offset_bytes);
  print_field("length_bytes", message.length_bytes);
  print_field("pages_installed", message.pages_installed);
  print_field("regions_max", message.regions_max);
  print_field("resident_bytes", message.resident_bytes);
  std::printf("\"device\":%s,\"file\":%s}\n", message.device ? "true" : "false",
              message.file ? "true" : "false");
}

}  // namespace

int main() {
  print_requests();
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::vector<std::uint8_t> frame = bytes_of(line);
    if (const auto message = decode_message(frame)) {
      print(*message);
    } else {
      std::printf("malformed\n");
    }
  }
}
