#include "binding/socket_listener.hpp"

#include <cerrno>
#include <string>

#include "binding/script.hpp"
#include "sys/socket.hpp"

namespace pagerd::binding {

namespace {

// Connections taken before those that are there already have their turn.
constexpr int connections_per_wakeup_max = 16;

}  // namespace

Napi::Function SocketListener::define(Napi::Env env) {
  using Self = SocketListener;
  return DefineClass(env, "SocketListener",
                     {
                         InstanceMethod<&Self::resume>("resume"),
                         InstanceMethod<&Self::close>("close"),
                     });
}

SocketListener::SocketListener(const Napi::CallbackInfo &call) : ObjectWrap(call) {
  const Napi::Env env = call.Env();
  if (call.Length() != 5 || !(call[0].IsString() || call[0].IsNumber()) || !call[1].IsNumber() ||
      !call[2].IsFunction() || !call[3].IsFunction() || !call[4].IsString()) {
    throw_type_error(env, "SocketListener wants (path or socket, mode, two functions, type)");
    return;
  }
  on_connection_ = Napi::Persistent(call[2].As<Napi::Function>());
  on_failure_ = Napi::Persistent(call[3].As<Napi::Function>());
  const bool is_stream = call[4].ToString().Utf8Value() == "stream";
  const auto type = is_stream ? sys::SocketType::stream : sys::SocketType::seqpacket;
  open(env, call[0], call[1].As<Napi::Number>().Uint32Value(), type);
}

void SocketListener::open(Napi::Env env, const Napi::Value &where, mode_t mode,
                          sys::SocketType type) {
  const std::string path = where.ToString();
  if (where.IsNumber()) {
    socket_ = sys::Descriptor(where.ToNumber().Int32Value());
  } else {
    sys::Result<sys::Descriptor> opened = sys::listen_on(path, mode, type);
    if (!opened.ok()) return throw_error(env, "Cannot listen on " + path, opened.error());
    socket_ = opened.take();
  }

  const auto on_socket = [](void *owner, int, int) {
    static_cast<SocketListener *>(owner)->accept_some();
  };
  const int status = watch_.start(loop_of(env), socket_.get(), this, on_socket);
  if (status < 0) return throw_error(env, "Cannot watch " + path, {-status, "uv_poll_init"});
  watch_.wait_for(UV_READABLE);
  Ref();
}

void SocketListener::resume(const Napi::CallbackInfo &) { watch_.wait_for(UV_READABLE); }

void SocketListener::close(const Napi::CallbackInfo &) {
  if (!socket_.is_open()) return;
  watch_.stop();
  socket_.reset();
  on_connection_.Reset();
  on_failure_.Reset();
  Unref();
}

void SocketListener::accept_some() {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  [[maybe_unused]] const Napi::Object keep_alive = Value();
  for (int connection = 0; connection < connections_per_wakeup_max; ++connection) {
    if (!socket_.is_open()) return;
    sys::Result<sys::Descriptor> accepted = sys::accept_connection(socket_.get());
    if (!accepted.ok()) {
      // EMFILE for one: the connection stays in the queue, and waiting on would only spin.
      watch_.wait_for(0);
      const char *name = ::strerrorname_np(accepted.error().code);
      return call_from_loop(on_failure_, {Napi::String::New(env, name ? name : "unknown")});
    }
    if (!accepted.value().is_open()) return;
    call_from_loop(on_connection_, {Napi::Number::New(env, accepted.value().release())});
  }
}

}  // namespace pagerd::binding
