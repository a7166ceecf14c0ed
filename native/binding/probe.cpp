#include "binding/probe.hpp"

#include "sys/probe.hpp"

namespace pagerd::binding {

namespace {

const char *name_of(sys::UserfaultfdWay way) {
  switch (way) {
    case sys::UserfaultfdWay::device: return "device";
    case sys::UserfaultfdWay::system_call: return "system_call";
    case sys::UserfaultfdWay::user_mode_only: return "user_mode_only";
    case sys::UserfaultfdWay::none: return "none";
  }
  return "none";
}

// () => KernelProbe
Napi::Value probe_kernel(const Napi::CallbackInfo &call) {
  const sys::KernelProbe probe = sys::probe_kernel();
  Napi::Object found = Napi::Object::New(call.Env());
  found.Set("way", name_of(probe.way));
  found.Set("deviceErrno", probe.device_errno);
  found.Set("systemCallErrno", probe.system_call_errno);
  found.Set("userModeErrno", probe.user_mode_errno);
  found.Set("memfdErrno", probe.memfd_errno);
  found.Set("features", static_cast<double>(probe.features));
  found.Set("ioctls", Napi::BigInt::New(call.Env(), probe.ioctls));
  return found;
}

}  // namespace

void register_probe(Napi::Env env, Napi::Object exports) {
  exports.Set("probeKernel", Napi::Function::New<probe_kernel>(env));
}

}  // namespace pagerd::binding
