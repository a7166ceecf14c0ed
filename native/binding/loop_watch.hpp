#pragma once

#include <node_api.h>
#include <uv.h>

namespace pagerd::binding {

uv_loop_t *loop_of(napi_env env);

// Waits for one descriptor on the JS thread's loop. The owner keeps the descriptor open while it
// is watched.
class LoopWatch {
 public:
  // `status` below 0: the descriptor has an error of its own. `events` are UV_READABLE and the
  // like.
  using Notify = void (*)(void *owner, int status, int events);

  LoopWatch() = default;
  LoopWatch(const LoopWatch &) = delete;
  LoopWatch &operator=(const LoopWatch &) = delete;
  ~LoopWatch() { stop(); }

  // Returns libuv's error, or 0.
  int start(uv_loop_t *loop, int descriptor, void *owner, Notify notify);

  // 0 waits for nothing, hang-ups included.
  void wait_for(int events);

  // No notification comes after this, and the descriptor may be closed at once.
  void stop();

 private:
  // libuv uses the handle until it has called back from uv_close(), which may be after its owner
  // has gone: so it lives by itself on the heap.
  struct Handle {
    uv_poll_t poll;
    void *owner;
    Notify notify;
  };
  static void on_event(uv_poll_t *poll, int status, int events);

  Handle *handle_ = nullptr;
  int events_ = 0;
};

}  // namespace pagerd::binding
