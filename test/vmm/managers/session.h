/* What page fault managers in C share: the image, one VM's regions, and how its message is read. */
#ifndef PAGERD_VMM_SESSION_H
#define PAGERD_VMM_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { message_bytes_max = 1 << 20, session_regions_max = 16, huge_page_bytes = 2 << 20 };

struct image {
  const unsigned char *bytes;
  uint64_t length_bytes;
};

struct served_region {
  uint64_t start, size_bytes, offset_bytes;
  uint64_t page_bytes;     /* "page_size", else "page_size_kib", else 4096 */
  uint64_t page_size_kib;  /* as it came; 0 when it did not */
  unsigned char *removed;  /* one for each page: the balloon took it */
};

struct session {
  int connection, userfault;
  int process; /* of the VM: its socket says nothing about its life before Firecracker 1.12 */
  struct served_region regions[session_regions_max];
  int count;
};

/* regions_text.c: whether the text is a whole JSON value, and the regions in it; their number. */
bool is_whole_text(const char *text, size_t length);
int read_regions_text(const char *text, struct served_region *regions, int most);

/* receive.c */
struct image open_image(const char *path);
int listen_at(const char *path);
/* Reads the message of a VM that connected, from one read when that is all it is given. False
   when it made no sense; what came with it is closed then. */
bool receive_session(int connection, int reads_max, struct session *session);
void close_session(struct session *session);
struct served_region *region_of(struct session *session, uint64_t address);

/* install.c: errno of the attempt, 0 when the page is there now. Waiters are awake then. */
int install_copy(int userfault, uint64_t page, const void *bytes, uint64_t page_bytes);
int install_zeros(int userfault, uint64_t page, uint64_t page_bytes);

/* life.c: accepts VMs and starts a thread for each, answers `stat` on standard input, and ends
   with it. `serve` owns the connection. */
void live(int listener, void *(*serve)(void *connection));
_Noreturn void fail(const char *what);

/* Counts of all sessions. */
enum counter { counter_sessions, counter_faults, counter_copies, counter_zeros, counter_removes,
               counter_retries, counter_refused, counters_count };
void count_one(enum counter counter);
void count_fault_of(uint32_t thread);

#endif
