/* Keeps the host out of the figures. */
#ifndef BENCH_WARM_MEMORY_H
#define BENCH_WARM_MEMORY_H

#include <stddef.h>

/* Touches as many free pages as the measurement is about to take, and frees them again. In a
   virtual machine free pages may have gone back to the host (free page reporting, after 2 s), and
   the next touch of such a page is a fault in the host: 10 us here, more than what is measured.
   Call it right before the measurement. */
void warm_free_pages(size_t length_bytes);

#endif
