#include "binding/register_range.hpp"

#include <cstring>

#include "binding/arguments.hpp"
#include "sys/uffd.hpp"

namespace pagerd::binding {

namespace {

struct Registration {
  int uffd;
  std::uint64_t address;
  std::uint64_t length_bytes;
  std::uint64_t modes;
};

// Deletes itself once it has answered.
class Registrar : public Napi::AsyncWorker {
 public:
  Registrar(Napi::Env env, Registration wanted)
      : AsyncWorker(env), answer_(Napi::Promise::Deferred::New(env)), wanted_(wanted) {}

  Napi::Promise answer() const { return answer_.Promise(); }

  void Execute() override {
    const auto [uffd, address, length_bytes, modes] = wanted_;
    const sys::Status registered = sys::uffd_register(uffd, address, length_bytes, modes);
    if (!registered.ok()) code_ = registered.error().code;
  }

  void OnOK() override {
    const char *name = code_ == 0 ? "" : ::strerrorname_np(code_);
    answer_.Resolve(Napi::String::New(Env(), name ? name : "unknown"));
  }

 private:
  Napi::Promise::Deferred answer_;
  Registration wanted_;
  int code_ = 0;
};

}  // namespace

Napi::Value register_range(const Napi::CallbackInfo &call) {
  const auto address = unsigned_bigint(call[1]);
  const auto length_bytes = unsigned_bigint(call[2]);
  if (!address || !length_bytes) return call.Env().Undefined();
  const int uffd = call[0].ToNumber().Int32Value();
  const std::uint32_t modes = call[3].ToNumber().Uint32Value();
  auto *registrar = new Registrar(call.Env(), {uffd, *address, *length_bytes, modes});
  const Napi::Promise answer = registrar->answer();
  registrar->Queue();
  return answer;
}

}  // namespace pagerd::binding
