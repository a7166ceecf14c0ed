/* A client of an emulator's kind: it asks for layout events and changes its layout without a word
   on its socket. One order a line on stdin, one answer a line on stdout: "ok NUMBER" or
   "error WORDS". Pages keep their numbers wherever it has moved them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/harness/pattern.h"
#include "test/harness/raw_frames.h"

enum { page_bytes = 4096, pages_max = 65536 };

static int connection = -1, userfault = -1;
static unsigned char *place[pages_max];
static uint64_t pages;

/* With features 0 it goes to the manager as it was made: what is to be said of it, and of the
   memory, is the manager's to say. */
static int open_userfault(uint64_t features) {
  userfault = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  struct uffdio_api api = {.api = UFFD_API, .features = features};
  if (userfault < 0) return fail("userfaultfd");
  if (features != 0 && ioctl(userfault, UFFDIO_API, &api) < 0) return fail("UFFDIO_API");
  return 0;
}

static int map(const char *image, uint64_t count, uint64_t features, const char *discarded) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  unsigned char *memory = mmap(NULL, count * page_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) return fail("mmap");
  struct uffdio_register request = {.range = {(uintptr_t)memory, count * page_bytes},
                                    .mode = UFFDIO_REGISTER_MODE_MISSING};
  const int is_first = userfault < 0;
  if (is_first && open_userfault(features) < 0) return -1;
  if (features != 0 && ioctl(userfault, UFFDIO_REGISTER, &request) < 0) return fail("REGISTER");
  struct frame frame = begin("map", discarded[0] ? 9 : 8);
  put_number(&frame, "request", 1);
  put_field(&frame, "image", image);
  put_field(&frame, "mode", "copy");
  put_number(&frame, "address", (uintptr_t)memory);
  put_number(&frame, "length_bytes", count * page_bytes);
  put_number(&frame, "offset_bytes", 0);
  put_number(&frame, "window_bytes", page_bytes);
  if (discarded[0]) put_field(&frame, "on_discard", discarded);
  if (exchange(connection, &frame, is_first ? userfault : -1, "mapped") < 0) return -1;
  pages = count;
  for (uint64_t i = 0; i < count; i++) place[i] = memory + i * page_bytes;
  return 0;
}

/* Pages of one mapping, and as many more behind them; at another address unless `in_place`. */
static int move(uint64_t from, uint64_t count, uint64_t more) {
  const size_t now = (count + more) * page_bytes;
  unsigned char *room = mmap(NULL, now, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned char *moved = mremap(place[from], count * page_bytes, now,
                                MREMAP_MAYMOVE | MREMAP_FIXED, room);
  if (moved == MAP_FAILED) return fail("mremap");
  for (uint64_t i = 0; i < count; i++) place[from + i] = moved + i * page_bytes;
  for (uint64_t i = 0; i < more; i++) place[pages++] = moved + (count + i) * page_bytes;
  return 0;
}

/* The first page of the range that is not the image's, or that is not zero; -1 for none. */
static int64_t mismatch(uint64_t from, uint64_t count, uint32_t seed, int is_zero) {
  static const unsigned char zeros[page_bytes];
  for (uint64_t i = from; i < from + count; i++) {
    const int is_right = is_zero ? memcmp(place[i], zeros, page_bytes) == 0
                                 : pattern_mismatch(place[i], page_bytes, seed, i * page_bytes) < 0;
    if (!is_right) return (int64_t)i;
  }
  return -1;
}

static int64_t obey(const char *word, char *text[2], uint64_t a, uint64_t b, uint64_t c) {
  if (!strcmp(word, "connect")) return (connection = greet(text[0], "layout")) < 0 ? -1 : 0;
  if (!strcmp(word, "map")) return map(text[0], b, c, text[1]);
  if (!strcmp(word, "remove")) {
    return madvise(place[a], b * page_bytes, MADV_DONTNEED) < 0 ? fail("madvise") : 0;
  }
  if (!strcmp(word, "unmap")) return munmap(place[a], b * page_bytes) < 0 ? fail("munmap") : 0;
  if (!strcmp(word, "move")) return move(a, b, c);
  printf("error no such order: %s\n", word);
  return -1;
}

/* The child obeys until "exit"; then the one that forked it goes on. */
static void fork_child(void) {
  const pid_t child = fork();
  if (child <= 0) {
    printf(child < 0 ? "error fork\n" : "ok %d\n", (int)getpid());
    return;
  }
  int status = 0;
  waitpid(child, &status, 0);
  printf("ok %d\n", WIFEXITED(status) ? 0 : WTERMSIG(status));
}

static int read_line(char *line, size_t room) {
  size_t length = 0;
  while (length + 1 < room && read(STDIN_FILENO, line + length, 1) == 1) {
    if (line[length++] != '\n') continue;
    line[length - 1] = 0;
    return 1;
  }
  return 0;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  char line[512];
  while (read_line(line, sizeof line)) {
    char word[32] = "", first[256] = "", rest[3][64] = {"", "", ""};
    sscanf(line, "%31s %255s %63s %63s %63s", word, first, rest[0], rest[1], rest[2]);
    const uint64_t a = strtoull(first, NULL, 10), b = strtoull(rest[0], NULL, 10);
    const uint64_t c = strtoull(rest[1], NULL, 10);
    char *text[] = {first, rest[2]};
    if (!strcmp(word, "exit")) return 0;
    if (!strcmp(word, "fork")) {
      fork_child();
    } else if (!strcmp(word, "verify") || !strcmp(word, "zero")) {
      printf("ok %lld\n", (long long)mismatch(a, b, (uint32_t)c, word[0] == 'z'));
    } else if (!strcmp(word, "write")) {
      memset(place[a], (int)b, page_bytes);
      puts("ok 0");
    } else if (!strcmp(word, "read")) {
      printf("ok %d\n", place[a][0]);
    } else if (obey(word, text, a, b, c) == 0) {
      puts("ok 0");
    }
  }
  return 0;
}
