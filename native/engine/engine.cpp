#include "engine/engine.hpp"

#include <algorithm>
#include <cstring>

#include "engine/load.hpp"
#include "sys/page.hpp"
#include "sys/thread.hpp"

namespace pagerd::engine {

namespace {

// More fault threads than this only lose more races.
constexpr std::size_t fault_threads_default_max = 4;
constexpr std::size_t filler_threads_default_min = 2;
constexpr std::size_t filler_threads_default_max = 4;

// Of a map that meets a changing layout, before its client is told to come again.
constexpr unsigned map_attempts_max = 256;

// `count` of the CPUs, evenly spread.
std::vector<int> spread(const std::vector<int> &cpus, std::size_t count) {
  std::vector<int> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(cpus[i * cpus.size() / count]);
  return chosen;
}

}  // namespace

sys::Result<std::unique_ptr<Engine>> Engine::start(const Options &options,
                                                   std::function<void()> wake) {
  auto mailbox = Mailbox::create();
  if (!mailbox.ok()) return mailbox.error();
  auto deferred = DeferredFaults::create();
  if (!deferred.ok()) return deferred.error();
  std::unique_ptr<Engine> engine(
      new Engine(options, std::move(wake), mailbox.take(), deferred.take()));
  auto started = engine->start_threads();
  if (!started.ok()) return started.error();
  return engine;
}

Engine::Engine(const Options &options, std::function<void()> wake,
               std::unique_ptr<Mailbox> mailbox, std::unique_ptr<DeferredFaults> deferred)
    : options_(options),
      outbox_(limits::outbox_capacity(options.spaces_max), std::move(wake)),
      mailbox_(std::move(mailbox)),
      deferred_(std::move(deferred)),
      fillers_(options.fill_policy, outbox_),
      resolver_(fillers_, *deferred_, ring_, outbox_),
      rescue_(resolver_, *deferred_, outbox_),
      spaces_(options.spaces_max + limits::children_max),
      chores_{mailbox_.get(), deferred_.get(),
              [this](Command &command, Worker &worker) { carry_out(command, worker); }},
      sentry_(spaces_, *mailbox_) {}

sys::Status Engine::start_threads() {
  const std::vector<int> cpus = sys::usable_cpus();
  const std::size_t wanted = options_.fault_threads != 0
                                 ? options_.fault_threads
                                 : std::min(cpus.size(), fault_threads_default_max);
  const std::size_t faults = std::clamp<std::size_t>(wanted, 1, limits::fault_threads_max);
  const std::size_t fillers =
      options_.filler_threads != 0
          ? options_.filler_threads
          : std::clamp(cpus.size(), filler_threads_default_min, filler_threads_default_max);

  std::uint8_t index = 0;
  for (const int cpu : spread(cpus, faults)) {
    auto loop = Loop::create(cpu, index++, spaces_);
    if (!loop.ok()) return loop.error();
    loops_.push_back(loop.take());
  }
  auto filling = fillers_.start(fillers, index, resolver_);
  if (!filling.ok()) return filling.error();
  for (const auto &loop : loops_) {
    auto started = loop->start(resolver_, loop == loops_.front() ? &chores_ : nullptr);
    if (!started.ok()) return started.error();
  }
  if (!options_.has_sentry) return sys::Nothing{};
  sentry_.watch(fillers_.crew(), [this](const Worker &held) { fillers_.take_over(held); });
  for (const auto &loop : loops_) sentry_.watch(loop->crew(), nullptr);
  sentry_.start();
  return sys::Nothing{};
}

Engine::~Engine() { stop(); }

void Engine::stop() {
  sentry_.stop();
  for (const auto &loop : loops_) loop->stop();
  fillers_.stop();
  // What is still queued refers to images and spaces, and images keep who waits for them: it all
  // goes first, while everything it may call is there.
  Command command;
  while (mailbox_->take(command)) command = Command{};
  stalled_.clear();
  Event event;
  while (outbox_.take(event)) event = Event{};
  for (const auto &space : spaces_.take_all()) space->close();
  while (outbox_.take(event)) event = Event{};
}

std::shared_ptr<ServedImage> Engine::add_image(image::Image image,
                                               std::optional<image::FileSource> file) {
  const std::uint32_t id = ++last_image_;
  auto served = std::make_shared<ServedImage>(id, std::move(image), std::move(file));
  images_.emplace(id, served);
  return served;
}

bool Engine::remove_image(std::uint32_t id) { return images_.erase(id) > 0; }

std::shared_ptr<ServedImage> Engine::find_image(std::uint32_t id) const {
  const auto found = images_.find(id);
  return found == images_.end() ? nullptr : found->second;
}

void Engine::complete_fill(std::shared_ptr<FillJob> job, std::span<const std::byte> bytes) {
  job->image->bytes_read.add(bytes.size());
  job->image->image().commit(job->first, bytes);
  fillers_.settle_soon(std::move(job));
}

void Engine::fail_fill(std::shared_ptr<FillJob> job, const std::string &reason,
                       unsigned attempts) {
  PAGERD_CHECK(!reason.empty());
  job->failure = reason;
  job->attempts = attempts;
  fillers_.settle_soon(std::move(job));
}

bool Engine::watch(const std::shared_ptr<AddressSpace> &space, int cpu) {
  return mailbox_->post({.kind = CommandKind::watch, .space = space, .cpu = cpu});
}

void Engine::detach(const std::shared_ptr<AddressSpace> &space) {
  PAGERD_CHECK(mailbox_->post({.kind = CommandKind::detach, .space = space}));
}

bool Engine::map(const std::shared_ptr<AddressSpace> &space, std::shared_ptr<Region> region,
                 std::uint32_t request) {
  return post({.kind = CommandKind::map,
               .space = space,
               .region = std::move(region),
               .request = request});
}

bool Engine::unmap(const std::shared_ptr<AddressSpace> &space, std::uint32_t region,
                   std::uint32_t request) {
  return post(
      {.kind = CommandKind::unmap, .space = space, .request = request, .region_id = region});
}

bool Engine::choose_discard(const std::shared_ptr<AddressSpace> &space, std::uint32_t region,
                            OnDiscard on_discard, std::uint32_t request) {
  return post({.kind = CommandKind::choose_discard,
               .space = space,
               .request = request,
               .region_id = region,
               .on_discard = on_discard});
}

bool Engine::post(Command command) {
  if (answers_owed_ >= limits::commands_max || !mailbox_->post(std::move(command))) return false;
  ++answers_owed_;
  return true;
}

bool Engine::prefault(const std::shared_ptr<AddressSpace> &space, std::uint32_t region,
                      Window range, std::uint32_t request) {
  PAGERD_CHECK(sys::is_page_aligned(range.start | range.end) && range.start < range.end);
  if (answers_owed_ >= limits::commands_max) return false;
  ++answers_owed_;
  begin(std::make_shared<PrefaultJob>(space, region, request, std::vector{range},
                                      PrefaultFor::client, outbox_));
  return true;
}

bool Engine::replay(const std::shared_ptr<AddressSpace> &space, std::uint32_t region,
                    std::vector<Window> ranges, std::uint32_t request) {
  if (answers_owed_ >= limits::commands_max) return false;
  ++answers_owed_;
  begin(std::make_shared<PrefaultJob>(space, region, request, std::move(ranges),
                                      PrefaultFor::working_set, outbox_));
  return true;
}

void Engine::begin(std::shared_ptr<PrefaultJob> job) {
  if (!fillers_.begin(job)) job->fail("too many prefaults are under way");
}

bool Engine::load(const std::shared_ptr<ServedImage> &image, std::uint32_t request) {
  if (answers_owed_ >= limits::commands_max) return false;
  ++answers_owed_;
  auto job = std::make_shared<LoadJob>(image, request, outbox_);
  if (!fillers_.begin(job)) job->fail("too many prefaults and loads are under way");
  return true;
}

bool Engine::take_event(Event &event) {
  if (!refusals_.empty()) {
    event = std::move(refusals_.front());
    refusals_.pop_front();
    return true;
  }
  if (!outbox_.take(event)) return false;
  switch (event.kind) {
    case EventKind::mapped:
    case EventKind::refused:
    case EventKind::unmapped:
    case EventKind::discard_chosen:
    case EventKind::unregistered:
    case EventKind::prefaulted:
    case EventKind::loaded:
      PAGERD_CHECK(answers_owed_ > 0);
      --answers_owed_;
      break;
    case EventKind::layout_changed:
      if (const auto space = spaces_.find(event.space)) space->rearm_layout();
      break;
    case EventKind::detached:
      if (event.is_of_child) {
        PAGERD_CHECK(children_open_.fetch_sub(1) > 0);
        break;
      }
      PAGERD_CHECK(spaces_open_ > 0);
      --spaces_open_;
      break;
    default:
      break;
  }
  return true;
}

void Engine::refuse(Event refusal) {
  refusals_.push_back(std::move(refusal));
  outbox_.wake();
}

bool Engine::note_reset(const std::shared_ptr<AddressSpace> &space, std::uint32_t region) {
  return mailbox_->post({.kind = CommandKind::note_reset, .space = space, .region_id = region});
}

bool Engine::wake(const std::shared_ptr<AddressSpace> &space, std::uint64_t address) {
  return mailbox_->post({.kind = CommandKind::wake, .space = space, .address = address});
}

bool Engine::give_up(const std::shared_ptr<AddressSpace> &space, std::uint64_t since_ns,
                     const std::string &reason) {
  return mailbox_->post(
      {.kind = CommandKind::give_up, .space = space, .since_ns = since_ns, .reason = reason});
}

void Engine::carry_out(Command &command, Worker &worker) {
  if (!command.space) {
    worker.in_hand.visit(Spaces::none, nullptr);
    kept_children_.drop_gone();
    worker.in_hand.leave();
    return;
  }
  const std::shared_ptr<AddressSpace> space = command.space;
  const bool is_end = command.kind == CommandKind::end_stall;
  // Stalled again: another end is to come.
  if (is_end ? space->is_stalled() : stalled_.keep(command)) return;
  worker.in_hand.visit(space->id(), &space->owner());
  carry_out_now(command, worker);
  while (is_end) {
    auto kept = stalled_.take(*space);
    if (!kept) break;
    worker.in_hand.visit(space->id(), &space->owner());
    carry_out_now(*kept, worker);
  }
  worker.in_hand.leave();
}

void Engine::carry_out_now(Command &command, Worker &worker) {
  AddressSpace &space = *command.space;
  switch (command.kind) {
    case CommandKind::watch:
      return space.watch(loops_near(command.cpu));
    case CommandKind::detach:
      return carry_out_detach(space);
    case CommandKind::map:
      return carry_out_map(command);
    case CommandKind::unmap:
      if (space.remove_region(command.region_id, command.request)) return;
      return refuse_unknown(command);
    case CommandKind::note_reset:
      return space.note_reset(command.region_id);
    case CommandKind::choose_discard:
      return carry_out_choose(command);
    case CommandKind::wake:
      space.retry_watch();
      return rescue_.wake(command.space, command.address);
    case CommandKind::give_up:
      return rescue_.give_up(command.space, command.since_ns, command.reason, worker);
    case CommandKind::end_past:
      return space.end_past();
    case CommandKind::end_stall:
      return space.go_on_after_stall();
    case CommandKind::look_for_life:
      return space.look_for_life();
    case CommandKind::drop_gone:
    case CommandKind::none:
      return;
  }
}

void Engine::carry_out_map(Command &command) {
  AddressSpace &space = *command.space;
  const std::uint32_t region = command.region->id();
  const auto refusal = space.add_region(command.region);
  // A matter of microseconds, unless the client holds its own thread back.
  const bool is_soon = refusal && std::strcmp(refusal->code, "busy") == 0;
  if (is_soon && ++command.attempts < map_attempts_max && mailbox_->post(command)) return;
  if (refusal) {
    return outbox_.post({.kind = EventKind::refused,
                         .space = space.id(),
                         .request = command.request,
                         .region = region,
                         .code = refusal->code,
                         .text = refusal->text});
  }
  outbox_.post({.kind = EventKind::mapped,
                .space = space.id(),
                .request = command.request,
                .region = region});
}

void Engine::carry_out_choose(const Command &command) {
  if (!command.space->choose_discard(command.region_id, command.on_discard)) {
    return refuse_unknown(command);
  }
  outbox_.post({.kind = EventKind::discard_chosen,
                .space = command.space->id(),
                .request = command.request,
                .region = command.region_id});
}

void Engine::refuse_unknown(const Command &command) {
  outbox_.post({.kind = EventKind::refused,
                .space = command.space->id(),
                .request = command.request,
                .region = command.region_id,
                .code = "unknown_region",
                .text = "there is no region " + std::to_string(command.region_id)});
}

void Engine::carry_out_detach(AddressSpace &space) {
  spaces_.remove(space.id());
  space.close();
}

template <typename Look>
void Engine::look_at_hands(const AddressSpace &space, Look look) const {
  const auto look_at = [&](const Crew::Member &member) {
    if (member.worker.in_hand.space() == space.id()) look(member.worker.in_hand.fault());
  };
  for (const auto &loop : loops_) loop->crew().look_at_each(look_at);
  fillers_.crew().look_at_each(look_at);
}

Unresolved Engine::oldest_fault(const AddressSpace &space) const {
  Unresolved oldest = space.pending.oldest();
  look_at_hands(space, [&](const Unresolved &fault) {
    if (fault.is_older_than(oldest)) oldest = fault;
  });
  return oldest;
}

bool Engine::is_about(const AddressSpace &space) const {
  bool is_about = space.pending.count() > 0;
  look_at_hands(space, [&](const Unresolved &) { is_about = true; });
  return is_about;
}

std::vector<sys::Epoll *> Engine::loops_near(int cpu) {
  std::vector<sys::Epoll *> all;
  for (const auto &loop : loops_) {
    // Every thread of the client runs on this CPU: waking the others would only cost it time.
    if (loop->cpu() == cpu) return {&loop->epoll()};
    all.push_back(&loop->epoll());
  }
  return all;
}

}  // namespace pagerd::engine
