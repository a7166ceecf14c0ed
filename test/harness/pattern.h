/* The pattern of pattern.ts, for programs in C: eight bytes from a seed and an offset. */
#ifndef PAGERD_TEST_PATTERN_H
#define PAGERD_TEST_PATTERN_H

#include <stdint.h>
#include <string.h>

static inline uint32_t pattern_mix(uint32_t value) {
  uint32_t mixed = (value ^ (value >> 16)) * 0x21f0aaadu;
  mixed = (mixed ^ (mixed >> 15)) * 0x735a2d97u;
  return mixed ^ (mixed >> 15);
}

/* The eight bytes at offset_bytes, which is a multiple of eight. */
static inline uint64_t pattern_word(uint32_t seed, uint64_t offset_bytes) {
  uint64_t word = offset_bytes / 8;
  uint32_t start = pattern_mix(seed + pattern_mix((uint32_t)(word >> 32)));
  uint32_t low = pattern_mix((uint32_t)word + start);
  uint32_t high = pattern_mix(low ^ 0x9e3779b9u) | 1;
  return (uint64_t)high << 32 | low;
}

/* Where memory first differs from the pattern that begins at offset_bytes; -1 when nowhere. */
static inline int64_t pattern_mismatch(const unsigned char *memory, uint64_t length_bytes,
                                       uint32_t seed, uint64_t offset_bytes) {
  for (uint64_t at = 0; at + 8 <= length_bytes; at += 8) {
    uint64_t found;
    memcpy(&found, memory + at, sizeof found);
    if (found != pattern_word(seed, offset_bytes + at)) return (int64_t)at;
  }
  return -1;
}

static inline void pattern_write(unsigned char *memory, uint64_t length_bytes, uint32_t seed,
                                 uint64_t offset_bytes) {
  for (uint64_t at = 0; at + 8 <= length_bytes; at += 8) {
    uint64_t word = pattern_word(seed, offset_bytes + at);
    memcpy(memory + at, &word, sizeof word);
  }
}

#endif
