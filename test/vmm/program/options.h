/* What the VMM was asked to be. Fixed once read. */
#ifndef PAGERD_VMM_OPTIONS_H
#define PAGERD_VMM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { regions_max = 8, vcpus_max = 16, writes_max = 64 };

/* Whose message introduces this VM: Firecracker's versions differ in fields and in how long the
   socket stays open. 1.12 and 1.16 say the same. */
enum handshake {
  handshake_1_1,
  handshake_1_7,
  handshake_1_12,
  handshake_1_16,
  handshake_nydus_array,
  handshake_nydus_object,
};

struct options {
  const char *socket;
  const char *image; /* what memory must read as; NULL: nothing can be checked */
  uint64_t region_bytes[regions_max];
  int regions;
  uint64_t page_bytes;
  enum handshake handshake;
  const char *handshake_name;
  int writes;          /* over how many the message is split */
  bool is_resumed_now; /* or by an order: the window in which a manager may prefault */
  const char *kvm;     /* the device */
  bool is_file_backed; /* memory is a private mapping of the image: no manager, no message */
  bool is_plain;       /* no KVM: threads of this process touch the memory */
  bool is_stepped;     /* each access exits, so that each can be timed */
  bool has_thread_ids; /* faults say which thread took them */
  bool is_user_mode_only; /* faults in the kernel, such as KVM's, fail */
  int vcpus;
};

/* Ends the program with 2 and a reason when they make no sense. */
struct options read_options(int count, char **values);

#endif
