#include "binding/arguments.hpp"
#include "binding/engine_object.hpp"
#include "sys/clock.hpp"

namespace pagerd::binding {

using engine::Tally;

namespace {

constexpr double ns_per_us = 1000;

Napi::Object latency_object(Napi::Env env, const engine::Latency &latency) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("count", to_number(env, latency.count));
  object.Set("p50", static_cast<double>(latency.p50) / ns_per_us);
  object.Set("p90", static_cast<double>(latency.p90) / ns_per_us);
  object.Set("p99", static_cast<double>(latency.p99) / ns_per_us);
  object.Set("max", static_cast<double>(latency.max) / ns_per_us);
  return object;
}

void put_counters(Napi::Object &object, const Tally &tally) {
  const Napi::Env env = object.Env();
  const auto put = [&](const char *name, const engine::Counter &counter) {
    object.Set(name, to_number(env, counter.get()));
  };
  put("missing", tally.kinds[0]);
  put("minor", tally.kinds[1]);
  put("writeProtect", tally.kinds[2]);
  put("installed", tally.outcomes[0]);
  put("alreadyPresent", tally.outcomes[1]);
  put("deferred", tally.outcomes[2]);
  put("discarded", tally.outcomes[3]);
  put("failed", tally.outcomes[4]);
  put("pagesCopied", tally.pages_copied);
  put("pagesZeroed", tally.pages_zeroed);
  put("pagesContinued", tally.pages_continued);
  put("pagesPoisoned", tally.pages_poisoned);
  object.Set("bytesCopied", to_number(env, tally.pages_copied.get() * 4096));
  object.Set("serviceUs", latency_object(env, tally.service.latency()));
}

std::string fault_kind_name(engine::FaultKind kind) {
  switch (kind) {
    case engine::FaultKind::missing: return "missing";
    case engine::FaultKind::minor: return "minor";
    case engine::FaultKind::write_protect: return "write_protect";
  }
  return "missing";
}

std::string outcome_name(engine::Outcome outcome) {
  switch (outcome) {
    case engine::Outcome::installed: return "installed";
    case engine::Outcome::already_present: return "already_present";
    case engine::Outcome::deferred: return "deferred";
    case engine::Outcome::discarded: return "discarded";
    case engine::Outcome::failed: return "failed";
  }
  return "failed";
}

Napi::Object fault_object(Napi::Env env, const engine::FaultRecord &record, double realtime_ms,
                          std::uint64_t monotonic_ns) {
  const double age_ms = static_cast<double>(monotonic_ns - record.finished_ns) / 1e6;
  Napi::Object object = Napi::Object::New(env);
  object.Set("sequence", to_bigint(env, record.sequence));
  object.Set("timeMs", realtime_ms - age_ms);
  object.Set("space", to_number(env, record.space));
  object.Set("region", to_number(env, record.region));
  object.Set("image", to_number(env, record.image));
  object.Set("address", to_bigint(env, record.address));
  object.Set("imageOffsetBytes", to_bigint(env, record.image_offset_bytes));
  object.Set("kind", fault_kind_name(record.kind));
  object.Set("outcome", outcome_name(record.outcome));
  object.Set("pages", to_number(env, record.pages));
  object.Set("serviceUs", static_cast<double>(record.service_ns) / ns_per_us);
  object.Set("isWrite", record.is_write);
  object.Set("hasWaitedForFill", record.has_waited_for_fill);
  object.Set("thread", to_number(env, record.thread));
  return object;
}

}  // namespace

// () => the pulses of each fault thread so far; each is asked for one more
Napi::Value EngineObject::ask_pulses(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  if (!is_running(env)) return env.Undefined();
  Napi::Array pulses = Napi::Array::New(env);
  for (const auto &loop : engine_->loops()) {
    pulses.Set(pulses.Length(), to_number(env, loop->pulses.get()));
    loop->ask_pulse();
  }
  return pulses;
}

Napi::Value EngineObject::engine_snapshot(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  if (!is_running(env)) return env.Undefined();
  auto total = std::make_unique<Tally>();
  Napi::Array threads = Napi::Array::New(env);
  for (const auto &loop : engine_->loops()) {
    auto own = std::make_unique<Tally>();
    loop->crew().look_at_each([&](const auto &member) { own->add(member.worker.tally); });
    total->add(*own);
    const Tally &tally = *own;
    Napi::Object thread = Napi::Object::New(env);
    thread.Set("cpu", to_number(env, static_cast<std::uint64_t>(loop->cpu())));
    thread.Set("faults", to_number(env, tally.kinds[0].get() + tally.kinds[1].get() +
                                            tally.kinds[2].get()));
    thread.Set("wakeups", to_number(env, loop->wakeups.get()));
    threads.Set(threads.Length(), thread);
  }
  const engine::Crew &fillers = engine_->fillers().crew();
  fillers.look_at_each([&](const auto &member) { total->add(member.worker.tally); });

  Napi::Object object = Napi::Object::New(env);
  put_counters(object, *total);
  object.Set("threads", threads);
  object.Set("fillerThreads", to_number(env, fillers.size()));
  object.Set("threadsHeld", to_number(env, engine_->threads_held()));
  object.Set("fillUs", latency_object(env, engine_->fill_latency().latency()));
  object.Set("spaces", to_number(env, books_.size()));
  object.Set("eventsDropped", to_number(env, engine_->events_dropped()));
  return object;
}

Napi::Value EngineObject::space_snapshot(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  const auto id = unsigned_number(call[0]);
  if (!id) return env.Undefined();
  const auto book = books_.find(*id);
  if (book == books_.end() || !is_running(env)) return env.Undefined();
  const engine::AddressSpace &space = *book->second.space;
  const std::uint64_t oldest_ns = space.pending.oldest().since_ns;
  const std::uint64_t now_ns = sys::monotonic_ns();
  const bool is_waiting = oldest_ns != 0 && oldest_ns < now_ns;
  const std::uint64_t age_us = is_waiting ? (now_ns - oldest_ns) / 1000 : 0;

  Napi::Object object = Napi::Object::New(env);
  put_counters(object, space.tally);
  object.Set("space", to_number(env, *id));
  object.Set("regions", to_number(env, book->second.regions.size()));
  object.Set("pendingFaults", to_number(env, space.pending.count()));
  object.Set("oldestPendingUs", to_number(env, age_us));
  put_oldest_fault(object, space);
  return object;
}

Napi::Value EngineObject::region_snapshots(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  Napi::Array list = Napi::Array::New(env);
  const auto id = unsigned_number(call[0]);
  if (!id) return list;
  const auto book = books_.find(*id);
  if (book == books_.end()) return list;
  for (const auto &[number, region] : book->second.regions) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("region", to_number(env, number));
    object.Set("faults", to_number(env, region->faults.get()));
    object.Set("residentPages", to_number(env, region->resident_pages.get()));
    object.Set("address", to_bigint(env, region->address.load()));
    object.Set("parts", to_number(env, region->parts.load()));
    list.Set(list.Length(), object);
  }
  return list;
}

Napi::Value EngineObject::image_snapshot(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  const auto id = unsigned_number(call[0]);
  if (!id) return env.Undefined();
  const auto found = images_.find(static_cast<std::uint32_t>(*id));
  const auto served = found == images_.end() ? nullptr : found->second.lock();
  if (!served) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  object.Set("image", to_number(env, served->id()));
  object.Set("lengthBytes", to_bigint(env, served->image().length_bytes()));
  object.Set("residentBytes", to_bigint(env, served->image().resident_pages() * 4096));
  object.Set("zeroBytes", to_bigint(env, served->image().zero_pages() * 4096));
  object.Set("bytesRead", to_bigint(env, served->bytes_read.get()));
  object.Set("fills", to_number(env, served->fills.get()));
  object.Set("fillFailures", to_number(env, served->fill_failures.get()));
  object.Set("regions", to_number(env, served->regions.load()));
  object.Set("isFullyResident", served->image().is_fully_resident());
  object.Set("isWritable", served->image().kind() == image::ImageKind::writable);
  object.Set("failure", served->lost_reason());
  return object;
}

Napi::Value EngineObject::faults_after(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  Napi::Array list = Napi::Array::New(env);
  const auto sequence = unsigned_bigint(call[0]);
  if (!sequence) return list;
  const auto max = unsigned_number(call[1]);
  if (!max || !is_running(env)) return list;
  const std::uint64_t now_ns = sys::monotonic_ns();
  const double realtime_ms = static_cast<double>(sys::realtime_ns()) / 1e6;
  for (const auto &record : engine_->ring().read_after(*sequence, *max)) {
    const std::uint64_t at_ns = std::max(now_ns, record.finished_ns);
    list.Set(list.Length(), fault_object(env, record, realtime_ms, at_ns));
  }
  return list;
}

}  // namespace pagerd::binding
