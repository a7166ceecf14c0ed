// Prints libpagerd's limits, one "name value" a line, under the names they have in TypeScript.
#include <cstdio>

#include "client/limits.hpp"

int main() {
  using namespace pagerd::client;
  auto print = [](const char *name, unsigned long long value) {
    std::printf("%s %llu\n", name, value);
  };
  print("protocolVersion", protocol_version);
  print("frameBytesMax", frame_bytes_max);
  print("imageNameLengthMax", image_name_length_max);
  print("sessionNameLengthMax", session_name_length_max);
  print("imageKeyLengthMax", image_key_length_max);
  print("regionBytesMax", region_bytes_max);
  print("windowBytesMin", window_bytes_min);
  print("windowBytesMax", window_bytes_max);
  print("pageBytes", page_bytes);
}
