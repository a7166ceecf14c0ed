#pragma once

#include <napi.h>

#include <functional>
#include <utility>

namespace pagerd::binding {

// Asks on another thread, answers on this one, and deletes itself then.
template <typename Found>
class Question : public Napi::AsyncWorker {
 public:
  using Ask = std::function<Found()>;
  using Tell = Napi::Value (*)(Napi::Env, Found &);

  static Napi::Value ask(Napi::Env env, Ask ask, Tell tell) {
    auto *question = new Question(env, std::move(ask), tell);
    const Napi::Promise answer = question->answer_.Promise();
    question->Queue();
    return answer;
  }

  void Execute() override { found_ = ask_(); }
  void OnOK() override { answer_.Resolve(tell_(Env(), found_)); }

 private:
  Question(Napi::Env env, Ask ask, Tell tell)
      : AsyncWorker(env),
        answer_(Napi::Promise::Deferred::New(env)),
        ask_(std::move(ask)),
        tell_(tell) {}

  Napi::Promise::Deferred answer_;
  Ask ask_;
  Tell tell_;
  Found found_;
};

}  // namespace pagerd::binding
