#pragma once

#include <napi.h>

namespace pagerd::binding {

// Writes that wait for no reader: manager/log_output.ts.
void register_output(Napi::Env env, Napi::Object exports);

}  // namespace pagerd::binding
