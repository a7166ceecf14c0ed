#pragma once

#include <napi.h>
#include <sys/types.h>

#include <string>

#include "binding/loop_watch.hpp"
#include "sys/descriptor.hpp"
#include "sys/socket.hpp"

namespace pagerd::binding {

// Listens on a Unix socket, on the JS thread, and hands each connection to JavaScript as a
// descriptor number. Keeps itself alive until close().
class SocketListener : public Napi::ObjectWrap<SocketListener> {
 public:
  static Napi::Function define(Napi::Env env);

  // (path or listening socket, mode, onConnection(socket), onFailure(error), "seqpacket" or
  // "stream"): after a failure it rests until resume(). A socket that somebody else made keeps its
  // mode and type.
  explicit SocketListener(const Napi::CallbackInfo &call);

 private:
  void resume(const Napi::CallbackInfo &call);
  void close(const Napi::CallbackInfo &call);

  void open(Napi::Env env, const Napi::Value &where, mode_t mode, sys::SocketType type);
  void accept_some();

  sys::Descriptor socket_;
  LoopWatch watch_;
  Napi::FunctionReference on_connection_;
  Napi::FunctionReference on_failure_;
};

}  // namespace pagerd::binding
