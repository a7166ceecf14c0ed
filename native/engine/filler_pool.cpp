#include "engine/filler_pool.hpp"

#include <algorithm>

#include "engine/spaces.hpp"
#include "sys/clock.hpp"
#include "sys/memory.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

namespace {

// More would run over 64 bits where the first pause is an hour.
constexpr unsigned backoff_doublings_max = 20;

// More attempts than this are not told apart.
constexpr unsigned attempts_kept_max = UINT16_MAX;

// Slices of one bulk job before delayed work is looked for again.
constexpr unsigned slices_in_a_row = 8;

// Takes a place among at most `max`; false when there is none.
bool take_place(std::atomic<std::size_t> &taken, std::size_t max) {
  if (taken.fetch_add(1) < max) return true;
  taken.fetch_sub(1);
  return false;
}

}  // namespace

FillerPool::FillerPool(FillPolicy policy, Outbox &outbox)
    : policy_(policy),
      outbox_(outbox),
      demand_(limits::filler_queue_capacity),
      bulk_(limits::filler_queue_capacity) {
  PAGERD_CHECK(policy.attempts_max >= 1);
}

FillerPool::~FillerPool() { stop(); }

sys::Status FillerPool::start(std::size_t threads, std::uint8_t first_index, Resolver &resolver) {
  PAGERD_CHECK(crew_.size() == 0 && threads > 0);
  resolver_ = &resolver;
  reads_.limit(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    crew_.add({.index = static_cast<std::uint8_t>(first_index + i)});
  }
  return crew_.start();
}

void FillerPool::stop() {
  is_stopping_.store(true);
  crew_.look_at_each([this](const Crew::Member &) { work_.post(); });
  crew_.join();
  reads_.clear();
  Work work;
  while (demand_.pop(work) || bulk_.pop(work)) work = Work{};
  const std::lock_guard lock(delayed_mutex_);
  delayed_.clear();
}

bool FillerPool::submit(std::shared_ptr<FillJob> job) {
  const bool is_demand = job->urgency.load() == Urgency::demand;
  if (!take_place(fills_open_, is_demand ? limits::fills_max : limits::bulk_fills_max)) {
    return false;
  }
  if (job->image->file() == nullptr) {
    const std::uint32_t image = job->image->id();
    outbox_.post({.kind = EventKind::fill, .image = image, .fill = std::move(job)});
    return true;
  }
  hand_in(is_demand ? demand_ : bulk_, {.fill = std::move(job)});
  return true;
}

void FillerPool::raise(const std::shared_ptr<FillJob> &job) {
  if (job->image->file() != nullptr) return hand_in(demand_, {.fill = job});
  // Advice: a control plane with so much to do that it misses this is late with everything.
  outbox_.post_notice({.kind = EventKind::raised, .image = job->image->id(), .fill = job});
}

void FillerPool::settle_soon(std::shared_ptr<FillJob> job) {
  hand_in(demand_, {.fill = std::move(job), .is_fetched = true});
}

bool FillerPool::begin(std::shared_ptr<BulkJob> job) {
  if (!take_place(prefaults_open_, limits::prefaults_max)) return false;
  job->occupy(prefaults_open_);
  hand_in(bulk_, {.bulk = std::move(job)});
  return true;
}

void FillerPool::hand_in(BoundedQueue<Work> &queue, Work work) {
  // fills_max and prefaults_max bound what can be in a queue; limits.hpp proves that it fits.
  PAGERD_CHECK(queue.push(std::move(work)));
  work_.post();
}

void FillerPool::run(Crew::Member &member) {
  sys::name_this_thread("pagerd-filler");
  sys::block_signals_on_this_thread();
  auto scratch = sys::Mapping::anonymous(limits::window_bytes_max);
  PAGERD_CHECK(scratch.ok());
  const std::span<std::byte> room(scratch.value().data(), scratch.value().bytes());

  while (!is_stopping_.load() && !member.is_relieved.load()) {
    Work work;
    if (next(work)) {
      carry_out(std::move(work), room, member.worker);
    } else {
      work_.wait_until(next_deadline());
    }
  }
  // The post that it was woken by may have been another's.
  work_.post();
}

void FillerPool::carry_out(Work work, std::span<std::byte> scratch, Worker &worker) {
  if (work.bulk) return advance(std::move(work.bulk), worker);
  if (work.settlement) return go_on(work.settlement, worker);
  if (work.is_fetched) return settle(work.fill, worker);
  fill(work.fill, scratch, worker);
}

bool FillerPool::next(Work &work) {
  return demand_.pop(work) || next_delayed(work) || bulk_.pop(work);
}

bool FillerPool::next_delayed(Work &work) {
  const std::lock_guard lock(delayed_mutex_);
  const std::uint64_t now_ns = delayed_.empty() ? 0 : sys::monotonic_ns();
  for (Work &delayed : delayed_) {
    if (delayed.not_before_ns > now_ns) continue;
    work = std::move(delayed);
    delayed = std::move(delayed_.back());
    delayed_.pop_back();
    return true;
  }
  return false;
}

std::uint64_t FillerPool::next_deadline() {
  const std::lock_guard lock(delayed_mutex_);
  std::uint64_t earliest = 0;
  for (const Work &delayed : delayed_) {
    if (earliest == 0 || delayed.not_before_ns < earliest) earliest = delayed.not_before_ns;
  }
  return earliest;
}

void FillerPool::delay(Work work, std::uint64_t pause_ns) {
  work.not_before_ns = sys::monotonic_ns() + pause_ns;
  {
    const std::lock_guard lock(delayed_mutex_);
    delayed_.push_back(std::move(work));
  }
  work_.post();  // another filler may sleep with a later deadline
}

void FillerPool::fill(const std::shared_ptr<FillJob> &job, std::span<std::byte> scratch,
                      Worker &worker) {
  if (job->is_taken.exchange(true)) return;
  if (!reads_.begin(job)) return;
  ServedImage &image = *job->image;
  // The file may be one that answers as late as it likes.
  worker.in_hand.visit(Spaces::none, nullptr);
  const auto report = image.file()->fill(image.image(), job->first, job->end, scratch);
  worker.in_hand.leave();
  if (auto next = reads_.end(image)) {
    next->is_taken.store(false);
    hand_in(demand_, {.fill = std::move(next)});
  }
  image.bytes_read.add(report.bytes_read);
  if (report.outcome == image::FillOutcome::failed && ++job->attempts < policy_.attempts_max) {
    const unsigned doublings = std::min(job->attempts - 1, backoff_doublings_max);
    const std::uint64_t pause = std::min(policy_.backoff_ns << doublings, policy_.backoff_max_ns);
    job->is_taken.store(false);
    return delay({.fill = job}, pause);
  }
  if (report.outcome == image::FillOutcome::lost) image.mark_lost(report.reason);
  job->failure = report.reason;
  settle(job, worker);
}

void FillerPool::settle(const std::shared_ptr<FillJob> &job, Worker &worker) {
  ServedImage &image = *job->image;
  image.fills.add(1);
  if (!job->failure.empty()) {
    image.fill_failures.add(1);
    if (job->asked_as == Urgency::bulk) image.bulk_fill_failures.add(1);
  }
  fill_latency.record(sys::monotonic_ns() - job->asked_ns);
  std::vector<Waiter> waiters = image.settle(*job);
  fills_open_.fetch_sub(1);

  if (waiters.size() == 1) return tell(*job, waiters.front(), worker);
  if (waiters.empty()) return;
  auto settlement = std::make_shared<Settlement>(job, nullptr);
  settlement->waiters = std::move(waiters);
  go_on(settlement, worker);
}

void FillerPool::go_on(const std::shared_ptr<Settlement> &settlement, Worker &worker) {
  {
    const std::lock_guard lock(settlements_mutex_);
    settlement->worker = &worker;
    settlements_.push_back(settlement);
  }
  while (auto waiter = settlement->take()) tell(*settlement->job, *waiter, worker);
  const std::lock_guard lock(settlements_mutex_);
  std::erase(settlements_, settlement);
}

std::optional<Waiter> FillerPool::Settlement::take() {
  const std::lock_guard lock(mutex);
  if (next == waiters.size()) return std::nullopt;
  return std::move(waiters[next++]);
}

void FillerPool::take_over(const Worker &held) {
  const std::lock_guard lock(settlements_mutex_);
  for (const auto &settlement : settlements_) {
    if (settlement->worker == &held) hand_in(demand_, {.settlement = settlement});
  }
}

void FillerPool::tell(const FillJob &job, Waiter &waiter, Worker &worker) {
  if (!job.failure.empty()) return disappoint(job, waiter, worker);
  if (waiter.prefault) return hand_in(bulk_, {.bulk = std::move(waiter.prefault)});
  resolver_->resume(waiter.space, waiter.fault, worker);
}

void FillerPool::disappoint(const FillJob &job, Waiter &waiter, Worker &worker) {
  if (waiter.prefault) {
    waiter.prefault->note_failure(job);
    return hand_in(bulk_, {.bulk = std::move(waiter.prefault)});
  }
  // Some page of the range cannot be had, and it may be another: each that a thread is blocked on
  // is asked for alone, for that thread's sake, before it is given up.
  const bool is_its_own = job.end - job.first == 1 && job.asked_as == Urgency::demand;
  if (is_its_own) return resolver_->give_up(waiter.space, waiter.fault, job.failure, worker);
  const std::uint64_t address = waiter.fault.address;
  waiter.fault.window = {address, address + sys::page_bytes};
  waiter.fault.attempts = static_cast<std::uint16_t>(std::min(job.attempts, attempts_kept_max));
  resolver_->resume(waiter.space, waiter.fault, worker);
}

void FillerPool::advance(std::shared_ptr<BulkJob> job, Worker &worker) {
  for (unsigned slices = 1;; ++slices) {
    AddressSpace *space = job->space();
    if (space != nullptr) worker.in_hand.visit(space->id(), &space->owner());
    const BulkJob::Step step = job->step(*this, worker.tally);
    worker.in_hand.leave();
    switch (step) {
      case BulkJob::Step::again:
        // Handing it in wakes another filler, on another CPU: only when somebody else has work.
        if (slices < slices_in_a_row && demand_.size() == 0 && bulk_.size() == 0) continue;
        return hand_in(bulk_, {.bulk = std::move(job)});
      case BulkJob::Step::later:
        return delay({.bulk = job}, job->pause_ns());
      case BulkJob::Step::aside:
        return delay({.bulk = job}, limits::aside_ns);
      case BulkJob::Step::parked:
      case BulkJob::Step::done:
        return;
    }
  }
}

}  // namespace pagerd::engine
