#include "engine/sentry.hpp"

#include <algorithm>

#include "sys/clock.hpp"

namespace pagerd::engine {

namespace {

// Between two looks, while no thread is inside any space, and while one is.
constexpr std::uint64_t quiet_pause_ns = 50'000'000;
constexpr std::uint64_t busy_pause_ns = 10'000'000;

}  // namespace

void Sentry::watch(Crew &crew, TakeOver take_over) {
  watched_.push_back({&crew, std::move(take_over)});
}

void Sentry::start() {
  thread_ = std::thread([this] { run(); });
}

void Sentry::stop() {
  if (!thread_.joinable()) return;
  is_stopping_.store(true);
  wakeup_.post();
  thread_.join();
  ends_.clear();
  inside_.clear();
}

void Sentry::run() {
  sys::name_this_thread("pagerd-sentry");
  sys::block_signals_on_this_thread();
  while (!is_stopping_.load()) {
    look();
    const std::uint64_t pause_ns = inside_.empty() ? quiet_pause_ns : busy_pause_ns;
    wakeup_.wait_until(sys::monotonic_ns() + pause_ns);
  }
}

void Sentry::look() {
  const std::uint64_t now_ns = sys::monotonic_ns();
  for (Inside &inside : inside_) inside.is_seen = false;
  for (Watched &watched : watched_) look_at(watched, now_ns);
  const auto is_back = [](const Inside &inside) { return !inside.is_seen; };
  for (const Inside &inside : inside_) {
    if (is_back(inside) && inside.is_held) note_back(inside);
  }
  std::erase_if(inside_, is_back);
  post_ends();
}

void Sentry::look_at(Watched &watched, std::uint64_t now_ns) {
  std::vector<Crew::Member *> members;
  watched.crew->look_at_each([&](Crew::Member &member) { members.push_back(&member); });
  for (Crew::Member *member : members) {
    const InHand::Whereabouts where = member->worker.in_hand.whereabouts();
    if (where.space == 0) continue;
    const auto before = std::find_if(inside_.begin(), inside_.end(), [&](const Inside &inside) {
      return inside.member == member && inside.where == where;
    });
    if (before == inside_.end()) {
      inside_.push_back({member, where, now_ns, false, nullptr, true});
      continue;
    }
    before->is_seen = true;
    if (before->is_held || now_ns < before->since_ns + limits::held_ns) continue;
    // What only waits for a CPU, or has much to do, comes back by itself.
    if (sys::is_asleep(member->thread_id.load())) note_held(watched, *before);
  }
}

void Sentry::note_held(Watched &watched, Inside &inside) {
  // Before another begins: what comes for this space waits from here on.
  inside.space = spaces_.find(inside.where.space);
  if (inside.space) inside.space->note_stall(true);
  inside.is_held = true;
  threads_held_.fetch_add(1);
  if (Owner *owner = inside.where.owner) {
    const unsigned held = owner->threads_held.fetch_add(1) + 1;
    if (held >= limits::threads_held_max) owner->is_shut_out.store(true);
  }
  if (!watched.crew->relieve(*inside.member)) return;
  if (watched.take_over) watched.take_over(inside.member->worker);
}

void Sentry::note_back(const Inside &inside) {
  threads_held_.fetch_sub(1);
  const bool is_last = std::none_of(inside_.begin(), inside_.end(), [&](const Inside &other) {
    return other.is_seen && other.is_held && other.space == inside.space;
  });
  if (inside.space && is_last) {
    inside.space->note_stall(false);
    go_on(inside.space);
  }
  Owner *owner = inside.where.owner;
  if (owner == nullptr) return;
  const unsigned held = owner->threads_held.fetch_sub(1) - 1;
  if (held >= limits::threads_held_max || !owner->is_shut_out.exchange(false)) return;
  for (const auto &space : spaces_.all_of(*owner)) go_on(space);
}

void Sentry::go_on(const std::shared_ptr<AddressSpace> &space) {
  if (std::find(ends_.begin(), ends_.end(), space) == ends_.end()) ends_.push_back(space);
}

// Without room in the mailbox: in the next round.
void Sentry::post_ends() {
  std::erase_if(ends_, [&](const std::shared_ptr<AddressSpace> &space) {
    return space->is_stalled() || mailbox_.post({.kind = CommandKind::end_stall, .space = space});
  });
}

}  // namespace pagerd::engine
