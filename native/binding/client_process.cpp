#include "binding/client_process.hpp"

#include <cerrno>
#include <string>

#include "binding/script.hpp"
#include "sys/pidfd.hpp"

namespace pagerd::binding {

Napi::Function ClientProcess::define(Napi::Env env) {
  return DefineClass(env, "ClientProcess",
                     {
                         InstanceMethod<&ClientProcess::watch>("watch"),
                         InstanceMethod<&ClientProcess::copy_descriptor>("copyDescriptor"),
                         InstanceMethod<&ClientProcess::kill>("kill"),
                         InstanceMethod<&ClientProcess::close>("close"),
                         InstanceAccessor<&ClientProcess::identity>("identity"),
                     });
}

ClientProcess::ClientProcess(const Napi::CallbackInfo &call)
    : ObjectWrap(call), pid_(call[0].ToNumber().Int32Value()) {
  sys::Result<sys::Descriptor> process = sys::open_process(pid_);
  if (process.ok()) process_ = process.take();
  else throw_error(call.Env(), "Cannot open process " + std::to_string(pid_), process.error());
}

void ClientProcess::watch(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  if (is_watched_ || !process_.is_open() || !call[0].IsFunction()) {
    return throw_type_error(env, "watch() wants (onEnded), once");
  }
  const auto on_process = [](void *owner, int, int) {
    static_cast<ClientProcess *>(owner)->end();
  };
  if (watch_.start(loop_of(env), process_.get(), this, on_process) < 0) {
    return throw_error(env, "Cannot watch the process", {ENOMEM, "uv_poll_init"});
  }
  on_ended_ = Napi::Persistent(call[0].As<Napi::Function>());
  is_watched_ = true;
  Ref();
  watch_.wait_for(UV_READABLE);
}

Napi::Value ClientProcess::copy_descriptor(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  const int number = call[0].ToNumber().Int32Value();
  sys::Result<sys::Descriptor> copy = sys::copy_descriptor_of(process_.get(), number);
  if (copy.ok()) return Napi::Number::New(env, copy.value().release());
  throw_error(env, "Cannot copy descriptor " + std::to_string(number), copy.error());
  return env.Undefined();
}

Napi::Value ClientProcess::identity(const Napi::CallbackInfo &call) {
  return Napi::String::New(call.Env(), sys::process_identity(process_.get(), pid_));
}

void ClientProcess::kill(const Napi::CallbackInfo &) {
  if (process_.is_open()) sys::kill_process(process_.get());
}

void ClientProcess::close(const Napi::CallbackInfo &) { release(); }

void ClientProcess::end() {
  const Napi::HandleScope scope(Env());
  [[maybe_unused]] const Napi::Object keep_alive = Value();
  const Napi::FunctionReference on_ended = std::move(on_ended_);
  release();
  call_from_loop(on_ended, {});
}

void ClientProcess::release() {
  watch_.stop();
  process_.reset();
  on_ended_.Reset();
  if (is_watched_) Unref();
  is_watched_ = false;
}

}  // namespace pagerd::binding
