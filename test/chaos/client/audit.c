/* At the end: every counter of the board must be what the books say was added to it. */
#include <inttypes.h>
#include <stdio.h>

#include "test/chaos/client/board.h"

static uint64_t added_to(int page) {
  uint64_t sum = 0;
  for (int slot = 0; slot < slots_max; slot++) sum += books->added[slot][page];
  return sum;
}

static int audit_page(const struct board_page *board, int number) {
  const struct board_page *page = board + number;
  const uint64_t least = board_start((uint64_t)number) + added_to(number);
  const uint64_t most = least + books->excused[number];
  const int is_whole = page->complement == ~page->count || books->excused[number] > 0;
  if (page->count >= least && page->count <= most && is_whole) return 0;
  printf("wrong audit: counter %d is %" PRIx64 " (its page's end says %" PRIx64 "), wanted %" PRIx64
         " to %" PRIx64 "\n",
         number, page->count, ~page->complement, least, most);
  return 1;
}

int audit(void) {
  const struct pagerd_map_options options = {.mode = PAGERD_MODE_SHARE,
                                             .access = PAGERD_ACCESS_SHARED};
  pagerd_region *region = pagerd_map(client, orders.board.name, &options);
  if (!region) {
    printf("failed audit: %s: %s\n", pagerd_error_code(), pagerd_error());
    return 1;
  }
  int wrong_pages = 0;
  uint64_t additions = 0;
  for (int page = 0; page < board_pages; page++) {
    wrong_pages += audit_page(pagerd_address(region), page);
    additions += added_to(page);
  }
  printf("audited %" PRIu64 "\n", additions);
  pagerd_disconnect(client);
  return wrong_pages == 0 ? 0 : 1;
}
