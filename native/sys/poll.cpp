#include "sys/poll.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace pagerd::sys {

namespace {

constexpr std::size_t events_max = 64;

// A counter descriptor (eventfd, timerfd) is emptied by one read; there is nothing to do with the
// count.
void empty_counter(const Descriptor &counter) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(counter.get(), &count, sizeof count);
}

}  // namespace

Result<Epoll> Epoll::create() {
  Descriptor set(::epoll_create1(EPOLL_CLOEXEC));
  if (!set.is_open()) return Error{errno, "epoll_create1"};
  return Epoll(std::move(set));
}

Status Epoll::add(const Descriptor &watched, std::uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = token;
  if (::epoll_ctl(set_.get(), EPOLL_CTL_ADD, watched.get(), &event) == 0) return Nothing{};
  if (errno == EEXIST) return Nothing{};
  return Error{errno, "epoll_ctl(ADD)"};
}

void Epoll::remove(const Descriptor &watched) {
  ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, watched.get(), nullptr);
}

std::size_t Epoll::wait(std::span<Ready> ready, int timeout_ms) {
  std::array<epoll_event, events_max> events;
  const int room = static_cast<int>(std::min(ready.size(), events.size()));
  const int count = ::epoll_wait(set_.get(), events.data(), room, timeout_ms);
  if (count <= 0) {
    PAGERD_CHECK(count == 0 || errno == EINTR);
    return 0;
  }
  for (int i = 0; i < count; ++i) {
    const std::uint32_t seen = events[i].events;
    ready[i] = {events[i].data.u64, (seen & EPOLLIN) != 0, (seen & (EPOLLERR | EPOLLHUP)) != 0};
  }
  return static_cast<std::size_t>(count);
}

Result<Wakeup> Wakeup::create() {
  Descriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.is_open()) return Error{errno, "eventfd"};
  return Wakeup(std::move(event));
}

void Wakeup::raise() {
  const std::uint64_t one = 1;
  // EAGAIN means the counter is at its limit: the sleeper is awake already.
  [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
}

void Wakeup::clear() { empty_counter(event_); }

Result<Timer> Timer::create() {
  Descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer.is_open()) return Error{errno, "timerfd_create"};
  return Timer(std::move(timer));
}

void Timer::set(std::uint64_t deadline_ns) {
  PAGERD_CHECK(deadline_ns > 0);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(deadline_ns / 1'000'000'000u);
  when.it_value.tv_nsec = static_cast<long>(deadline_ns % 1'000'000'000u);
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Timer::clear() { empty_counter(timer_); }

}  // namespace pagerd::sys
