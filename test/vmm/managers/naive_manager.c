/*
 * A page fault manager with the mistakes that others have made, each by its name, so that a test
 * can show that it finds every one of them.
 *
 *   naive_manager --socket PATH --image FILE [--mistake NAME]...
 *
 * Without --mistake it ignores removals and reads once.
 */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "test/vmm/managers/session.h"

enum mistake {
  ignores_remove,    /* removed pages are the image's again */
  reads_once,        /* takes the first read for the whole message */
  believes_kib,      /* takes page_size_kib for KiB, as its name says */
  gives_up_at_eagain,
  reads_past_end,    /* copies from beyond the memory file, where memory is larger */
  ignores_offset,    /* each region begins at the file's beginning */
  serves_one_vm,     /* the next has to wait until the first is gone */
  takes_hup_for_end, /* of the VM, whatever its version */
  copies_4096,       /* whatever the page size is */
  poisons_pages,     /* some of those that it could have */
  flips_bits,        /* now and then a byte is not the image's */
  mistakes_count,
};

static const char *const names[mistakes_count] = {
    [ignores_remove] = "ignores-remove",       [reads_once] = "reads-once",
    [believes_kib] = "believes-kib",           [gives_up_at_eagain] = "gives-up-at-eagain",
    [reads_past_end] = "reads-past-end",       [ignores_offset] = "ignores-offset",
    [serves_one_vm] = "serves-one-vm",         [takes_hup_for_end] = "takes-hup-for-end",
    [copies_4096] = "copies-4096",             [flips_bits] = "flips-bits",
    [poisons_pages] = "poisons-pages",
};

static struct image image;
static bool makes[mistakes_count];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int install(const struct session *session, uint64_t page, uint64_t length,
                   const unsigned char *bytes, uint64_t offset) {
  static _Thread_local unsigned char changed[huge_page_bytes];
  const bool is_short = offset + length > image.length_bytes;
  if (makes[flips_bits] && offset / 4096 % 16 == 3 && !is_short) {
    memcpy(changed, bytes, length);
    for (uint64_t at = 0; at < length; at += 64) changed[at] ^= 1;
    bytes = changed;
  } else if (is_short && !makes[reads_past_end] && length <= huge_page_bytes) {
    memset(changed, 0, length);
    if (offset < image.length_bytes) memcpy(changed, bytes, image.length_bytes - offset);
    bytes = changed;
  }
  return install_copy(session->userfault, page, bytes, length);
}

/* Newer than some systems' headers. */
struct poison_request {
  uint64_t start, length, mode;
  int64_t updated;
};

static int poison(int userfault, uint64_t page, uint64_t length) {
  struct poison_request request = {page, length, 0, 0};
  return ioctl(userfault, _IOWR(0xAA, 0x08, struct poison_request), &request) == 0 ? 0 : errno;
}

static int serve_page(struct session *session, struct served_region *region, uint64_t address) {
  uint64_t length = region->page_bytes;
  if (makes[believes_kib] && region->page_size_kib) length = region->page_size_kib * 1024;
  if (makes[copies_4096]) length = 4096;
  const uint64_t page = address & ~(length - 1);
  const uint64_t offset =
      (makes[ignores_offset] ? 0 : region->offset_bytes) + (page - region->start);
  const uint64_t number = (page - region->start) / region->page_bytes;
  if (makes[poisons_pages] && number % 16 == 5) return poison(session->userfault, page, length);
  /* A page that begins before its region is a mistake's; the kernel will say so. */
  const bool is_removed = page >= region->start && region->removed[number];
  if (is_removed) return install_zeros(session->userfault, page, length);
  return install(session, page, length, image.bytes + offset, offset);
}

static bool serve_event(struct session *session, const struct uffd_msg *event);

/* False where the VM is given up. */
static bool serve_fault(struct session *session, uint64_t address) {
  struct served_region *region = region_of(session, address);
  if (!region) return true;
  for (int error; (error = serve_page(session, region, address)) != 0;) {
    if (error != EAGAIN || makes[gives_up_at_eagain]) {
      fprintf(stderr, "naive_manager: UFFDIO_COPY: %s\n", strerror(error));
      return false;
    }
    struct uffd_msg event;
    if (read(session->userfault, &event, sizeof event) != sizeof event) sched_yield();
    else if (!serve_event(session, &event)) return false;
  }
  return true;
}

static bool serve_event(struct session *session, const struct uffd_msg *event) {
  if (event->event == UFFD_EVENT_PAGEFAULT) {
    return serve_fault(session, event->arg.pagefault.address);
  }
  if (event->event != UFFD_EVENT_REMOVE || makes[ignores_remove]) return true;
  struct served_region *region = region_of(session, event->arg.remove.start);
  if (!region) return true;
  const uint64_t first = (event->arg.remove.start - region->start) / region->page_bytes;
  const uint64_t end = (event->arg.remove.end - region->start) / region->page_bytes;
  memset(region->removed + first, 1, end - first);
  return true;
}

static void serve_vm(struct session *session) {
  struct pollfd waits[] = {{.fd = session->userfault, .events = POLLIN},
                           {.fd = session->process, .events = POLLIN},
                           {.fd = session->connection, .events = POLLIN}};
  for (;;) {
    if (poll(waits, makes[takes_hup_for_end] ? 3 : 2, -1) < 0) continue;
    if (waits[1].revents || waits[2].revents & POLLHUP) return;
    struct uffd_msg event;
    if (read(session->userfault, &event, sizeof event) != sizeof event) continue;
    if (!serve_event(session, &event)) return;
  }
}

static void *serve(void *given) {
  struct session session;
  if (makes[serves_one_vm]) pthread_mutex_lock(&one_at_a_time);
  if (receive_session((int)(intptr_t)given, makes[reads_once] ? 1 : 1 << 20, &session)) {
    serve_vm(&session);
    close_session(&session);
  }
  if (makes[serves_one_vm]) pthread_mutex_unlock(&one_at_a_time);
  return NULL;
}

static void add_mistake(const char *name) {
  for (int i = 0; i < mistakes_count; i++) {
    if (strcmp(name, names[i]) != 0) continue;
    makes[i] = true;
    return;
  }
  fprintf(stderr, "naive_manager: there is no mistake %s; there are:\n", name);
  for (int i = 0; i < mistakes_count; i++) fprintf(stderr, "  %s\n", names[i]);
  exit(2);
}

int main(int count, char **values) {
  const char *socket_path = NULL, *image_path = NULL;
  bool has_choice = false;
  for (int i = 1; i + 1 < count; i += 2) {
    if (strcmp(values[i], "--socket") == 0) socket_path = values[i + 1];
    if (strcmp(values[i], "--image") == 0) image_path = values[i + 1];
    if (strcmp(values[i], "--mistake") != 0) continue;
    has_choice = true;
    if (strcmp(values[i + 1], "none") != 0) add_mistake(values[i + 1]);
  }
  if (!socket_path || !image_path) {
    fputs("usage: naive_manager --socket PATH --image FILE [--mistake NAME|none]...\n", stderr);
    return 2;
  }
  for (int i = 0; i < believes_kib && !has_choice; i++) makes[i] = true;
  image = open_image(image_path);
  live(listen_at(socket_path), serve);
}
