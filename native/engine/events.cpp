#include "engine/events.hpp"

#include "engine/limits.hpp"

namespace pagerd::engine {

Outbox::Outbox(std::size_t capacity, std::function<void()> wake)
    : events_(capacity), wake_(std::move(wake)) {}

void Outbox::post(Event event) {
  PAGERD_CHECK(events_.push(std::move(event)));
  wake();
}

void Outbox::post_notice(Event event) {
  if (events_.size() >= limits::notices_max) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  post(std::move(event));
}

bool Outbox::take(Event &event) { return events_.pop(event); }

void Outbox::wake() {
  if (!is_wake_sent_.exchange(true)) wake_();
}

}  // namespace pagerd::engine
