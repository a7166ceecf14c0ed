#pragma once

#include <napi.h>

namespace pagerd::binding {

// (userfaultfd, address: bigint, lengthBytes: bigint, modes: number) => Promise of the errno's
// name, "" for success. On another thread: it waits for the client's own lock of its mappings, as
// long as the client likes.
Napi::Value register_range(const Napi::CallbackInfo &call);

}  // namespace pagerd::binding
