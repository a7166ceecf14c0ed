/*
 * A page fault manager as Firecracker's own example is one, done rightly: a thread for each VM, one
 * page for each fault, copied from a mapping of the memory file. What others are measured against.
 *
 *   reference_manager --socket PATH --image FILE [--delay-us N]
 *
 * With a delay each page that is not zero takes so long to be had, as from a slow source. A line on
 * standard input asks for its counts; the end of it ends the manager.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "test/vmm/managers/session.h"

enum { waiting_max = 256, retry_pause_ms = 1 };

static struct image image;
static long delay_us;

/* Pages that somebody waits for. A fault that was read is never delivered again: it stays here
   until it is served. */
struct waiting {
  uint64_t pages[waiting_max];
  int count;
};

static void add_waiting(struct waiting *waiting, uint64_t page) {
  for (int i = 0; i < waiting->count; i++) {
    if (waiting->pages[i] == page) return;
  }
  /* More pages than a VM has threads cannot be waited for. */
  if (waiting->count == waiting_max) abort();
  waiting->pages[waiting->count++] = page;
}

static void take_removal(struct session *session, uint64_t start, uint64_t end) {
  count_one(counter_removes);
  for (uint64_t at = start; at < end;) {
    struct served_region *region = region_of(session, at);
    if (!region) return;
    region->removed[(at - region->start) / region->page_bytes] = 1;
    at += region->page_bytes;
  }
}

/* All events, since what is removed is to be known before any fault is served. */
static void read_events(struct session *session, struct waiting *waiting) {
  struct uffd_msg message;
  while (waiting->count < waiting_max &&
         read(session->userfault, &message, sizeof message) == sizeof message) {
    if (message.event == UFFD_EVENT_REMOVE) {
      take_removal(session, message.arg.remove.start, message.arg.remove.end);
    } else if (message.event == UFFD_EVENT_PAGEFAULT) {
      const uint64_t address = message.arg.pagefault.address;
      const struct served_region *region = region_of(session, address);
      count_fault_of(message.arg.pagefault.feat.ptid);
      if (region) add_waiting(waiting, address - (address - region->start) % region->page_bytes);
    }
  }
}

static void pause_for(long us) {
  if (us > 0) nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

static int serve_page(struct session *session, uint64_t page) {
  static _Thread_local unsigned char last[huge_page_bytes];
  const struct served_region *region = region_of(session, page);
  const uint64_t offset = region->offset_bytes + (page - region->start);
  const uint64_t length = region->page_bytes;
  const bool is_removed = region->removed[(page - region->start) / length] != 0;
  if (is_removed || offset >= image.length_bytes) {
    count_one(counter_zeros);
    return install_zeros(session->userfault, page, length);
  }
  pause_for(delay_us);
  count_one(counter_copies);
  const unsigned char *bytes = image.bytes + offset;
  const uint64_t rest = image.length_bytes - offset;
  if (rest < length) {
    /* What the file's last page lacks is zero. */
    memset(last, 0, length);
    memcpy(last, bytes, rest);
    bytes = last;
  }
  return install_copy(session->userfault, page, bytes, length);
}

/* Serves what it can; what meets a removal that nobody has read stays. False: the VM is gone. */
static bool serve_waiting(struct session *session, struct waiting *waiting) {
  int kept = 0;
  for (int i = 0; i < waiting->count; i++) {
    const int error = serve_page(session, waiting->pages[i]);
    if (error == ESRCH) return false;
    /* ENOENT: unmapped meanwhile. */
    if (error == 0 || error == ENOENT) continue;
    if (error != EAGAIN) fail("UFFDIO_COPY");
    count_one(counter_retries);
    waiting->pages[kept++] = waiting->pages[i];
  }
  waiting->count = kept;
  return true;
}

static void *serve(void *given) {
  struct session session;
  struct waiting waiting = {.count = 0};
  if (!receive_session((int)(intptr_t)given, 1 << 20, &session)) {
    count_one(counter_refused);
    return NULL;
  }
  count_one(counter_sessions);
  struct pollfd waits[] = {{.fd = session.userfault, .events = POLLIN},
                           {.fd = session.process, .events = POLLIN}};
  do {
    if (poll(waits, 2, waiting.count > 0 ? retry_pause_ms : -1) < 0) continue;
    read_events(&session, &waiting);
  } while (!(waits[1].revents & POLLIN) && serve_waiting(&session, &waiting));
  close_session(&session);
  return NULL;
}

int main(int count, char **values) {
  const char *socket_path = NULL, *image_path = NULL;
  for (int i = 1; i + 1 < count; i += 2) {
    if (strcmp(values[i], "--socket") == 0) socket_path = values[i + 1];
    if (strcmp(values[i], "--image") == 0) image_path = values[i + 1];
    if (strcmp(values[i], "--delay-us") == 0) delay_us = atol(values[i + 1]);
  }
  if (!socket_path || !image_path) {
    fputs("usage: reference_manager --socket PATH --image FILE [--delay-us N]\n", stderr);
    return 2;
  }
  image = open_image(image_path);
  live(listen_at(socket_path), serve);
}
