#include <napi.h>

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  (void)env;
  return exports;
}

}  // namespace

NODE_API_MODULE(pagerd, initialise)
