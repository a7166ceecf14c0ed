#include "small_threads.hpp"

#include <pthread.h>

namespace pagerd::test {

namespace {

constexpr std::size_t stack_bytes = 128 * 1024;

}  // namespace

SmallThreads::SmallThreads(std::size_t count, const Mapped &mapped, const PatternImage &pattern)
    : mapped_(mapped), pattern_(pattern), threads_(count) {
  pthread_attr_t small;
  ::pthread_attr_init(&small);
  ::pthread_attr_setstacksize(&small, stack_bytes);
  for (std::size_t i = 0; i < count; ++i) touches_.push_back({this, i});
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT(::pthread_create(&threads_[i], &small, touch_one, &touches_[i]) == 0);
  }
  ::pthread_attr_destroy(&small);
}

SmallThreads::~SmallThreads() {
  for (const pthread_t thread : threads_) ::pthread_join(thread, nullptr);
}

void *SmallThreads::touch_one(void *argument) {
  const Touch &touch = *static_cast<Touch *>(argument);
  SmallThreads &owner = *touch.owner;
  EXPECT(owner.mapped_.has(owner.pattern_, touch.page));
  owner.ended_.fetch_add(1);
  return nullptr;
}

}  // namespace pagerd::test
