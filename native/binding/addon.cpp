#include <napi.h>

#include "binding/engine_object.hpp"
#include "binding/output.hpp"
#include "binding/probe.hpp"
#include "binding/sockets.hpp"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  pagerd::binding::register_engine(env, exports);
  pagerd::binding::register_output(env, exports);
  pagerd::binding::register_probe(env, exports);
  pagerd::binding::register_sockets(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(pagerd, initialise)
