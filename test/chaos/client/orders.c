/* What the orchestrator tells a client on its command line (fleet.ts writes it). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/chaos/client/client.h"

struct orders orders = {.lie = "", .mode = mode_mixed, .pause_us = 300, .seed = 1};
struct books *books;

/* NAME:SEED:PAGES */
static struct image image_of(char *text) {
  struct image image;
  image.name = strsep(&text, ":");
  const char *image_seed = strsep(&text, ":");
  image.seed = (uint32_t)strtoul(image_seed ? image_seed : "", NULL, 0);
  image.pages = strtoull(text ? text : "", NULL, 0);
  return image;
}

static void take(const char *name, char *value) {
  if (!strcmp(name, "socket")) orders.socket = value;
  else if (!strcmp(name, "books")) orders.books = value;
  else if (!strcmp(name, "slot")) orders.first_slot = atoi(value);
  else if (!strcmp(name, "seed")) orders.seed = strtoull(value, NULL, 0);
  else if (!strcmp(name, "mode")) orders.mode = atoi(value);
  else if (!strcmp(name, "lazy")) orders.lazy = image_of(value);
  else if (!strcmp(name, "lazy_file")) orders.lazy_file = value;
  else if (!strcmp(name, "solid")) orders.solid = image_of(value);
  else if (!strcmp(name, "board")) orders.board = image_of(value);
  else if (!strcmp(name, "pause_us")) orders.pause_us = atoi(value);
  else if (!strcmp(name, "lie")) orders.lie = value;
  else if (!strcmp(name, "layout")) orders.has_layout = atoi(value);
  else if (!strcmp(name, "audit")) orders.is_audit = atoi(value);
  else {
    fprintf(stderr, "unknown argument %s\n", name);
    exit(2);
  }
}

static void open_books(void) {
  int file = open(orders.books ? orders.books : "", O_RDWR | O_CLOEXEC);
  books = mmap(NULL, sizeof *books, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file < 0 || books == MAP_FAILED) {
    perror("books");
    exit(2);
  }
  close(file);
}

void take_orders(int count, char **arguments) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int at = 1; at < count; at++) {
    char *value = arguments[at];
    const char *name = strsep(&value, "=");
    take(name, value ? value : "");
  }
  open_books();
}
