#pragma once

#include <napi.h>
#include <sys/types.h>

#include "binding/loop_watch.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::binding {

// A process that is a client without being connected, as JavaScript sees it. Lives on the JS
// thread; owns a pidfd. Keeps itself alive from watch() until the process ends or close().
class ClientProcess : public Napi::ObjectWrap<ClientProcess> {
 public:
  static Napi::Function define(Napi::Env env);

  // (pid: number): throws when there is none.
  explicit ClientProcess(const Napi::CallbackInfo &call);

 private:
  // (onEnded)
  void watch(const Napi::CallbackInfo &call);
  // (number) => descriptor, which is the caller's
  Napi::Value copy_descriptor(const Napi::CallbackInfo &call);
  Napi::Value identity(const Napi::CallbackInfo &call);
  void kill(const Napi::CallbackInfo &call);
  // No callback comes after this.
  void close(const Napi::CallbackInfo &call);

  void end();
  void release();

  pid_t pid_;
  sys::Descriptor process_;
  LoopWatch watch_;
  bool is_watched_ = false;
  Napi::FunctionReference on_ended_;
};

}  // namespace pagerd::binding
