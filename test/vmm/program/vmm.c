/*
 * A tiny VMM for tests and benchmarks: a VM whose memory a page fault manager fills, restored from
 * a memory file as Firecracker does it. Its guest touches memory as it is ordered to, and the VMM
 * knows what each byte has to be. With --backend file there is no manager: memory is a private
 * mapping of the file, as Firecracker's other backend has it, to compare with.
 *
 *   vmm --socket PATH --memory BYTES[,BYTES...] --image FILE [options]
 *
 * Orders on standard input, answers as lines of JSON. Guest pages are --page-size long:
 *   resume, pause             the guest runs orders only while it is resumed
 *   walk FIRST COUNT STRIDE SEED   reads a word of each page; SEED chooses which
 *   storm FIRST COUNT SEED    all vCPUs read the same pages at once
 *   write FIRST COUNT VALUE   writes a word of each page
 *   check FIRST COUNT         reads the words that `write` writes
 *   random COUNT SEED PERCENT_WRITES
 *   balloon FIRST COUNT       the VMM gives pages back: zeros ever after
 *   inspect FIRST COUNT       the VMM's own thread compares every byte
 *   kick COUNT                interrupts the vCPUs so often, wherever they wait
 *   start ORDER ..., wait     lets vCPUs run an order beside others
 *   chatter BYTES             sends these after the message, as no Firecracker does
 *   stat                      the sum of all that the guest did
 *   quit
 * Wrong bytes and accesses that failed are counted and told; they never end it.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "test/vmm/program/answer.h"
#include "test/vmm/program/crew.h"
#include "test/vmm/program/handshake.h"
#include "test/vmm/program/memory.h"
#include "test/vmm/program/orders.h"
#include "test/vmm/program/pages.h"

static void tell_ready(const struct options *options, const char *why, const char *message) {
  answer_begin("start", "ready");
  answer_text("mode", why ? "plain" : "kvm");
  answer_text("why_plain", why);
  answer_text("handshake", options->handshake_name);
  answer_text("message", message);
  answer_number("thread", (uint64_t)gettid());
  answer_open("vcpu_threads", '[');
  for (int i = 0; i < crew_size(); i++) answer_number(NULL, (uint64_t)crew_thread(i));
  answer_close(']');
  answer_number("pages", pages_count());
  answer_end();
}

int main(int count, char **values) {
  const struct options options = read_options(count, values);
  signal(SIGPIPE, SIG_IGN);
  memory_map(&options);
  if (memory.size_bytes > guest_memory_bytes_max) {
    die("memory of %llu bytes is more than 32 bits reach; wanted are %llu at most",
        (unsigned long long)memory.size_bytes, (unsigned long long)guest_memory_bytes_max);
  }
  pages_open(options.image);
  const char *why;
  crew_start(&options, &why);
  if (why && !options.is_plain) {
    fprintf(stderr, "vmm: NO KVM, plain threads touch the memory instead: %s\n", why);
  }
  const char *message = NULL;
  if (!options.is_file_backed) {
    memory_register(&options);
    message = handshake_send(&options);
  }
  tell_ready(&options, why, message);
  obey(&options);
  fflush(stdout);
  _exit(0); /* A vCPU may be waiting for a page that never comes. */
}
