#include "binding/arguments.hpp"
#include "binding/engine_object.hpp"
#include "binding/script.hpp"

namespace pagerd::binding {

// ({ userfaultfd, layoutBook?, cpu, uid, isChild })
Napi::Value EngineObject::adopt(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  const Napi::Object given = call[0].ToObject();
  const auto uid = unsigned_number(given, "uid");
  if (!uid) return env.Undefined();
  auto handed = take_userfaultfd(given.Get("userfaultfd"));
  if (!handed) return env.Undefined();
  std::optional<engine::AdoptedBook> past;
  if (given.Get("layoutBook").IsNumber()) {
    const sys::Descriptor memfd(given.Get("layoutBook").ToNumber().Int32Value());
    auto book = engine::LayoutBook::adopt(memfd);
    if (!book.ok()) {
      [[maybe_unused]] const int callers = handed->uffd.release();
      throw_error(env, "Cannot go on with a layout book", book.error());
      return env.Undefined();
    }
    past = book.take();
  }
  const bool is_child = given.Get("isChild").ToBoolean();
  const auto kin = is_child ? engine::Engine::Kin::child : engine::Engine::Kin::client;
  return enter(env, engine_->adopt(std::move(handed->uffd), handed->layout_features,
                                   cpu_of(given.Get("cpu")), std::move(past), kin,
                                   static_cast<std::uint32_t>(*uid)));
}

// (space) => boolean
Napi::Value EngineObject::end_past(const Napi::CallbackInfo &call) {
  const Book *book = book_of(call);
  const bool is_done = book == nullptr || engine_->end_past(book->space);
  return Napi::Boolean::New(call.Env(), is_done);
}

// (space) => the number of the memfd, which stays the engine's
Napi::Value EngineObject::layout_book_of(const Napi::CallbackInfo &call) {
  const Book *book = book_of(call);
  const engine::LayoutBook *kept = book == nullptr ? nullptr : book->space->book();
  if (kept == nullptr) return call.Env().Undefined();
  return to_number(call.Env(), static_cast<std::uint64_t>(kept->descriptor()));
}

}  // namespace pagerd::binding
