#include "commands.h"
#include "measuring/placement.h"
#include "measuring/touch.h"

/* Pages arrive on first touch. Pinned, all of the process is: the library's thread too, as with a
   worker started under taskset. */
void command_touch(const struct arguments *arguments) {
  pin_to_cpu((int)argument_number(arguments, "cpu", CPU_ANY));
  pagerd_client *client = connect_client(arguments);
  pagerd_region *region = map_image(arguments, client);
  const struct touch_plan plan =
      touch_plan_from(arguments, pagerd_address(region), pagerd_length_bytes(region));
  touch_and_report(&plan, content_from(arguments));
  pagerd_disconnect(client);
}
