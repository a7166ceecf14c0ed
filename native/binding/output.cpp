#include "binding/output.hpp"

#include <utility>

#include "binding/script.hpp"
#include "sys/output.hpp"

namespace pagerd::binding {

namespace {

// (descriptor) => descriptor
Napi::Value open_output(const Napi::CallbackInfo &call) {
  sys::Result<sys::Descriptor> opened = sys::open_output(call[0].ToNumber().Int32Value());
  if (!opened.ok()) {
    throw_error(call.Env(), "Cannot open an output", opened.error());
    return call.Env().Undefined();
  }
  return Napi::Number::New(call.Env(), opened.value().release());
}

// (descriptor, bytes) => bytes written
Napi::Value write_at_once(const Napi::CallbackInfo &call) {
  if (call.Length() != 2 || !call[0].IsNumber() || !call[1].IsTypedArray()) {
    throw_type_error(call.Env(), "writeAtOnce wants (descriptor, bytes)");
    return call.Env().Undefined();
  }
  const Napi::Uint8Array bytes = call[1].As<Napi::Uint8Array>();
  const int descriptor = call[0].As<Napi::Number>().Int32Value();
  auto written = sys::write_at_once(descriptor, {bytes.Data(), bytes.ByteLength()});
  if (!written.ok()) {
    throw_error(call.Env(), "Cannot write", written.error());
    return call.Env().Undefined();
  }
  return Napi::Number::New(call.Env(), static_cast<double>(written.value()));
}

// (descriptor, timeoutMs) => whether there is room
Napi::Value has_room_within(const Napi::CallbackInfo &call) {
  const int descriptor = call[0].ToNumber().Int32Value();
  const int timeout_ms = call[1].ToNumber().Int32Value();
  return Napi::Boolean::New(call.Env(), sys::has_room_within(descriptor, timeout_ms));
}

}  // namespace

void register_output(Napi::Env env, Napi::Object exports) {
  exports.Set("openOutput", Napi::Function::New<open_output>(env));
  exports.Set("writeAtOnce", Napi::Function::New<write_at_once>(env));
  exports.Set("hasRoomWithin", Napi::Function::New<has_room_within>(env));
}

}  // namespace pagerd::binding
