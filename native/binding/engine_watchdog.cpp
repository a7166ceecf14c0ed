#include "binding/arguments.hpp"
#include "binding/engine_object.hpp"
#include "sys/clock.hpp"
#include "sys/process.hpp"

// What the control plane's watchdog looks at, and what it does about what it finds. Looking takes
// no lock of the fault path.
namespace pagerd::binding {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

const char *name_of(engine::Place place) {
  switch (place) {
    case engine::Place::source: return "source";
    case engine::Place::deferred: return "deferred";
    case engine::Place::ioctl: return "ioctl";
    case engine::Place::none: break;
  }
  return "none";
}

// Below 2^53 also where the clock has gone on since the fault was looked at.
std::uint64_t age_ms(const engine::Unresolved &fault, std::uint64_t now_ns) {
  const bool is_waiting = fault.place != engine::Place::none && fault.since_ns < now_ns;
  return is_waiting ? (now_ns - fault.since_ns) / ns_per_ms : 0;
}

}  // namespace

void EngineObject::put_oldest_fault(Napi::Object &object, const engine::AddressSpace &space) {
  const engine::Unresolved oldest = engine_->oldest_fault(space);
  const Napi::Env env = object.Env();
  object.Set("oldestFaultAddress", to_bigint(env, oldest.address));
  object.Set("oldestFaultAgeMs", to_number(env, age_ms(oldest, sys::monotonic_ns())));
  object.Set("oldestFaultPlace", name_of(oldest.place));
}

// (space, age_ms_min, max) => StuckFault[]: of spaces after that one, in their order.
Napi::Value EngineObject::stuck_faults(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  Napi::Array list = Napi::Array::New(env);
  const auto after = unsigned_number(call[0]);
  if (!after) return list;
  const auto age_min = unsigned_number(call[1]);
  if (!age_min) return list;
  const auto max = unsigned_number(call[2]);
  if (!max || !is_running(env)) return list;
  const std::uint64_t now_ns = sys::monotonic_ns();
  for (auto book = books_.upper_bound(*after); book != books_.end(); ++book) {
    if (list.Length() >= *max) break;
    if (book->second.is_detaching) continue;
    const engine::Unresolved oldest = engine_->oldest_fault(*book->second.space);
    if (oldest.place == engine::Place::none || age_ms(oldest, now_ns) < *age_min) continue;
    Napi::Object object = Napi::Object::New(env);
    object.Set("space", to_number(env, book->first));
    object.Set("address", to_bigint(env, oldest.address));
    object.Set("ageMs", to_number(env, age_ms(oldest, now_ns)));
    object.Set("place", name_of(oldest.place));
    list.Set(list.Length(), object);
  }
  return list;
}

// (space, max) => number[]: spaces after that one that some fault thread could not watch.
Napi::Value EngineObject::unwatched_spaces(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  Napi::Array list = Napi::Array::New(env);
  const auto after = unsigned_number(call[0]);
  if (!after) return list;
  const auto max = unsigned_number(call[1]);
  if (!max) return list;
  for (auto book = books_.upper_bound(*after); book != books_.end(); ++book) {
    if (list.Length() >= *max) break;
    const bool is_unwatched = book->second.space->lacks_watch() && !book->second.is_detaching;
    if (is_unwatched) list.Set(list.Length(), to_number(env, book->first));
  }
  return list;
}

// (space, max) => FaultQueue[]: of spaces from that one on, in their order.
Napi::Value EngineObject::fault_queues(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  Napi::Array list = Napi::Array::New(env);
  const auto from = unsigned_number(call[0]);
  if (!from) return list;
  const auto max = unsigned_number(call[1]);
  if (!max || !is_running(env)) return list;
  std::uint64_t looked_at = 0;
  for (auto book = books_.lower_bound(*from); book != books_.end(); ++book) {
    if (looked_at++ >= *max) break;
    if (book->second.is_detaching || !book->second.space->try_hold()) continue;
    engine::AddressSpace &space = *book->second.space;
    auto waiters = sys::fault_waiters(space.uffd());
    space.drop_hold();
    // Without a free descriptor it cannot be told: next time.
    if (!waiters.ok()) continue;
    const auto &kinds = space.tally.kinds;
    Napi::Object object = Napi::Object::New(env);
    object.Set("space", to_number(env, book->first));
    object.Set("unread", to_number(env, waiters.value().unread));
    object.Set("read", to_number(env, waiters.value().read));
    object.Set("faults", to_number(env, kinds[0].get() + kinds[1].get() + kinds[2].get()));
    object.Set("isKnown", engine_->is_about(space));
    object.Set("hasStrays", space.strays.any());
    list.Set(list.Length(), object);
  }
  return list;
}

// (space, address)
void EngineObject::wake_faults(const Napi::CallbackInfo &call) {
  const auto address = unsigned_bigint(call[1]);
  if (!address) return;
  Book *book = book_of(call);
  // A full mailbox: the watchdog comes again.
  if (book != nullptr) engine_->wake(book->space, *address);
}

// (space, age_ms_min, reason)
void EngineObject::give_up_faults(const Napi::CallbackInfo &call) {
  const auto age_min = unsigned_number(call[1]);
  if (!age_min) return;
  const std::string reason = call[2].ToString();
  Book *book = book_of(call);
  const std::uint64_t now_ns = sys::monotonic_ns();
  if (book == nullptr || *age_min > now_ns / ns_per_ms) return;
  engine_->give_up(book->space, now_ns - *age_min * ns_per_ms, reason);
}

}  // namespace pagerd::binding
