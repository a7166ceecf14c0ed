#pragma once

#include <string>

#include "sys/result.hpp"

namespace pagerd::client {

// Why a call failed: a code for programs (of the protocol, or of pagerd.h's own list) and a
// sentence for people. A value like any other; it becomes the calling thread's "last failure" only
// at the border, in api.cpp.
struct Failure {
  std::string code;
  std::string text;
};

template <typename T>
using Result = sys::Result<T, Failure>;
using Status = Result<sys::Nothing>;

inline Status done() {
  return sys::Nothing{};
}

// The text is composed as by printf.
[[gnu::format(printf, 2, 3)]] Failure failure(const char *code, const char *format, ...);

// A system call that went wrong: `what` says what was being done, the text ends with errno's own
// words.
Failure system_failure(const char *what, int error);

// What pagerd_error() and pagerd_error_code() return to this thread from now on.
void remember(const Failure &failure);
const char *last_text();
const char *last_code();

}  // namespace pagerd::client
