#pragma once

#include <string>

namespace pagerd::model {

// Says what did not hold and ends the process. While scripts are explored, it first runs the one
// interleaving that failed once more, telling every step.
[[noreturn]] void fail(const std::string &what);

// Where a failure happens: set by whoever runs scripts.
void set_script(const char *name);

// While the steps are told, each is a line on stderr.
bool is_told();
void tell_steps();
void tell(const std::string &step);

}  // namespace pagerd::model
