#include "arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *argument_text(const struct arguments *arguments, const char *name,
                          const char *fallback) {
  for (int i = 1; i + 1 < arguments->count; i++) {
    const char *value = arguments->values[i];
    if (strncmp(value, "--", 2) == 0 && strcmp(value + 2, name) == 0) {
      return arguments->values[i + 1];
    }
  }
  return fallback;
}

int64_t argument_number(const struct arguments *arguments, const char *name, int64_t fallback) {
  const char *text = argument_text(arguments, name, NULL);
  if (text == NULL) return fallback;
  char *end = NULL;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0') {
    fail("--%s wants a whole number, found \"%s\"", name, text);
  }
  return value;
}

void fail(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  exit(1);
}

void fail_errno(const char *call) { fail("%s: %s", call, strerror(errno)); }
