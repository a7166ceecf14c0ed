#include "test/vmm/program/memory.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/vmm/program/answer.h"

struct memory memory = {.userfault = -1};

enum { huge_bytes = 2 << 20 };

static unsigned char *map_region(uint64_t size_bytes, uint64_t page_bytes) {
  /* Inaccessible memory around it keeps its neighbours away, and what runs over an end is seen. */
  const uint64_t reserved_bytes = size_bytes + 2 * (uint64_t)huge_bytes;
  unsigned char *reserved =
      mmap(NULL, reserved_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) die_errno("mmap of the guest's addresses");
  const uintptr_t start = ((uintptr_t)reserved / huge_bytes + 1) * huge_bytes;
  const bool is_huge = page_bytes == huge_bytes;
  /* As Firecracker: huge pages are not reserved either, and a COPY may find none left. */
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
                    MAP_NORESERVE | (is_huge ? MAP_HUGETLB | (21 << MAP_HUGE_SHIFT) : 0);
  void *host = mmap((void *)start, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (host == MAP_FAILED) die_errno(is_huge ? "mmap of huge pages" : "mmap of guest memory");
  return host;
}

/* The image where it reaches; what lies beyond stays anonymous. */
static void map_image(const struct region *region, int file, uint64_t image_bytes) {
  if (region->offset_bytes >= image_bytes) return;
  const uint64_t rest = image_bytes - region->offset_bytes;
  const uint64_t length = rest < region->size_bytes ? rest : region->size_bytes;
  const int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
  void *host = mmap(region->host, length, PROT_READ | PROT_WRITE, flags, file,
                    (off_t)region->offset_bytes);
  if (host == MAP_FAILED) die_errno("mmap of the memory file");
}

static void map_file(const char *path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) die_errno(path);
  for (int i = 0; i < memory.count; i++) {
    map_image(&memory.regions[i], file, (uint64_t)status.st_size);
  }
  close(file);
}

void memory_map(const struct options *options) {
  memory.page_bytes = options->page_bytes;
  for (int i = 0; i < options->regions; i++) {
    memory.regions[memory.count++] = (struct region){
        .host = map_region(options->region_bytes[i], options->page_bytes),
        .size_bytes = options->region_bytes[i],
        .offset_bytes = memory.size_bytes,
    };
    memory.size_bytes += options->region_bytes[i];
  }
  if (options->is_file_backed) map_file(options->image);
}

/* By the device where that is there and open to us, as Firecracker does it under its jailer. */
static int open_userfault(int flags) {
  const int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
  if (device < 0) return (int)syscall(SYS_userfaultfd, flags);
  const int userfault = ioctl(device, USERFAULTFD_IOC_NEW, flags);
  close(device);
  return userfault;
}

void memory_register(const struct options *options) {
  const int flags = O_CLOEXEC | O_NONBLOCK | (options->is_user_mode_only ? UFFD_USER_MODE_ONLY : 0);
  memory.userfault = open_userfault(flags);
  if (memory.userfault < 0) die_errno("userfaultfd");
  struct uffdio_api api = {
      .api = UFFD_API,
      .features = UFFD_FEATURE_EVENT_REMOVE |
                  (options->has_thread_ids ? (uint64_t)UFFD_FEATURE_THREAD_ID : 0),
  };
  if (ioctl(memory.userfault, UFFDIO_API, &api) != 0) die_errno("UFFDIO_API");
  for (int i = 0; i < memory.count; i++) {
    struct uffdio_register request = {
        .range = {(uintptr_t)memory.regions[i].host, memory.regions[i].size_bytes},
        .mode = UFFDIO_REGISTER_MODE_MISSING,
    };
    if (ioctl(memory.userfault, UFFDIO_REGISTER, &request) != 0) die_errno("UFFDIO_REGISTER");
  }
}

void memory_discard(uint64_t offset_bytes, uint64_t length_bytes) {
  void *host = memory_at(offset_bytes);
  if (memory.userfault >= 0) {
    if (madvise(host, length_bytes, MADV_DONTNEED) != 0) die_errno("MADV_DONTNEED");
    return;
  }
  /* Of a mapping of a file that would bring the file's bytes back. */
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
  if (mmap(host, length_bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) {
    die_errno("mmap over discarded memory");
  }
}

unsigned char *memory_at(uint64_t offset_bytes) {
  for (int i = 0; i < memory.count; i++) {
    const struct region *region = &memory.regions[i];
    if (offset_bytes - region->offset_bytes < region->size_bytes) {
      return region->host + (offset_bytes - region->offset_bytes);
    }
  }
  die("guest address 0x%llx is beyond 0x%llx bytes of memory", (unsigned long long)offset_bytes,
      (unsigned long long)memory.size_bytes);
}
