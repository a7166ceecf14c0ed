#include "sys/joined_thread.hpp"

#include <memory>
#include <utility>

#include "sys/check.hpp"

namespace pagerd::sys {

namespace {

void *run(void *body) {
  const std::unique_ptr<std::function<void()>> owned(static_cast<std::function<void()> *>(body));
  (*owned)();
  return nullptr;
}

}  // namespace

Status JoinedThread::start(std::function<void()> body) {
  join();
  auto owned = std::make_unique<std::function<void()>>(std::move(body));
  pthread_t thread;
  const int code = ::pthread_create(&thread, nullptr, run, owned.get());
  if (code != 0) return Error{code, "pthread_create"};
  [[maybe_unused]] const auto *threads = owned.release();
  thread_ = thread;
  return Nothing{};
}

void JoinedThread::join() {
  if (!thread_) return;
  PAGERD_CHECK(::pthread_join(*thread_, nullptr) == 0);
  thread_.reset();
}

}  // namespace pagerd::sys
