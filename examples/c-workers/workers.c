/*
 * N workers on one image: each maps it, reads a quarter of it, writes 1 %, resets and reads again;
 * every byte is compared with a file. Prints how long that took and how much memory they share.
 *   workers [--workers N] [--mode auto|copy|share|cow] [--json] IMAGE FILE
 *   eval "$(pagerd paths --json | jq -r '@sh "header=\(.header) library=\(.library)"')"
 *   cc -std=c11 -I"$(dirname "$header")" workers.c worker.c "$library" \
 *      -Wl,-rpath,"$(dirname "$library")" -o workers
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker.h"

enum { workers_max = 1024 };

struct options {
  struct work work;
  int count;
  int is_json;
  int is_worker; /* started by this program itself */
};

struct process {
  pid_t pid;
  int orders, reports; /* our ends of the pipes to its standard input and output */
  struct findings found;
};

static const char usage[] =
    "usage: workers [--workers N] [--mode auto|copy|share|cow] [--json] IMAGE FILE\n"
    "  Starts N workers (default 8) that map IMAGE in a mode (default share), read a quarter of\n"
    "  it, write 1 %, reset and read again. FILE has the bytes that IMAGE must have.\n"
    "  The manager is the one at $PAGERD_SOCKET, or at the default place.\n";

static int wrong_usage(const char *found) {
  fprintf(stderr, "workers: %s\n%s", found, usage);
  return 2;
}

/* 0, or the status to end with. */
static int read_options(char **words, struct options *options) {
  const char *names[2] = {NULL, NULL};
  int names_count = 0;
  for (char **word = words + 1; *word != NULL; word++) {
    if (strcmp(*word, "--json") == 0) {
      options->is_json = 1;
    } else if (strcmp(*word, "--worker") == 0) {
      options->is_worker = 1;
    } else if (strcmp(*word, "--workers") == 0 && word[1] != NULL) {
      options->count = atoi(*++word);
      if (options->count < 1 || options->count > workers_max)
        return wrong_usage("--workers wants a number from 1 to 1024");
    } else if (strcmp(*word, "--mode") == 0 && word[1] != NULL) {
      int mode = 0;
      word++;
      while (mode < MODES_COUNT && strcmp(*word, mode_names[mode]) != 0) mode++;
      if (mode == MODES_COUNT) return wrong_usage("--mode wants auto, copy, share or cow");
      options->work.mode = (enum pagerd_mode)mode;
    } else if (**word == '-' || names_count == 2) {
      return wrong_usage("an argument too many, or not one of these");
    } else {
      names[names_count++] = *word;
    }
  }
  if (names_count != 2) return wrong_usage("wanted an IMAGE and a FILE");
  options->work.image = names[0];
  options->work.file = names[1];
  return 0;
}

static void die(const char *call) {
  fprintf(stderr, "workers: %s: %s\n", call, strerror(errno));
  exit(2);
}

/* The same program in a process of its own: nothing of the parent is shared. */
static struct process start(const struct work *work) {
  int orders[2], reports[2];
  if (pipe2(orders, O_CLOEXEC) != 0 || pipe2(reports, O_CLOEXEC) != 0) die("pipe2");
  const pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid == 0) {
    if (dup2(orders[0], STDIN_FILENO) < 0 || dup2(reports[1], STDOUT_FILENO) < 0) _exit(127);
    execl("/proc/self/exe", "workers", "--worker", "--mode", mode_names[work->mode], work->image,
          work->file, (char *)NULL);
    _exit(127);
  }
  close(orders[0]);
  close(reports[1]);
  return (struct process){.pid = pid, .orders = orders[1], .reports = reports[0]};
}

/* Waits until all have done a step, and, when told to, lets them take the next. */
static int finish_step(struct process *processes, int count, int has_next) {
  for (int i = 0; i < count; i++) {
    struct process *process = &processes[i];
    const ssize_t bytes = read(process->reports, &process->found, sizeof(process->found));
    if (bytes != (ssize_t)sizeof(process->found)) {
      fprintf(stderr, "workers: worker %d (pid %d) died\n", i + 1, (int)process->pid);
      return 1;
    }
    if (process->found.failure[0] == '\0') continue;
    fprintf(stderr, "workers: worker %d: %s\n", i + 1, process->found.failure);
    return 1;
  }
  for (int i = 0; has_next && i < count; i++)
    if (write(processes[i].orders, "", 1) != 1) die("write");
  return 0;
}

static void print_worker(const struct findings *found, int number, int is_json) {
  const char *format =
      is_json ? "%s{\"worker\":%d,\"mode\":\"%s\",\"map_ms\":%.3f,\"run_ms\":%.3f,"
                "\"reset_ms\":%.3f,\"again_ms\":%.3f,\"pss_bytes\":%" PRIu64 "}"
              : "%s%6d  %-5s %8.2f %8.2f %8.3f %8.2f %8" PRIu64 "\n";
  const uint64_t pss = is_json ? found->pss_bytes : found->pss_bytes / 1024;
  printf(format, is_json && number > 1 ? "," : "", number, mode_names[found->mode], found->map_ms,
         found->run_ms, found->reset_ms, found->again_ms, pss);
}

static void print_all(const struct process *processes, int count, int is_json) {
  uint64_t pss = 0, dirtied = 0;
  const uint64_t touched = processes[0].found.touched_bytes;
  fputs(is_json ? "{\"workers\":["
                : "worker  mode    map ms   run ms reset ms again ms  PSS KiB\n", stdout);
  for (int i = 0; i < count; i++) {
    print_worker(&processes[i].found, i + 1, is_json);
    pss += processes[i].found.pss_bytes;
    dirtied += processes[i].found.dirtied_bytes;
  }
  if (is_json) {
    printf("],\"touched_bytes\":%" PRIu64 ",\"dirtied_bytes\":%" PRIu64 ",\"pss_bytes\":%" PRIu64
           "}\n", touched, dirtied, pss);
    return;
  }
  printf("all workers: PSS %.1f MiB; the part of the image they touched is %.1f MiB, and what they "
         "wrote %.1f MiB\nevery byte read was the file's, before and after the reset\n",
         (double)pss / 1048576, (double)touched / 1048576, (double)dirtied / 1048576);
}

int main(int count, char **words) {
  if (count == 2 && strcmp(words[1], "--help") == 0) return fputs(usage, stdout), 0;
  struct options options = {.work = {.mode = PAGERD_MODE_SHARE}, .count = 8};
  const int wrong = read_options(words, &options);
  if (wrong != 0) return wrong;
  if (options.is_worker) return work_as_told(&options.work);

  signal(SIGPIPE, SIG_IGN);
  struct process *processes = calloc((size_t)options.count, sizeof(*processes));
  if (processes == NULL) die("calloc");
  for (int i = 0; i < options.count; i++) processes[i] = start(&options.work);
  int status = finish_step(processes, options.count, 1);
  if (status == 0) status = finish_step(processes, options.count, 1);
  if (status == 0) status = finish_step(processes, options.count, 0);
  if (status == 0) print_all(processes, options.count, options.is_json);
  for (int i = 0; i < options.count; i++) {
    close(processes[i].orders); /* whoever waits for an order ends */
    waitpid(processes[i].pid, NULL, 0);
  }
  free(processes);
  return status;
}
