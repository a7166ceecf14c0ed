#include "binding/register_range.hpp"

#include <cstring>
#include <memory>

#include "binding/arguments.hpp"
#include "binding/question.hpp"
#include "binding/script.hpp"
#include "sys/file.hpp"
#include "sys/uffd.hpp"

namespace pagerd::binding {

namespace {

Napi::Value tell_errno(Napi::Env env, int &code) {
  const char *name = code == 0 ? "" : ::strerrorname_np(code);
  return Napi::String::New(env, name ? name : "unknown");
}

}  // namespace

Napi::Value register_range(const Napi::CallbackInfo &call) {
  const auto address = unsigned_bigint(call[1]);
  const auto length_bytes = unsigned_bigint(call[2]);
  if (!address || !length_bytes) return call.Env().Undefined();
  const int uffd = call[0].ToNumber().Int32Value();
  const std::uint32_t modes = call[3].ToNumber().Uint32Value();
  auto duplicate = sys::duplicate_descriptor(uffd);
  if (!duplicate.ok()) {
    throw_error(call.Env(), "Cannot duplicate a userfaultfd", duplicate.error());
    return call.Env().Undefined();
  }
  // Shared, because a question is copied.
  const auto own = std::make_shared<sys::Descriptor>(duplicate.take());
  const auto ask = [own, start = *address, length = *length_bytes, modes] {
    const sys::Status registered = sys::uffd_register(own->get(), start, length, modes);
    return registered.ok() ? 0 : registered.error().code;
  };
  return Question<int>::ask(call.Env(), ask, tell_errno);
}

}  // namespace pagerd::binding
