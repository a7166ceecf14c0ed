/* JSON lines on standard output. One thread writes them: the VMM's own. */
#ifndef PAGERD_VMM_ANSWER_H
#define PAGERD_VMM_ANSWER_H

#include <stdint.h>

void answer_begin(const char *order, const char *state);
void answer_number(const char *name, uint64_t value);
void answer_hex(const char *name, uint64_t value);
/* NULL is null. */
void answer_text(const char *name, const char *value);
/* A value that is JSON already. */
void answer_raw(const char *name, const char *json);
void answer_open(const char *name, char bracket);
void answer_close(char bracket);
void answer_end(void);

/* The VM cannot be: says why on both outputs, and ends the program with 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die_errno(const char *call);

#endif
