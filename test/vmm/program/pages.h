/* What every page of the guest must read as, kept outside of the guest: its image, zeros once the
   balloon took it, and one word that the guest wrote. A page is --page-size long. */
#ifndef PAGERD_VMM_PAGES_H
#define PAGERD_VMM_PAGES_H

#include <stdbool.h>
#include <stdint.h>

/* Of the memory file, which may be shorter than memory: what it lacks is zero. Without a file
   nothing can be told, and no order that checks is taken. */
void pages_open(const char *image);
bool pages_are_known(void);
uint64_t pages_count(void);

uint64_t mixed(uint64_t value);

/* Where in its page the guest writes: one word of each, so that the rest still shows the base. */
uint32_t pages_written_offset(uint64_t page);
void pages_wrote(uint64_t page, uint64_t value);

/* The balloon's two steps, and how often either was taken: odd while a page is being removed. */
void pages_removing(uint64_t page);
void pages_removed(uint64_t page);
uint32_t pages_removals(uint64_t page);

/* The eight bytes at an offset, a multiple of eight, of a page. */
uint64_t pages_wanted(uint64_t page, uint32_t offset);

/* A removal while the guest reads may be seen or not; after it only zeros are right. */
bool pages_allow(uint64_t page, uint64_t found, uint64_t wanted, uint32_t removals_before);

/* Each page counts once. */
void pages_touch(uint64_t page);
uint64_t pages_touched(void);

#endif
