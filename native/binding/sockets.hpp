#pragma once

#include <napi.h>

namespace pagerd::binding {

// Sockets, and what the kernel says of descriptors and processes: all of manager/sys/native.ts.
void register_sockets(Napi::Env env, Napi::Object exports);

}  // namespace pagerd::binding
