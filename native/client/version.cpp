#include "client/pagerd.h"

const char *pagerd_version(void) {
  return "0.1.0";
}
