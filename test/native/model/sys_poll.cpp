// native/sys/poll.hpp without a kernel.
#include "sys/poll.hpp"

#include <map>

#include "descriptors.hpp"
#include "failure.hpp"
#include "locks.hpp"
#include "scheduler.hpp"

namespace pagerd::model {

namespace {

struct Set final : Open {
  std::map<int, std::uint64_t> tokens;  // by descriptor
};

struct Counter final : Open {
  bool is_readable() const override { return count > 0; }
  std::uint64_t count = 0;
};

// Its deadline stays known until it is read, or set anew.
struct Deadline final : Open {
  Deadline() { scheduler().watch_deadline(&at_ns); }
  bool is_readable() const override { return at_ns != 0 && at_ns <= scheduler().now_ns(); }
  std::uint64_t at_ns = 0;
};

template <typename Kind>
Kind &opened_as(const sys::Descriptor &descriptor) {
  return static_cast<Kind &>(*opened(descriptor.get()));
}

template <typename Kind>
sys::Descriptor open_new() {
  return sys::Descriptor(open_descriptor(std::make_shared<Kind>()));
}

// A userfaultfd whose space another thread has locked is left alone: it would be looked at in vain
// until that thread has gone on, again and again.
bool is_worth_a_look(const Open &watched, const Fiber &fiber) {
  if (!watched.is_readable()) return false;
  return !watched.is_userfaultfd() || fiber.shunned == nullptr || is_free(fiber.shunned);
}

}  // namespace

}  // namespace pagerd::model

namespace pagerd::sys {

using model::is_worth_a_look;
using model::opened_as;
using model::scheduler;

Result<Epoll> Epoll::create() { return Epoll(model::open_new<model::Set>()); }

Status Epoll::add(const Descriptor &watched, std::uint64_t token) {
  opened_as<model::Set>(set_).tokens.emplace(watched.get(), token);
  return Nothing{};
}

void Epoll::remove(const Descriptor &watched) {
  opened_as<model::Set>(set_).tokens.erase(watched.get());
}

std::size_t Epoll::wait(std::span<Ready> ready, int timeout_ms) {
  const auto &tokens = opened_as<model::Set>(set_).tokens;
  const model::Fiber &self = *scheduler().current();
  const auto is_ready = [&](int number) {
    return is_worth_a_look(*model::opened(number), self);
  };
  scheduler().block("epoll_wait", [&] {
    if (timeout_ms == 0) return true;
    for (const auto &[number, token] : tokens) {
      if (is_ready(number)) return true;
    }
    return false;
  });
  std::size_t count = 0;
  for (const auto &[number, token] : tokens) {
    if (count < ready.size() && is_ready(number)) ready[count++] = {token, true, false};
  }
  scheduler().current()->shunned = nullptr;
  return count;
}

Result<Wakeup> Wakeup::create() { return Wakeup(model::open_new<model::Counter>()); }
void Wakeup::raise() {
  ++opened_as<model::Counter>(event_).count;
  scheduler().note_act();
}

void Wakeup::clear() { opened_as<model::Counter>(event_).count = 0; }

Result<Timer> Timer::create() { return Timer(model::open_new<model::Deadline>()); }

void Timer::set(std::uint64_t deadline_ns) {
  opened_as<model::Deadline>(timer_).at_ns = deadline_ns;
  scheduler().note_act();
}

void Timer::clear() {
  auto &deadline = opened_as<model::Deadline>(timer_);
  if (deadline.is_readable()) deadline.at_ns = 0;
}

}  // namespace pagerd::sys
