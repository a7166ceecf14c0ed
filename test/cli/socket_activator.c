/* What systemd does for a socket unit: socket_activator CLIENTS DEBUG COMMAND... listens on both
 * paths and runs the command with them as descriptors 3 and 4, again each time it ends. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int listening(int type, const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  int made = socket(AF_UNIX, type, 0);
  strncpy(name.sun_path, path, sizeof name.sun_path - 1);
  if (made < 0 || bind(made, (struct sockaddr *)&name, sizeof name) < 0) exit(1);
  if (listen(made, 64) < 0) exit(1);
  return made;
}

static void start(char **words) {
  char pid[16];
  snprintf(pid, sizeof pid, "%d", getpid());
  setenv("LISTEN_PID", pid, 1);
  setenv("LISTEN_FDS", "2", 1);
  setenv("LISTEN_FDNAMES", "clients:debug", 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  execvp(words[0], words);
  _exit(127);
}

int main(int count, char **words) {
  if (count < 4) return 1;
  int clients = listening(SOCK_SEQPACKET, words[1]);
  int debug = listening(SOCK_STREAM, words[2]);
  if (clients != 3 || debug != 4) return 1;
  for (;;) {
    pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) start(words + 3);
    printf("started %d\n", child);
    fflush(stdout);
    waitpid(child, NULL, 0);
  }
}
