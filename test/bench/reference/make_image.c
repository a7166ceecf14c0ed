/*
 * make_image: writes the file that the manager serves: the pattern, or (--zero 1) nothing but a
 * hole.
 *
 *   make_image --path FILE --bytes N [--zero 1]
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "measuring/arguments.h"
#include "measuring/pattern.h"

enum { CHUNK_BYTES = 1 << 20 };

static void write_all(int file, const char *bytes, size_t length_bytes) {
  while (length_bytes > 0) {
    const ssize_t written = write(file, bytes, length_bytes);
    if (written <= 0) fail_errno("write");
    bytes += written;
    length_bytes -= (size_t)written;
  }
}

int main(int count, char **values) {
  const struct arguments arguments = {count, values};
  const char *path = argument_text(&arguments, "path", NULL);
  const size_t length_bytes = (size_t)argument_number(&arguments, "bytes", 64 << 20);
  if (path == NULL) fail("--path is missing");
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail_errno(path);
  if (argument_number(&arguments, "zero", 0) != 0) {
    if (ftruncate(file, (off_t)length_bytes) != 0) fail_errno("ftruncate");
    return 0;
  }
  char *chunk = malloc(CHUNK_BYTES);
  if (chunk == NULL) fail("no memory");
  for (size_t offset = 0; offset < length_bytes; offset += CHUNK_BYTES) {
    const size_t rest_bytes = length_bytes - offset;
    const size_t chunk_bytes = rest_bytes < CHUNK_BYTES ? rest_bytes : CHUNK_BYTES;
    pattern_fill(chunk, chunk_bytes, offset);
    write_all(file, chunk, chunk_bytes);
  }
  free(chunk);
  return close(file) == 0 ? 0 : 1;
}
