#include "sys/descriptor.hpp"

#include <unistd.h>

namespace pagerd::sys {

// EINTR included: on Linux the descriptor is gone whatever close() answers, so there is no retry.
void close_descriptor(int descriptor) { ::close(descriptor); }

}  // namespace pagerd::sys
