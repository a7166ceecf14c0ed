#include "test/vmm/program/pages.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/memory.h"

static const unsigned char *image_bytes;
static uint64_t image_length_bytes;

/* A page belongs to one vCPU in an order, and the VMM's thread changes removals only. */
struct page {
  _Atomic uint64_t written; /* 0: nothing; no written value is */
  _Atomic uint32_t removals;
  atomic_bool is_touched;
};

static struct page *pages;

void pages_open(const char *image) {
  pages = calloc(pages_count(), sizeof *pages);
  if (!pages) die("no memory for the books of %llu pages", (unsigned long long)pages_count());
  if (!image) return;
  const int file = open(image, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) die_errno(image);
  image_length_bytes = (uint64_t)status.st_size;
  image_bytes = mmap(NULL, image_length_bytes, PROT_READ, MAP_PRIVATE, file, 0);
  if (image_bytes == MAP_FAILED) die_errno(image);
  close(file);
}

bool pages_are_known(void) {
  return image_bytes != NULL;
}

uint64_t pages_count(void) {
  return memory.size_bytes / memory.page_bytes;
}

/* Every bit of the value reaches every bit of the answer. */
uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
  return value ^ (value >> 31);
}

uint32_t pages_written_offset(uint64_t page) {
  return (uint32_t)(mixed(page + 1) % (memory.page_bytes / 8) * 8);
}

void pages_wrote(uint64_t page, uint64_t value) {
  pages[page].written = value;
}

void pages_removing(uint64_t page) {
  pages[page].removals++;
}

void pages_removed(uint64_t page) {
  pages[page].written = 0;
  pages[page].removals++;
}

uint32_t pages_removals(uint64_t page) {
  return pages[page].removals;
}

static uint64_t image_word(uint64_t offset_bytes) {
  uint64_t word = 0;
  if (offset_bytes >= image_length_bytes) return 0;
  const uint64_t rest = image_length_bytes - offset_bytes;
  memcpy(&word, image_bytes + offset_bytes, rest < sizeof word ? rest : sizeof word);
  return word;
}

uint64_t pages_wanted(uint64_t page, uint32_t offset) {
  const uint64_t written = pages[page].written;
  if (written != 0 && offset == pages_written_offset(page)) return written;
  if (pages[page].removals > 1) return 0;
  return image_word(page * memory.page_bytes + offset);
}

bool pages_allow(uint64_t page, uint64_t found, uint64_t wanted, uint32_t removals_before) {
  if (found == wanted) return true;
  const bool was_removed_meanwhile =
      removals_before % 2 == 1 || pages_removals(page) != removals_before;
  if (!was_removed_meanwhile) return false;
  /* The guest reads four bytes at a time: the removal may fall between. */
  const uint32_t low = (uint32_t)found, high = (uint32_t)(found >> 32);
  return (low == 0 || low == (uint32_t)wanted) && (high == 0 || high == (uint32_t)(wanted >> 32));
}

void pages_touch(uint64_t page) {
  pages[page].is_touched = true;
}

uint64_t pages_touched(void) {
  uint64_t touched = 0;
  for (uint64_t page = 0; page < pages_count(); page++) touched += pages[page].is_touched;
  return touched;
}
