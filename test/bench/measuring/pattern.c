#include "pattern.h"

#include <sys/mman.h>
#include <unistd.h>

#include "arguments.h"

void pattern_fill(void *memory, size_t length_bytes, uint64_t offset_bytes) {
  uint64_t *words = memory;
  for (size_t i = 0; i < length_bytes / 8; i++) words[i] = pattern_word(offset_bytes + i * 8);
}

size_t pattern_wrong_pages(const void *memory, size_t length_bytes, enum image_content content) {
  const uint64_t *words = memory;
  size_t wrong_pages = 0;
  for (size_t page = 0; page < length_bytes; page += PAGE_BYTES) {
    uint64_t difference = 0;
    for (size_t offset = page; offset < page + PAGE_BYTES; offset += 8) {
      difference |= words[offset / 8] ^ (content == CONTENT_ZERO ? 0 : pattern_word(offset));
    }
    wrong_pages += difference != 0;
  }
  return wrong_pages;
}

/* A memfd with the pattern in it, and where it is mapped shared. */
static int pattern_file(size_t length_bytes, void **shared) {
  const int file = memfd_create("bench-source", MFD_CLOEXEC);
  if (file < 0) fail_errno("memfd_create");
  if (ftruncate(file, (off_t)length_bytes) != 0) fail_errno("ftruncate");
  *shared = mmap(NULL, length_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (*shared == MAP_FAILED) fail_errno("mmap");
  pattern_fill(*shared, length_bytes, 0);
  return file;
}

const char *pattern_source(size_t length_bytes) {
  void *shared;
  close(pattern_file(length_bytes, &shared));
  return shared;
}

char *pattern_private_mapping(size_t length_bytes) {
  void *shared;
  const int file = pattern_file(length_bytes, &shared);
  void *memory = mmap(NULL, length_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  if (memory == MAP_FAILED) fail_errno("mmap");
  close(file);
  if (munmap(shared, length_bytes) != 0) fail_errno("munmap");
  return memory;
}
