#include "binding/process_files.hpp"

#include <string>
#include <utility>
#include <vector>

#include "binding/question.hpp"
#include "sys/process_files.hpp"

namespace pagerd::binding {

namespace {

Napi::Value tell_memory(Napi::Env env, std::vector<sys::OpenMemory> &found) {
  Napi::Array told = Napi::Array::New(env, found.size());
  for (std::uint32_t index = 0; index < found.size(); ++index) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("memory", found[index].memory);
    one.Set("descriptor", found[index].descriptor.release());
    told.Set(index, one);
  }
  return told;
}

Napi::Value tell_numbers(Napi::Env env, std::vector<int> &found) {
  Napi::Array told = Napi::Array::New(env, found.size());
  for (std::uint32_t index = 0; index < found.size(); ++index) told.Set(index, found[index]);
  return told;
}

}  // namespace

Napi::Value open_image_memory(const Napi::CallbackInfo &call) {
  const pid_t pid = call[0].ToNumber().Int32Value();
  const Napi::Array names = call[1].As<Napi::Array>();
  std::vector<std::string> wanted;
  for (std::uint32_t index = 0; index < names.Length(); ++index) {
    wanted.push_back(names.Get(index).ToString());
  }
  return Question<std::vector<sys::OpenMemory>>::ask(
      call.Env(), [pid, wanted] { return sys::open_image_memory(pid, wanted); }, tell_memory);
}

Napi::Value userfaultfds_of(const Napi::CallbackInfo &call) {
  const pid_t pid = call[0].ToNumber().Int32Value();
  return Question<std::vector<int>>::ask(
      call.Env(), [pid] { return sys::userfaultfds_of(pid); }, tell_numbers);
}

}  // namespace pagerd::binding
