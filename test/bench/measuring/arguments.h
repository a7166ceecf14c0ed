/* Command lines of the measuring programs: a command word, then --name value pairs, each with a
   default. */
#ifndef BENCH_ARGUMENTS_H
#define BENCH_ARGUMENTS_H

#include <stdint.h>

struct arguments {
  int count;
  char **values;
};

/* The text after --name, or the fallback. */
const char *argument_text(const struct arguments *arguments, const char *name,
                          const char *fallback);

/* The whole number after --name, or the fallback; anything but a number ends the program. */
int64_t argument_number(const struct arguments *arguments, const char *name, int64_t fallback);

/* Ends the program with status 1 after saying what failed; the second form adds errno's text. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
__attribute__((noreturn)) void fail_errno(const char *call);

#endif
