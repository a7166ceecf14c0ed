/* Stops threads of another process: thread_stopper TID... says "stopped" once none of them runs,
 * and lets them go on when it is killed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words) {
  for (int i = 1; i < count; ++i) {
    pid_t thread = atoi(words[i]);
    int status;
    if (ptrace(PTRACE_SEIZE, thread, 0, 0) < 0 || ptrace(PTRACE_INTERRUPT, thread, 0, 0) < 0) {
      perror("ptrace");
      return 1;
    }
    if (waitpid(thread, &status, __WALL) != thread) return 1;
  }
  puts("stopped");
  fflush(stdout);
  for (;;) pause();
}
