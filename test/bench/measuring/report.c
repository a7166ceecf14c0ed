#include "report.h"

#include <stdio.h>

static int fields_written;

void report_open(void) {
  fields_written = 0;
  putchar('{');
}

void report_number(const char *name, double value) {
  printf("%s\"%s\":%.15g", fields_written++ == 0 ? "" : ",", name, value);
}

void report_close(void) {
  puts("}");
  fflush(stdout);
}
