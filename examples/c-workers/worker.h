/* One worker: a process that maps an image, works on it, and gives it back as it was. */
#ifndef C_WORKERS_WORKER_H
#define C_WORKERS_WORKER_H

#include <pagerd.h>
#include <stdint.h>

#define MODES_COUNT 4
extern const char *const mode_names[MODES_COUNT];

/* What every worker is to do. */
struct work {
  const char *image;
  const char *file; /* with the bytes that the image must have */
  enum pagerd_mode mode;
};

/* What a worker found, sent to its parent after each of its three steps as it is by then. */
struct findings {
  double map_ms;    /* connected and mapped */
  double run_ms;    /* a quarter read and compared, 1 % of the image written */
  double reset_ms;
  double again_ms;  /* the same quarter read and compared again */
  uint64_t touched_bytes;
  uint64_t dirtied_bytes;
  uint64_t pss_bytes; /* of the mapping, while all workers have theirs */
  enum pagerd_mode mode;
  char failure[256]; /* "" when all went well */
};

/* The steps: run; measure; reset and run again. Before the second and the third it reads a byte
   from standard input, and after each it writes its findings to standard output. */
int work_as_told(const struct work *work);

#endif
