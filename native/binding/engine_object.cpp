#include "binding/engine_object.hpp"

#include <algorithm>

#include "binding/arguments.hpp"
#include "binding/script.hpp"

namespace pagerd::binding {

using engine::Event;
using engine::EventKind;

namespace {

const char *name_of(EventKind kind) {
  switch (kind) {
    case EventKind::fill: return "fill";
    case EventKind::raised: return "raised";
    case EventKind::mapped: return "mapped";
    case EventKind::refused: return "refused";
    case EventKind::unmapped: return "unmapped";
    case EventKind::discard_chosen: return "discardChosen";
    case EventKind::unregistered: return "unregistered";
    case EventKind::prefaulted: return "prefaulted";
    case EventKind::loaded: return "loaded";
    case EventKind::poisoned: return "poisoned";
    case EventKind::misbehaved: return "misbehaved";
    case EventKind::forgotten: return "forgotten";
    case EventKind::starved: return "starved";
    case EventKind::forked: return "forked";
    case EventKind::unserved_child: return "unservedChild";
    case EventKind::layout_changed: return "layoutChanged";
    case EventKind::gone: return "gone";
    case EventKind::detached: return "detached";
    case EventKind::none: break;
  }
  return "none";
}

// The options, or nothing with an exception under way.
std::optional<engine::Options> options_of(const Napi::Object &given) {
  const auto threads = unsigned_number(given, "faultThreads");
  if (!threads) return std::nullopt;
  const auto fillers = unsigned_number(given, "fillerThreads");
  if (!fillers) return std::nullopt;
  const auto spaces = unsigned_number(given, "spacesMax");
  if (!spaces) return std::nullopt;
  const auto attempts = unsigned_number(given, "fillAttemptsMax");
  if (!attempts) return std::nullopt;
  const auto backoff = unsigned_number(given, "fillBackoffMs");
  if (!backoff) return std::nullopt;
  const auto backoff_max = unsigned_number(given, "fillBackoffMaxMs");
  if (!backoff_max) return std::nullopt;
  const auto window = unsigned_number(given, "windowBytesDefault");
  if (!window) return std::nullopt;

  const bool is_sane = *threads <= engine::limits::fault_threads_max && *fillers <= 64 &&
                       *spaces >= 1 && *spaces <= engine::limits::spaces_max && *attempts >= 1 &&
                       *attempts <= 1000 && *backoff <= 3'600'000 && *backoff_max <= 3'600'000 &&
                       *window >= 4096 && *window <= engine::limits::window_bytes_max &&
                       (*window & (*window - 1)) == 0;
  if (!is_sane) {
    throw_type_error(given.Env(), "engine options within the engine's limits are wanted");
    return std::nullopt;
  }
  constexpr std::uint64_t ms = 1'000'000;
  return engine::Options{
      .fault_threads = static_cast<unsigned>(*threads),
      .filler_threads = static_cast<unsigned>(*fillers),
      .spaces_max = *spaces,
      .fill_policy = {static_cast<unsigned>(*attempts), *backoff * ms, *backoff_max * ms},
      .window_bytes_default = *window};
}

}  // namespace

Napi::Function EngineObject::define(Napi::Env env) {
  return DefineClass(
      env, "Engine",
      {InstanceMethod<&EngineObject::take_events>("takeEvents"),
       InstanceMethod<&EngineObject::add_file_image>("addFileImage"),
       InstanceMethod<&EngineObject::add_descriptor_image>("addDescriptorImage"),
       InstanceMethod<&EngineObject::add_source_image>("addSourceImage"),
       InstanceMethod<&EngineObject::image_descriptor>("imageDescriptor"),
       InstanceMethod<&EngineObject::load_image>("loadImage"),
       InstanceMethod<&EngineObject::remove_image>("removeImage"),
       InstanceMethod<&EngineObject::complete_fill>("completeFill"),
       InstanceMethod<&EngineObject::fail_fill>("failFill"),
       InstanceMethod<&EngineObject::attach>("attach"),
       InstanceMethod<&EngineObject::adopt>("adopt"),
       InstanceMethod<&EngineObject::end_past>("endPast"),
       InstanceMethod<&EngineObject::layout_book_of>("layoutBookOf"),
       InstanceMethod<&EngineObject::place>("place"),
       InstanceMethod<&EngineObject::detach>("detach"),
       InstanceMethod<&EngineObject::map>("map"),
       InstanceMethod<&EngineObject::unmap>("unmap"),
       InstanceMethod<&EngineObject::prefault>("prefault"),
       InstanceMethod<&EngineObject::populate>("populate"),
       InstanceMethod<&EngineObject::unregister>("unregister"),
       InstanceMethod<&EngineObject::replay>("replay"),
       InstanceMethod<&EngineObject::absent_pages>("absentPages"),
       InstanceMethod<&EngineObject::take_touches>("takeTouches"),
       InstanceMethod<&EngineObject::note_reset>("noteReset"),
       InstanceMethod<&EngineObject::choose_discard>("chooseDiscard"),
       InstanceMethod<&EngineObject::look_for_life>("lookForLife"),
       InstanceMethod<&EngineObject::keep_child>("keepChild"),
       InstanceMethod<&EngineObject::look_at_kept>("lookAtKept"),
       InstanceMethod<&EngineObject::leave_children>("leaveChildren"),
       InstanceMethod<&EngineObject::ask_pulses>("askPulses"),
       InstanceMethod<&EngineObject::engine_snapshot>("engineSnapshot"),
       InstanceMethod<&EngineObject::space_snapshot>("spaceSnapshot"),
       InstanceMethod<&EngineObject::region_snapshots>("regionSnapshots"),
       InstanceMethod<&EngineObject::image_snapshot>("imageSnapshot"),
       InstanceMethod<&EngineObject::faults_after>("faultsAfter"),
       InstanceMethod<&EngineObject::stuck_faults>("stuckFaults"),
       InstanceMethod<&EngineObject::unwatched_spaces>("unwatchedSpaces"),
       InstanceMethod<&EngineObject::fault_queues>("faultQueues"),
       InstanceMethod<&EngineObject::wake_faults>("wakeFaults"),
       InstanceMethod<&EngineObject::give_up_faults>("giveUpFaults"),
       InstanceMethod<&EngineObject::close>("close")});
}

EngineObject::EngineObject(const Napi::CallbackInfo &call)
    : Napi::ObjectWrap<EngineObject>(call) {
  if (call.Length() != 2 || !call[0].IsObject() || !call[1].IsFunction()) {
    throw_type_error(call.Env(), "Engine(options, onWake) is wanted");
    return;
  }
  const auto options = options_of(call[0].As<Napi::Object>());
  if (!options) return;
  // Room for every wake that can be under way: one, and one that it set off.
  wake_ = Napi::ThreadSafeFunction::New(call.Env(), call[1].As<Napi::Function>(), "pagerd", 0, 1);
  // The engine alone keeps no process alive.
  wake_.Unref(call.Env());
  auto started = engine::Engine::start(*options, [this] { wake_.NonBlockingCall(); });
  if (started.ok()) {
    engine_ = started.take();
    return;
  }
  wake_.Release();
  throw_error(call.Env(), "Cannot start the engine", started.error());
}

EngineObject::~EngineObject() { shut_down(); }

void EngineObject::shut_down() {
  if (!engine_) return;
  engine_->stop();
  fills_.clear();
  books_.clear();
  engine_.reset();
  wake_.Release();
}

void EngineObject::close(const Napi::CallbackInfo &) { shut_down(); }

bool EngineObject::is_running(Napi::Env env) {
  if (engine_) return true;
  Napi::Error::New(env, "the engine is closed").ThrowAsJavaScriptException();
  return false;
}

Napi::Value EngineObject::take_events(const Napi::CallbackInfo &call) {
  const Napi::Env env = call.Env();
  Napi::Array taken = Napi::Array::New(env);
  const auto max = unsigned_number(call[0]);
  if (!max || !engine_) return taken;
  // Before taking: whatever is posted from here on wakes us again.
  engine_->rearm();
  Event event;
  std::uint32_t count = 0;
  while (count < *max && engine_->take_event(event)) {
    taken.Set(count++, event_object(env, event));
    event = Event{};
  }
  if (count == *max) wake_.NonBlockingCall();
  return taken;
}

Napi::Value EngineObject::event_object(Napi::Env env, Event &event) {
  note_in_book(event);
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", name_of(event.kind));
  if (event.kind == EventKind::fill) {
    const engine::FillJob &job = *event.fill;
    const std::uint64_t from = job.first * 4096;
    const std::uint64_t to = std::min(job.end * 4096, job.image->image().length_bytes());
    event.fill->number = ++last_fill_;
    object.Set("fill", to_number(env, last_fill_));
    object.Set("image", to_number(env, event.image));
    object.Set("offsetBytes", to_bigint(env, from));
    object.Set("lengthBytes", to_number(env, to - from));
    object.Set("attempts", to_number(env, job.attempts));
    object.Set("isDemand", job.urgency.load() == engine::Urgency::demand);
    fills_.emplace(last_fill_, std::move(event.fill));
    return object;
  }
  if (event.kind == EventKind::raised) {
    object.Set("fill", to_number(env, event.fill->number));
    object.Set("image", to_number(env, event.image));
    return object;
  }
  object.Set("space", to_number(env, event.space));
  object.Set("request", to_number(env, event.request));
  object.Set("region", to_number(env, event.region));
  switch (event.kind) {
    case EventKind::refused:
      object.Set("code", event.code);
      object.Set("message", event.text);
      break;
    case EventKind::prefaulted:
      object.Set("pagesInstalled", to_bigint(env, event.pages));
      object.Set("failure", event.text);
      break;
    case EventKind::unregistered:
      object.Set("failure", event.text);
      break;
    case EventKind::loaded:
      object.Set("image", to_number(env, event.image));
      object.Set("failure", event.text);
      break;
    case EventKind::poisoned:
      object.Set("image", to_number(env, event.image));
      object.Set("offsetBytes", to_bigint(env, event.offset_bytes));
      object.Set("reason", event.text);
      break;
    case EventKind::misbehaved:
      object.Set("reason", event.text);
      break;
    case EventKind::forgotten:
      object.Set("address", to_bigint(env, event.address));
      break;
    case EventKind::forked:
      put_child(object, *event.forked);
      break;
    default:
      break;
  }
  return object;
}

// From here on the child's space is ours to detach.
void EngineObject::put_child(Napi::Object &object, const engine::ForkedChild &child) {
  const Napi::Env env = object.Env();
  Book book{child.space, {}, false};
  Napi::Array regions = Napi::Array::New(env);
  for (const auto &life : child.regions) {
    regions.Set(regions.Length(), to_number(env, life->id()));
    book.regions.emplace(life->id(), life);
  }
  object.Set("child", to_number(env, child.space->id()));
  object.Set("descriptor", Napi::Number::New(env, child.descriptor));
  object.Set("regions", regions);
  books_.emplace(child.space->id(), std::move(book));
}

void EngineObject::note_in_book(const Event &event) {
  const auto book = books_.find(event.space);
  if (book == books_.end()) return;
  switch (event.kind) {
    case EventKind::detached:
      books_.erase(book);
      return;
    case EventKind::refused:
      if (event.code != "unknown_region") book->second.regions.erase(event.region);
      return;
    case EventKind::unmapped:
      book->second.regions.erase(event.region);
      return;
    default:
      return;
  }
}

void register_engine(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", EngineObject::define(env));
}

}  // namespace pagerd::binding
