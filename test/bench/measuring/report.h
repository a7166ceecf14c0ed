/* One JSON object on one line of stdout: what a measuring program found. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

void report_open(void);
void report_number(const char *name, double value);
void report_close(void);

#endif
