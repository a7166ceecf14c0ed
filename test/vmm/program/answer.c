#include "test/vmm/program/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the next name is the first within its brackets. */
static bool is_first = true;

static void name_of(const char *name) {
  if (!is_first) putchar(',');
  is_first = false;
  if (name) printf("\"%s\":", name);
}

static void quoted(const char *text) {
  putchar('"');
  for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
    if (*at == '"' || *at == '\\') {
      printf("\\%c", *at);
    } else if (*at < 0x20) {
      printf("\\u%04x", *at);
    } else {
      putchar(*at);
    }
  }
  putchar('"');
}

void answer_begin(const char *order, const char *state) {
  putchar('{');
  is_first = true;
  answer_text("order", order);
  answer_text("state", state);
}

void answer_number(const char *name, uint64_t value) {
  name_of(name);
  printf("%" PRIu64, value);
}

/* As text: JSON's numbers lose what is beyond 53 bits. */
void answer_hex(const char *name, uint64_t value) {
  name_of(name);
  printf("\"0x%" PRIx64 "\"", value);
}

void answer_text(const char *name, const char *value) {
  name_of(name);
  if (value) {
    quoted(value);
  } else {
    fputs("null", stdout);
  }
}

void answer_raw(const char *name, const char *json) {
  name_of(name);
  fputs(json, stdout);
}

void answer_open(const char *name, char bracket) {
  name_of(name);
  putchar(bracket);
  is_first = true;
}

void answer_close(char bracket) {
  putchar(bracket);
  is_first = false;
}

void answer_end(void) {
  puts("}");
  fflush(stdout);
}

void die(const char *format, ...) {
  char why[512];
  va_list values;
  va_start(values, format);
  vsnprintf(why, sizeof why, format, values);
  va_end(values);
  fprintf(stderr, "vmm: %s\n", why);
  answer_begin("start", "failed");
  answer_text("why", why);
  answer_end();
  exit(1);
}

void die_errno(const char *call) {
  die("%s: %s", call, strerror(errno));
}
