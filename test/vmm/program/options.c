#include "test/vmm/program/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: vmm --socket PATH --memory BYTES[,BYTES...] [--image FILE] [--page-size 4096|2097152]\n"
    "  [--handshake 1.1|1.7|1.12|1.16|nydus-array|nydus-object] [--split N] [--vcpus N]\n"
    "  [--resume now|on-order] [--plain] [--step] [--thread-ids] [--user-mode-only]\n"
    "  [--kvm DEVICE] [--backend uffd|file]\n";

static const char *const handshakes[] = {
    [handshake_1_1] = "1.1",
    [handshake_1_7] = "1.7",
    [handshake_1_12] = "1.12",
    [handshake_1_16] = "1.16",
    [handshake_nydus_array] = "nydus-array",
    [handshake_nydus_object] = "nydus-object",
};

static _Noreturn void refuse(const char *name, const char *found, const char *wanted) {
  fprintf(stderr, "vmm: --%s is %s; wanted is %s\n%s", name, found, wanted, usage);
  exit(2);
}

static uint64_t number_of(const char *name, const char *text, uint64_t most) {
  char *end;
  errno = 0;
  const unsigned long long number = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != 0 || number < 1 || number > most) {
    refuse(name, text, "a number within its bounds");
  }
  return number;
}

static void read_regions(struct options *options, char *list) {
  char *rest;
  for (char *part = strtok_r(list, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
    if (options->regions == regions_max) refuse("memory", "longer than 8 regions", "8 at most");
    options->region_bytes[options->regions++] = number_of("memory", part, UINT64_C(1) << 40);
  }
}

static void read_handshake(struct options *options, const char *name) {
  for (size_t i = 0; i < sizeof handshakes / sizeof *handshakes; i++) {
    if (strcmp(handshakes[i], name) != 0) continue;
    options->handshake = (enum handshake)i;
    options->handshake_name = handshakes[i];
    return;
  }
  refuse("handshake", name, "1.1, 1.7, 1.12, 1.16, nydus-array or nydus-object");
}

static void check(const struct options *options) {
  if (!options->socket && !options->is_file_backed) refuse("socket", "missing", "a path");
  if (options->is_file_backed && (!options->image || options->page_bytes != 4096)) {
    refuse("backend", "file", "an --image with it, and small pages");
  }
  if (options->regions == 0) refuse("memory", "missing", "a list of sizes");
  if (options->page_bytes != 4096 && options->page_bytes != 2097152) {
    refuse("page-size", "another number", "4096 or 2097152");
  }
  for (int i = 0; i < options->regions; i++) {
    if (options->region_bytes[i] % options->page_bytes != 0) {
      refuse("memory", "not whole pages", "multiples of --page-size");
    }
  }
}

enum { opt_socket = 1, opt_image, opt_memory, opt_page_size, opt_handshake, opt_split, opt_vcpus,
       opt_resume, opt_plain, opt_step, opt_thread_ids, opt_user_mode_only, opt_kvm,
       opt_backend };

static const struct option known[] = {
    {"socket", required_argument, NULL, opt_socket},
    {"image", required_argument, NULL, opt_image},
    {"memory", required_argument, NULL, opt_memory},
    {"page-size", required_argument, NULL, opt_page_size},
    {"handshake", required_argument, NULL, opt_handshake},
    {"split", required_argument, NULL, opt_split},
    {"vcpus", required_argument, NULL, opt_vcpus},
    {"resume", required_argument, NULL, opt_resume},
    {"backend", required_argument, NULL, opt_backend},
    {"kvm", required_argument, NULL, opt_kvm},
    {"plain", no_argument, NULL, opt_plain},
    {"step", no_argument, NULL, opt_step},
    {"thread-ids", no_argument, NULL, opt_thread_ids},
    {"user-mode-only", no_argument, NULL, opt_user_mode_only},
    {NULL, 0, NULL, 0},
};

static void take(struct options *options, int option, char *value) {
  switch (option) {
    case opt_socket: options->socket = value; break;
    case opt_image: options->image = value; break;
    case opt_memory: read_regions(options, value); break;
    case opt_page_size: options->page_bytes = number_of("page-size", value, 1 << 30); break;
    case opt_handshake: read_handshake(options, value); break;
    case opt_split: options->writes = (int)number_of("split", value, writes_max); break;
    case opt_vcpus: options->vcpus = (int)number_of("vcpus", value, vcpus_max); break;
    case opt_resume:
      options->is_resumed_now = strcmp(value, "now") == 0;
      if (!options->is_resumed_now && strcmp(value, "on-order") != 0) {
        refuse("resume", value, "now or on-order");
      }
      break;
    case opt_backend:
      options->is_file_backed = strcmp(value, "file") == 0;
      if (!options->is_file_backed && strcmp(value, "uffd") != 0) {
        refuse("backend", value, "uffd or file");
      }
      break;
    case opt_kvm: options->kvm = value; break;
    case opt_plain: options->is_plain = true; break;
    case opt_step: options->is_stepped = true; break;
    case opt_thread_ids: options->has_thread_ids = true; break;
    case opt_user_mode_only: options->is_user_mode_only = true; break;
    default: fputs(usage, stderr); exit(2);
  }
}

struct options read_options(int count, char **values) {
  struct options options = {.page_bytes = 4096, .writes = 1, .vcpus = 1, .kvm = "/dev/kvm"};
  read_handshake(&options, "1.16");
  int option;
  while ((option = getopt_long(count, values, "", known, NULL)) != -1) {
    take(&options, option, optarg);
  }
  if (optind != count) refuse("", values[optind], "nothing beside options");
  check(&options);
  return options;
}
