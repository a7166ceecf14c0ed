/* What the threads of a chaos client share: its orders, its books, and how they report. */
#ifndef PAGERD_CHAOS_CLIENT_H
#define PAGERD_CHAOS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "native/client/pagerd.h"
#include "test/chaos/client/books.h"
#include "test/chaos/client/content.h"

enum { mode_mixed = 9 };

struct image {
  const char *name; /* NULL: this client uses none such */
  uint32_t seed;
  uint64_t pages;
};

struct orders {
  const char *socket;
  const char *lie; /* what to do wrong, so that a test sees it found out; "" for nothing */
  struct image lazy;  /* loaded page by page */
  struct image solid; /* in memory as a whole, for mode cow */
  struct image board; /* writable, of counters */
  const char *lazy_file; /* its bytes as a file, for read(2) */
  int mode;
  int pause_us; /* between two steps of a thread */
  const char *books;
  int first_slot;
  uint64_t seed;
  int is_audit;
  int has_layout; /* of a foreign client: it asks for layout events */
};

extern struct orders orders;
extern struct books *books;
extern pagerd_client *client;

/* One thread's own: slot, random numbers, the time of its last step. */
struct worker {
  struct slot *slot;
  int number; /* of the slot */
  uint64_t random;
  uint64_t step_started_ns;
  uint32_t hardship_before;
  int reports;
};

/* What a kind of thread does: prepares, steps until told to stop, and gives back. */
struct kind {
  const char *name;
  int (*is_wanted)(void);
  /* 0, or -1 after a report. */
  int (*begin)(struct worker *worker);
  void (*step)(struct worker *worker);
  void (*end)(struct worker *worker);
};

extern const struct kind reader, writer, system_calls, churn, counter, forker;

/* orders.c: reads the orders, and maps the books. */
void take_orders(int count, char **arguments);

/* life.c: runs a thread of each kind that is wanted, as long as the orchestrator says. */
void live(const struct kind *const *kinds, int kinds_count);

/* worker.c */
void *work(void *worker_and_kind);
struct work {
  struct worker worker;
  const struct kind *kind;
};
extern _Atomic int stopping;
enum phase { phase_begin, phase_go, phase_stop, phase_end };
void enter_phase(enum phase next);
/* Each thread arrives twice: when it is ready to go, and when it has stopped. */
void wait_for_arrivals(int count);
uint64_t now_ns(void);
uint64_t random_next(struct worker *worker);
uint64_t random_below(struct worker *worker, uint64_t bound);
/* A step that began now and needs the manager; and its end, when that was so. */
void begin_step(struct worker *worker);
void end_step(struct worker *worker, int was_served);

/* report.c: one line on standard output each, and a count in the books. */
void wrong(struct worker *worker, const char *what, uint64_t page, const unsigned char *found);
void wrong_text(struct worker *worker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A call failed. Where the orchestrator has taken the manager's descriptors away it may: that only
   counts. */
void failed(struct worker *worker, const char *call, const char *code, const char *text);
void errno_failed(struct worker *worker, const char *call);

/* check.c */
/* A call of libpagerd failed. */
void call_failed(struct worker *worker, const char *call);
/* Image and mode of a region to be made, as the orders have it. */
const struct image *choose_image(struct worker *worker, enum pagerd_mode *mode);
pagerd_region *map_whole(struct worker *worker, const struct image **image);
int needs_manager(const pagerd_region *region);
/* Whether the page is the image's; reports it when not. */
int check_page(struct worker *worker, const char *what, const unsigned char *memory,
               const struct image *image, uint64_t page);
/* Drops a page that holds the image's bytes, and checks that it comes back. */
int drop_and_check(struct worker *worker, unsigned char *memory, const struct image *image,
                   uint64_t page);
unsigned char *page_of(const pagerd_region *region, uint64_t page);

/* audit.c: compares the board with the books; the process's exit code. */
int audit(void);

#endif
