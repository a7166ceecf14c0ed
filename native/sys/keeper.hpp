#pragma once

#include <sys/types.h>

#include "sys/result.hpp"

// A process that shares this one's table of descriptors, and so has every one of them too, from the
// moment it is opened. When this process ends, however that comes about, the keeper goes on with
// what nobody else has open: userfaultfds of forked children, whose missing pages would be zeros
// were the last descriptor closed, and the memory that our books of clients' layouts are in. The
// next manager copies them from there by their numbers.
//
// It ends when no process of one of the userfaultfds is left, or by SIGKILL.
namespace pagerd::sys {

// Its pid. The one there is, if one lives already: a process needs no second.
Result<pid_t> start_keeper();

// The client has this userfaultfd open as well: the keeper need not go on with it.
void note_held_elsewhere(int descriptor);
// To be said before a number is given back: it may be another's at once.
void forget_held_elsewhere(int descriptor);

}  // namespace pagerd::sys
