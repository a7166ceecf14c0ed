/* What bench_client can be told to do. Each command reads its own arguments and reports one line of
   JSON. */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "measuring/arguments.h"
#include "measuring/pattern.h"
#include "pagerd.h"

/* Connected to --socket, or the program has ended with the library's words. */
pagerd_client *connect_client(const struct arguments *arguments);

/* --image mapped with --window-bytes, --bytes (0: all of it) and --mode (default copy); or the
   program has ended. */
pagerd_region *map_image(const struct arguments *arguments, pagerd_client *client);

/* --content pattern (default) or zero: what the image is known to hold. */
enum image_content content_from(const struct arguments *arguments);

/* Ends the program with what the library says of its last failure. */
__attribute__((noreturn)) void fail_pagerd(const char *call);

void command_touch(const struct arguments *arguments);
void command_prefault(const struct arguments *arguments);
void command_reset(const struct arguments *arguments);
void command_connect(const struct arguments *arguments);
void command_madvise(const struct arguments *arguments);
void command_occupy(const struct arguments *arguments);
void command_hold(const struct arguments *arguments);
void command_bulk(const struct arguments *arguments);

#endif
