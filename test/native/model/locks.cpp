// The part of pthreads that the engine uses, on fibers. The program's own symbols stand before
// those of the C library, so that std::mutex and std::thread come here.
#include "locks.hpp"

#include <pthread.h>

#include <cerrno>

#include "failure.hpp"
#include "scheduler.hpp"

namespace pagerd::model {

namespace {

// Locked or not, and by whom, is kept in the mutex itself; one without an initializer is all zeros.
int &lock_of(pthread_mutex_t *mutex) { return mutex->__data.__lock; }

const Fiber *owner_of(const pthread_mutex_t *mutex) {
  return reinterpret_cast<const Fiber *>(mutex->__data.__list.__next);
}

// Who else wants it goes on at the next system call of its owner's just as well.
void note_lock() {
  if (scheduler().yields_at_locks) scheduler().note_act();
}

void take(pthread_mutex_t *mutex) {
  lock_of(mutex) = 1;
  const Fiber *self = scheduler().current();
  mutex->__data.__list.__next =
      reinterpret_cast<decltype(mutex->__data.__list.__next)>(const_cast<Fiber *>(self));
}

}  // namespace

bool is_free(const void *mutex) {
  return static_cast<const pthread_mutex_t *>(mutex)->__data.__lock == 0;
}

}  // namespace pagerd::model

using pagerd::model::fail;
using pagerd::model::scheduler;

extern "C" {

int pthread_mutex_lock(pthread_mutex_t *mutex) noexcept {
  using namespace pagerd::model;
  const Fiber *self = scheduler().current();
  const bool is_engine = self != nullptr && self->role == Role::engine;
  if (is_engine && scheduler().yields_at_locks) scheduler().yield("locking");
  if (lock_of(mutex) != 0) {
    if (owner_of(mutex) == self) fail("a thread locks what it has locked");
    scheduler().block("locking", [mutex] { return is_free(mutex); });
  }
  take(mutex);
  note_lock();
  return 0;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex) noexcept {
  using namespace pagerd::model;
  if (lock_of(mutex) != 0) {
    if (Fiber *self = scheduler().current()) self->shunned = mutex;
    return EBUSY;
  }
  take(mutex);
  return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex) noexcept {
  using namespace pagerd::model;
  if (lock_of(mutex) == 0) fail("a thread unlocks what is not locked");
  lock_of(mutex) = 0;
  note_lock();
  return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *, void *(*run)(void *), void *word) {
  static pthread_t last = 0;
  *thread = ++last;
  scheduler().spawn("engine", pagerd::model::Role::engine, [run, word] { run(word); });
  return 0;
}

// The engine is never stopped: the process ends with it.
int pthread_join(pthread_t, void **) { fail("a thread of the engine is waited for"); }

}  // extern "C"
