#include "binding/script.hpp"

#include <cstring>

#include "sys/check.hpp"

namespace pagerd::binding {

void throw_error(Napi::Env env, const std::string &what, const sys::Error &error) {
  const char *text = ::strerrordesc_np(error.code);
  const char *name = ::strerrorname_np(error.code);
  const std::string message = what + ": " + error.call + ": " + (text ? text : "unknown");
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("code", Napi::String::New(env, name ? name : std::to_string(error.code)));
  thrown.ThrowAsJavaScriptException();
}

void throw_code(Napi::Env env, const char *code, const char *message) {
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("code", Napi::String::New(env, code));
  thrown.ThrowAsJavaScriptException();
}

void throw_type_error(Napi::Env env, const char *wanted) {
  Napi::TypeError::New(env, wanted).ThrowAsJavaScriptException();
}

void call_from_loop(const Napi::FunctionReference &function,
                    std::initializer_list<napi_value> values) {
  const napi_env env = function.Env();
  napi_value receiver = nullptr;
  PAGERD_CHECK(napi_get_global(env, &receiver) == napi_ok);
  const napi_status status = napi_make_callback(env, nullptr, receiver, function.Value(),
                                                values.size(), values.begin(), nullptr);
  if (status != napi_pending_exception) return;

  napi_value thrown = nullptr;
  PAGERD_CHECK(napi_get_and_clear_last_exception(env, &thrown) == napi_ok);
  napi_fatal_exception(env, thrown);
}

}  // namespace pagerd::binding
