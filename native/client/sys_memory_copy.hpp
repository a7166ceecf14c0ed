#pragma once

#include "client/failure.hpp"
#include "client/sys_memory.hpp"

namespace pagerd::client {

// Replaces what is mapped there by private anonymous memory with the same bytes, which forked
// children do not get. Reads all of it, and waits for pages that are missing; fails when one cannot
// be had. After a failure everything is as it was. Nobody else may write there meanwhile.
Status replace_by_copy(Range range);

}  // namespace pagerd::client
