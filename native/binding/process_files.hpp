#pragma once

#include <napi.h>

// Questions about other processes that take as long as those like: each is asked on a thread of
// libuv's pool, and answered by a promise.
namespace pagerd::binding {

// (pid, wanted: string[]) => Promise<{ memory: string, descriptor: number }[]>. The descriptors are
// the caller's.
Napi::Value open_image_memory(const Napi::CallbackInfo &call);

// (pid) => Promise<number[]>
Napi::Value userfaultfds_of(const Napi::CallbackInfo &call);

}  // namespace pagerd::binding
