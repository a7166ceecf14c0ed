/* Maps an image and prints why it is served the way it is: print_why SOCKET IMAGE */
#include <pagerd.h>
#include <stdio.h>

int main(int argc, char **argv) {
  pagerd_client *client = argc == 3 ? pagerd_connect(argv[1]) : NULL;
  pagerd_region *region = client ? pagerd_map(client, argv[2], NULL) : NULL;
  puts(region ? pagerd_region_why(region) : pagerd_error());
  pagerd_disconnect(client);
  return region ? 0 : 1;
}
