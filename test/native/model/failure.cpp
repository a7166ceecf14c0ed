#include "failure.hpp"

#include <unistd.h>

#include <cstdio>

#include "scheduler.hpp"
#include "sys/check.hpp"

namespace pagerd::model {

namespace {

const char *script = nullptr;
bool is_telling = false;

}  // namespace

void set_script(const char *name) { script = name; }
bool is_told() { return is_telling; }
void tell_steps() { is_telling = true; }

void tell(const std::string &step) {
  const Fiber *fiber = scheduler().current();
  std::fprintf(stderr, "  %-10s %s\n", fiber ? fiber->name.c_str() : "", step.c_str());
}

void fail(const std::string &what) {
  if (is_telling || script == nullptr) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::fflush(nullptr);
    ::_exit(1);
  }
  const std::string choices = scheduler().choices.text();
  std::fprintf(stderr, "%s: does not hold in interleaving %s: %s\nits steps:\n", script,
               choices.c_str(), what.c_str());
  std::fflush(nullptr);
  ::execl("/proc/self/exe", "model", script, choices.c_str(), nullptr);
  ::_exit(1);
}

}  // namespace pagerd::model

namespace pagerd::sys {

void check_failed(const char *claim, const char *file, int line) {
  model::fail(std::string("check failed at ") + file + ":" + std::to_string(line) + ": " + claim);
}

}  // namespace pagerd::sys
