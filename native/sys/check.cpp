#include "sys/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace pagerd::sys {

void check_failed(const char *claim, const char *file, int line) {
  std::fprintf(stderr, "pagerd: check failed at %s:%d: %s\n", file, line, claim);
  std::abort();
}

}  // namespace pagerd::sys
