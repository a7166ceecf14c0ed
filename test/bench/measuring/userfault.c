#include "userfault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arguments.h"

int uffd_open(enum uffd_reads reads) {
  const int flags = O_CLOEXEC | (reads == UFFD_NONBLOCKING ? O_NONBLOCK : 0);
  const int uffd = (int)syscall(SYS_userfaultfd, flags);
  if (uffd < 0) fail_errno("userfaultfd (the references run as root)");
  struct uffdio_api api = {.api = UFFD_API};
  if (ioctl(uffd, UFFDIO_API, &api) != 0) fail_errno("UFFDIO_API");
  return uffd;
}

char *fresh_memory(size_t length_bytes) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *memory = mmap(NULL, length_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) fail_errno("mmap");
  if (madvise(memory, length_bytes, MADV_NOHUGEPAGE) != 0) fail_errno("madvise");
  return memory;
}

void uffd_register_missing(int uffd, const void *memory, size_t length_bytes) {
  struct uffdio_register request = {
      .range = {.start = (uintptr_t)memory, .len = length_bytes},
      .mode = UFFDIO_REGISTER_MODE_MISSING,
  };
  if (ioctl(uffd, UFFDIO_REGISTER, &request) != 0) fail_errno("UFFDIO_REGISTER");
}

static void wake(int uffd, uint64_t start, size_t length_bytes) {
  struct uffdio_range range = {.start = start, .len = length_bytes};
  if (ioctl(uffd, UFFDIO_WAKE, &range) != 0) fail_errno("UFFDIO_WAKE");
}

bool uffd_copy(int uffd, uint64_t to, const void *from, size_t length_bytes) {
  struct uffdio_copy request = {.dst = to, .src = (uintptr_t)from, .len = length_bytes};
  if (ioctl(uffd, UFFDIO_COPY, &request) == 0) return true;
  if (errno == EEXIST) {
    wake(uffd, to, length_bytes);
    return true;
  }
  if (errno == ESRCH) return false;
  fail_errno("UFFDIO_COPY");
}

void uffd_zero(int uffd, uint64_t to, size_t length_bytes) {
  struct uffdio_zeropage request = {.range = {.start = to, .len = length_bytes}};
  if (ioctl(uffd, UFFDIO_ZEROPAGE, &request) != 0) fail_errno("UFFDIO_ZEROPAGE");
}

bool uffd_read_fault(int uffd, uint64_t *address) {
  struct uffd_msg message;
  const ssize_t length = read(uffd, &message, sizeof(message));
  if (length < 0 && errno == EAGAIN) return false;
  if (length != sizeof(message)) fail_errno("read of the userfaultfd");
  if (message.event != UFFD_EVENT_PAGEFAULT) fail("event %d is no fault", message.event);
  *address = message.arg.pagefault.address;
  return true;
}
