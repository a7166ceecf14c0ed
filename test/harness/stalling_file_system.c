// A file system in user space whose one file, "file", opens like any other. What is read of it
// never comes, and its close never ends, until stdin closes. Opened for writing too it is one that
// the kernel does not cache. Ends by itself after a while: as long as it is there nobody can look
// at those who wait for it. Prints "ready" once it is mounted on argv[1], and "read" for each read.
// The file has argv[2] bytes, 4096 unless that is given.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { file_node = 2, seconds_max = 45 };

static int device;
static unsigned long long file_bytes = 4096;

static void answer(const struct fuse_in_header *request, int error, const void *body,
                   size_t bytes) {
  char reply[4096];
  struct fuse_out_header header = {sizeof header + (error ? 0 : bytes), -error, request->unique};
  memcpy(reply, &header, sizeof header);
  if (!error) memcpy(reply + sizeof header, body, bytes);
  if (write(device, reply, header.len) < 0 && errno != ENOENT) perror("answer");
}

static struct fuse_attr attributes_of(unsigned long long node) {
  struct fuse_attr attributes = {.ino = node, .nlink = 1, .blksize = 4096};
  attributes.mode = node == file_node ? S_IFREG | 0644 : S_IFDIR | 0755;
  attributes.size = node == file_node ? file_bytes : 0;
  return attributes;
}

static void say(const char *word) {
  printf("%s\n", word);
  fflush(stdout);
}

static void open_file(const struct fuse_in_header *request) {
  const struct fuse_open_in *wanted = (const void *)(request + 1);
  const int is_cached = (wanted->flags & O_ACCMODE) == O_RDONLY;
  // Else opening it would wait for reads that are under way.
  struct fuse_open_out out = {.fh = 1, .open_flags = FOPEN_KEEP_CACHE};
  if (!is_cached) out.open_flags |= FOPEN_DIRECT_IO;
  answer(request, 0, &out, sizeof out);
}

static void serve(const struct fuse_in_header *request) {
  switch (request->opcode) {
    case FUSE_INIT: {
      struct fuse_init_out out = {.major = 7, .minor = 31, .max_write = 4096};
      return answer(request, 0, &out, sizeof out);
    }
    case FUSE_LOOKUP: {
      const struct fuse_entry_out out = {.nodeid = file_node, .attr = attributes_of(file_node)};
      return answer(request, 0, &out, sizeof out);
    }
    case FUSE_GETATTR: {
      const struct fuse_attr_out out = {.attr = attributes_of(request->nodeid)};
      return answer(request, 0, &out, sizeof out);
    }
    case FUSE_OPEN:
      return open_file(request);
    case FUSE_READ:
      return say("read");
    case FUSE_FLUSH:
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
      return;
    default:
      return answer(request, ENOSYS, NULL, 0);
  }
}

int main(int count, char **words) {
  char options[128];
  char request[1 << 16];
  if (count != 2 && count != 3) return 2;
  if (count == 3) file_bytes = strtoull(words[2], NULL, 0);
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
           device);
  if (device < 0 || mount("stalling", words[1], "fuse.stalling", MS_NOSUID, options) < 0) {
    perror("mount");
    return 1;
  }
  alarm(seconds_max);
  say("ready");
  struct pollfd events[2] = {{device, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  while (poll(events, 2, -1) > 0 && !events[1].revents) {
    if (read(device, request, sizeof request) > 0) serve((const void *)request);
  }
  umount2(words[1], MNT_DETACH);
  return 0;
}
