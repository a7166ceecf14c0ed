#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "test/chaos/client/client.h"

/* Lines of one thread; the books count on. */
enum { reports_max = 8 };

static int may_report(struct worker *worker) { return worker->reports++ < reports_max; }

void wrong(struct worker *worker, const char *what, uint64_t page, const unsigned char *found) {
  const int is_zero = content_nonzero(found, page_bytes) == -1;
  worker->slot->wrong++;
  if (!may_report(worker)) return;
  uint64_t word;
  memcpy(&word, found, sizeof word);
  printf("wrong %s: %s: page %llu begins with %016llx%s\n", worker->slot->kind, what,
         (unsigned long long)page, (unsigned long long)word, is_zero ? ", all of it zeros" : "");
}

void wrong_text(struct worker *worker, const char *format, ...) {
  worker->slot->wrong++;
  if (!may_report(worker)) return;
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  printf("wrong %s: %s\n", worker->slot->kind, text);
}

static int is_refusal(const struct worker *worker) {
  const uint32_t before = worker->hardship_before, now = books->hardship;
  return before % 2 == 1 || before != now;
}

void failed(struct worker *worker, const char *call, const char *code, const char *text) {
  if (is_refusal(worker)) {
    worker->slot->refused++;
    return;
  }
  worker->slot->failed++;
  if (may_report(worker)) printf("failed %s: %s: %s: %s\n", worker->slot->kind, call, code, text);
}

void errno_failed(struct worker *worker, const char *call) {
  failed(worker, call, strerrorname_np(errno), strerror(errno));
}
