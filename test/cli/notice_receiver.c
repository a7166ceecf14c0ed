/* Prints every datagram that comes to the Unix socket it is given: one line, "|" for line feeds. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int count, char **words) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  char text[4096];
  int receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (count != 2 || receiver < 0) return 1;
  strncpy(name.sun_path, words[1], sizeof name.sun_path - 1);
  if (bind(receiver, (struct sockaddr *)&name, sizeof name) < 0) return 1;
  puts("bound");
  for (;;) {
    fflush(stdout);
    ssize_t length = recv(receiver, text, sizeof text - 1, 0);
    if (length < 0) return 1;
    text[length] = '\0';
    for (char *at = text; *at; ++at) putchar(*at == '\n' ? '|' : *at);
    putchar('\n');
  }
}
