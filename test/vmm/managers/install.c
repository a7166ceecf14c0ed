#include <errno.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "test/vmm/managers/session.h"

/* A page that is there already does not wake who waits for it. */
static int settle(int userfault, uint64_t page, uint64_t page_bytes, int result) {
  if (result == 0) return 0;
  if (errno != EEXIST) return errno;
  struct uffdio_range range = {page, page_bytes};
  return ioctl(userfault, UFFDIO_WAKE, &range) == 0 ? 0 : errno;
}

int install_copy(int userfault, uint64_t page, const void *bytes, uint64_t page_bytes) {
  struct uffdio_copy copy = {.dst = page, .src = (uintptr_t)bytes, .len = page_bytes};
  return settle(userfault, page, page_bytes, ioctl(userfault, UFFDIO_COPY, &copy));
}

int install_zeros(int userfault, uint64_t page, uint64_t page_bytes) {
  static const unsigned char zeros[huge_page_bytes];
  /* The kernel has no ZEROPAGE for huge pages. */
  if (page_bytes == huge_page_bytes) return install_copy(userfault, page, zeros, page_bytes);
  struct uffdio_zeropage zero = {.range = {page, page_bytes}};
  return settle(userfault, page, page_bytes, ioctl(userfault, UFFDIO_ZEROPAGE, &zero));
}
