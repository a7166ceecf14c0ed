#include "scheduler.hpp"

#include <utility>

#include "failure.hpp"

namespace pagerd::model {

namespace {

// A run of these scripts takes hundreds.
constexpr std::uint64_t steps_max = 20'000;

// Deadlines in a row that change nothing while nobody else can go on: the pause before another try
// has long reached its longest.
constexpr unsigned idle_ticks_max = 64;

}  // namespace

Scheduler &scheduler() {
  static Scheduler it;
  return it;
}

Scheduler::Scheduler() {
  spawn("clock", Role::control, [this] { run_clock(); });
}

Fiber &Scheduler::spawn(const char *name, Role role, std::function<void()> body) {
  if (spare_.empty()) spare_.push_back(std::make_unique<Fiber>());
  Fiber &fiber = *fibers_.emplace_back(std::move(spare_.back()));
  spare_.pop_back();
  fiber.name = name;
  fiber.role = role;
  fiber.body = std::move(body);
  fiber.is_ready = nullptr;
  fiber.is_over = false;
  fiber.shunned = nullptr;
  return fiber;
}

void Scheduler::run_clock() {
  for (;;) {
    block("", [this] { return can_tick(); });
    --ticks_left;
    tick();
  }
}

void Scheduler::tick() {
  changes_at_tick_ = changes_;
  now_ns_ = next_deadline();
  if (is_told()) tell("the clock moves to " + std::to_string(now_ns_));
}

std::uint64_t Scheduler::next_deadline() const {
  std::uint64_t next = 0;
  for (const std::uint64_t *deadline : deadlines_) {
    if (*deadline <= now_ns_) continue;
    if (next == 0 || *deadline < next) next = *deadline;
  }
  return next;
}

void Scheduler::find_ready() {
  ready_.clear();
  for (const auto &fiber : fibers_) {
    if (fiber->is_over || fiber.get() == current_) continue;
    if (!fiber->is_ready || fiber->is_ready()) ready_.push_back(fiber.get());
  }
}

unsigned Scheduler::pick(std::size_t options) {
  if (!is_choosing || options < 2) return 0;
  return choices.pick(static_cast<unsigned>(options));
}

void Scheduler::yield(const char *where) {
  // The main stack prepares and looks on: nobody overtakes it.
  if (current_ == nullptr || !is_choosing || !has_acted_) return;
  const bool is_counted = current_->role == Role::engine;
  if (is_counted && preemptions_left == 0) return;
  find_ready();
  const unsigned taken = pick(ready_.size() + 1);
  if (taken == 0) {
    has_acted_ = false;
    return;
  }
  if (is_counted) --preemptions_left;
  if (is_told()) tell(std::string("is overtaken before: ") + where);
  next_ = ready_[taken - 1];
  current_->is_ready = nullptr;
  current_->leave();
}

void Scheduler::block(const char *where, std::function<bool()> until) {
  if (current_ == nullptr) fail(std::string("the main stack would wait at: ") + where);
  current_->is_ready = std::move(until);
  current_->leave();
}

void Scheduler::enter(Fiber &fiber) {
  if (++steps > steps_max) fail("it goes on for ever");
  current_ = &fiber;
  has_acted_ = false;
  fiber.enter();
  current_ = nullptr;
}

void Scheduler::settle() {
  for (;;) {
    if (Fiber *const next = std::exchange(next_, nullptr)) {
      enter(*next);
      continue;
    }
    find_ready();
    if (!ready_.empty()) {
      idle_ticks_ = 0;
      enter(*ready_[pick(ready_.size())]);
    } else if (next_deadline() == 0) {
      return;
    } else if (++idle_ticks_ > idle_ticks_max) {
      fail("a fault is tried again and again, and nothing changes");
    } else {
      tick();
    }
  }
}

void Scheduler::gather() {
  for (auto at = fibers_.begin(); at != fibers_.end();) {
    (*at)->shunned = nullptr;
    if (!(*at)->is_over) {
      ++at;
      continue;
    }
    spare_.push_back(std::move(*at));
    at = fibers_.erase(at);
  }
  steps = 0;
}

}  // namespace pagerd::model
