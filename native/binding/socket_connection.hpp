#pragma once

#include <napi.h>

#include "binding/loop_watch.hpp"
#include "sys/descriptor.hpp"
#include "sys/socket.hpp"

namespace pagerd::binding {

// One SOCK_SEQPACKET connection as JavaScript sees it. Lives on the JS thread; owns the socket and
// a pidfd of the process at its other end. Keeps itself alive from start() until it ends.
class SocketConnection : public Napi::ObjectWrap<SocketConnection> {
 public:
  static Napi::Function define(Napi::Env env);

  // (socket: number): takes the descriptor over, also when it throws.
  explicit SocketConnection(const Napi::CallbackInfo &call);

 private:
  // (onFrame, onWritable, onClose)
  void start(const Napi::CallbackInfo &call);
  // (frame: Uint8Array, descriptors: number[]) => "sent" | "would_block" | "gone". The descriptors
  // stay the caller's.
  Napi::Value send(const Napi::CallbackInfo &call);
  // onWritable comes once.
  void await_writable(const Napi::CallbackInfo &call);
  // Between pause() and resume() no frame is taken from the socket; its end is noticed all the
  // same.
  void pause(const Napi::CallbackInfo &call);
  void resume(const Napi::CallbackInfo &call);
  void kill(const Napi::CallbackInfo &call);
  // From here on its socket's end is not the connection's: that comes with its process's.
  void outlive_socket(const Napi::CallbackInfo &call);
  // No callback comes after this.
  void close(const Napi::CallbackInfo &call);

  Napi::Value pid(const Napi::CallbackInfo &call);
  Napi::Value uid(const Napi::CallbackInfo &call);
  Napi::Value gid(const Napi::CallbackInfo &call);
  Napi::Value groups(const Napi::CallbackInfo &call);

  bool take_over(Napi::Env env);
  void on_socket(int status, int events);
  void receive_some();
  void deliver(sys::Packet &packet, const std::uint8_t *bytes);
  void end_socket(const char *reason);
  void end(const char *reason);
  void release();
  void wait_again();

  sys::Descriptor socket_;
  sys::Descriptor process_;
  sys::Peer peer_{};
  std::vector<gid_t> groups_;
  LoopWatch socket_watch_;
  LoopWatch process_watch_;
  bool is_paused_ = false;
  bool is_awaiting_writable_ = false;
  bool is_started_ = false;
  bool outlives_socket_ = false;
  Napi::FunctionReference on_frame_;
  Napi::FunctionReference on_writable_;
  Napi::FunctionReference on_close_;
};

}  // namespace pagerd::binding
