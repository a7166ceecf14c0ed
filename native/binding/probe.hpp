#pragma once

#include <napi.h>

namespace pagerd::binding {

// What this kernel lets this user do: all of manager/engine/kernel_probe.ts.
void register_probe(Napi::Env env, Napi::Object exports);

}  // namespace pagerd::binding
