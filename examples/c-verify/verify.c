/*
 * Maps an image and compares every byte with a file: verify IMAGE FILE
 *   eval "$(pagerd paths --json | jq -r '@sh "header=\(.header) library=\(.library)"')"
 *   cc -std=c11 -I"$(dirname "$header")" verify.c "$library" \
 *      -Wl,-rpath,"$(dirname "$library")" -o verify
 */
#include <pagerd.h>
#include <stdio.h>

static int fail(void) {
  fprintf(stderr, "verify: %s\n", pagerd_error());
  return 2;
}

int main(int argc, char **argv) {
  FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
  if (file == NULL) return fputs("usage: verify IMAGE FILE\n", stderr), 2;
  pagerd_client *client = pagerd_connect(NULL); /* $PAGERD_SOCKET or the default place */
  if (client == NULL) return fail();
  pagerd_region *region = pagerd_map(client, argv[1], NULL);
  if (region == NULL) return fail();

  const unsigned char *bytes = pagerd_address(region);
  size_t length = pagerd_length_bytes(region), at = 0;
  int byte = fgetc(file);
  while (at < length && byte == bytes[at]) at++, byte = fgetc(file); /* pages come as we go */
  int is_same = at == length && byte == EOF;

  printf(is_same ? "%s: all %zu bytes are the file's\n" : "%s: differs at byte %zu\n", argv[1], at);
  pagerd_disconnect(client);
  return is_same ? 0 : 1;
}
