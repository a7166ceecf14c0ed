#include "client/failure.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace pagerd::client {

namespace {

// Plain arrays: a thread that ends has no destructor of ours to run, whenever the library was
// loaded.
struct LastFailure {
  char code[64];
  char text[1024];
};

thread_local LastFailure last_failure = {};

void copy_cut(char *target, std::size_t target_bytes, const std::string &source) {
  const std::size_t length = source.copy(target, target_bytes - 1);
  target[length] = '\0';
}

}  // namespace

Failure failure(const char *code, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return Failure{code, text};
}

Failure system_failure(const char *what, int error) {
  char words[128];
  return failure("system", "%s: %s (errno %d)", what, strerror_r(error, words, sizeof(words)),
                 error);
}

void remember(const Failure &failure) {
  copy_cut(last_failure.code, sizeof(last_failure.code), failure.code);
  copy_cut(last_failure.text, sizeof(last_failure.text), failure.text);
}

const char *last_text() {
  return last_failure.text;
}
const char *last_code() {
  return last_failure.code;
}

}  // namespace pagerd::client
