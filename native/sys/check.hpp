#pragma once

// check() states what holds. It stays on in release builds: a manager that has lost its invariants
// must stop, not serve somebody else's bytes.
namespace pagerd::sys {

[[noreturn]] void check_failed(const char *claim, const char *file, int line);

}  // namespace pagerd::sys

#define PAGERD_CHECK(claim) \
  (static_cast<bool>(claim) ? void(0) : ::pagerd::sys::check_failed(#claim, __FILE__, __LINE__))
