/*
 * bench_client: the measured client of pagerd, in C over libpagerd so that no language runtime is
 * in the figures.
 *
 *   bench_client touch    --socket P --image NAME [--window-bytes N] [touch options]
 *   bench_client prefault ... [--threads N]         the whole region, in N equal parts at once
 *   bench_client reset    ... [--dirty-pages N]     writing some pages, and pagerd_reset
 *   bench_client occupy   ... [--touch-bytes N] [--dirty-pages N]  keeps pages until stdin ends
 *   bench_client connect  ... [--cycles N]          from nothing to a mapped region
 *   bench_client madvise  ... [--attached 0|1]      MADV_DONTNEED of one page, served or not
 *   bench_client hold     ... [--sessions N] [--regions N]   idle sessions until stdin ends
 *   bench_client bulk     ...                       prefault, reset, ... until stdin ends
 */
#include <string.h>

#include "commands.h"
#include "measuring/placement.h"

static const struct command {
  const char *name;
  void (*run)(const struct arguments *arguments);
} commands[] = {
    {"touch", command_touch},     {"prefault", command_prefault}, {"reset", command_reset},
    {"connect", command_connect}, {"madvise", command_madvise},   {"hold", command_hold},
    {"bulk", command_bulk},       {"occupy", command_occupy},
};

pagerd_client *connect_client(const struct arguments *arguments) {
  pagerd_client *client = pagerd_connect(argument_text(arguments, "socket", NULL));
  if (client == NULL) fail_pagerd("pagerd_connect");
  return client;
}

static enum pagerd_mode mode_from(const struct arguments *arguments) {
  const char *mode = argument_text(arguments, "mode", "copy");
  if (strcmp(mode, "copy") == 0) return PAGERD_MODE_COPY;
  if (strcmp(mode, "share") == 0) return PAGERD_MODE_SHARE;
  if (strcmp(mode, "cow") == 0) return PAGERD_MODE_COW;
  fail("--mode wants copy, share or cow, found %s", mode);
}

pagerd_region *map_image(const struct arguments *arguments, pagerd_client *client) {
  const struct pagerd_map_options options = {
      .mode = mode_from(arguments),
      .length_bytes = (uint64_t)argument_number(arguments, "bytes", 0),
      .window_bytes = (uint32_t)argument_number(arguments, "window-bytes", 0),
  };
  pagerd_region *region =
      pagerd_map(client, argument_text(arguments, "image", "pattern"), &options);
  if (region == NULL) fail_pagerd("pagerd_map");
  return region;
}

enum image_content content_from(const struct arguments *arguments) {
  const char *content = argument_text(arguments, "content", "pattern");
  return strcmp(content, "zero") == 0 ? CONTENT_ZERO : CONTENT_PATTERN;
}

void fail_pagerd(const char *call) {
  fail("%s: %s (%s)", call, pagerd_error(), pagerd_error_code());
}

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
    if (count < 2 || strcmp(values[1], commands[i].name) != 0) continue;
    commands[i].run(&arguments);
    return 0;
  }
  fail("bench_client wants a command: those above its main(), such as touch");
}
