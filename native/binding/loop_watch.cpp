#include "binding/loop_watch.hpp"

#include "sys/check.hpp"

namespace pagerd::binding {

uv_loop_t *loop_of(napi_env env) {
  uv_loop_t *loop = nullptr;
  PAGERD_CHECK(napi_get_uv_event_loop(env, &loop) == napi_ok);
  return loop;
}

int LoopWatch::start(uv_loop_t *loop, int descriptor, void *owner, Notify notify) {
  PAGERD_CHECK(handle_ == nullptr);
  Handle *handle = new Handle{{}, owner, notify};
  const int status = uv_poll_init(loop, &handle->poll, descriptor);
  if (status < 0) {
    delete handle;
    return status;
  }
  handle->poll.data = handle;
  handle_ = handle;
  return 0;
}

void LoopWatch::wait_for(int events) {
  // libuv leaves the epoll set and enters it again on every uv_poll_start(), wanted or not.
  if (!handle_ || events == events_) return;
  events_ = events;
  const int status =
      events == 0 ? uv_poll_stop(&handle_->poll) : uv_poll_start(&handle_->poll, events, on_event);
  PAGERD_CHECK(status == 0);
}

void LoopWatch::stop() {
  if (!handle_) return;
  handle_->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t *>(&handle_->poll),
           [](uv_handle_t *closed) { delete static_cast<Handle *>(closed->data); });
  handle_ = nullptr;
}

void LoopWatch::on_event(uv_poll_t *poll, int status, int events) {
  Handle *handle = static_cast<Handle *>(poll->data);
  if (handle->owner) handle->notify(handle->owner, status, events);
}

}  // namespace pagerd::binding
