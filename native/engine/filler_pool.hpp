#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/bounded_queue.hpp"
#include "engine/crew.hpp"
#include "engine/file_reads.hpp"
#include "engine/fills.hpp"
#include "engine/prefault.hpp"
#include "engine/resolver.hpp"
#include "sys/thread.hpp"

namespace pagerd::engine {

// How often and with what pauses one range of a file is tried.
struct FillPolicy {
  unsigned attempts_max;
  std::uint64_t backoff_ns;
  std::uint64_t backoff_max_ns;
};

// The threads that may block on bytes. They read files into images, serve whoever waited, and do
// bulk work slice by slice: demand always first. Fault threads hand work in without ever waiting.
class FillerPool final : public FillDesk {
 public:
  FillerPool(FillPolicy policy, Outbox &outbox);
  ~FillerPool();

  // `first_index`: of the first of so many threads.
  sys::Status start(std::size_t threads, std::uint8_t first_index, Resolver &resolver);
  // Joins them and drops what is queued.
  void stop();
  Crew &crew() { return crew_; }
  const Crew &crew() const { return crew_; }
  // Somebody has taken this one's place: what it was still to do is others' now.
  void take_over(const Worker &held);

  bool submit(std::shared_ptr<FillJob> job) override;
  void raise(const std::shared_ptr<FillJob> &job) override;

  // A page source has answered: the bytes are committed, or `job.failure` says why not.
  void settle_soon(std::shared_ptr<FillJob> job);
  // False when prefaults_max are under way.
  bool begin(std::shared_ptr<BulkJob> job);

  // From asking for bytes until they were there.
  Histogram fill_latency;

 private:
  // A fill that has ended, and who is still to be told so. One of these may hold its thread up: the
  // others are there for the next one.
  struct Settlement {
    const std::shared_ptr<FillJob> job;
    const Worker *worker;  // who is at it
    std::mutex mutex;
    std::vector<Waiter> waiters;
    std::size_t next = 0;

    std::optional<Waiter> take();
  };

  struct Work {
    std::shared_ptr<FillJob> fill;
    std::shared_ptr<BulkJob> bulk;
    std::shared_ptr<Settlement> settlement;
    bool is_fetched = false;  // the fill's bytes are there: only its waiters are left
    std::uint64_t not_before_ns = 0;
  };

  void run(Crew::Member &member);
  void carry_out(Work work, std::span<std::byte> scratch, Worker &worker);
  bool next(Work &work);
  bool next_delayed(Work &work);
  std::uint64_t next_deadline();
  void delay(Work work, std::uint64_t pause_ns);

  void fill(const std::shared_ptr<FillJob> &job, std::span<std::byte> scratch, Worker &worker);
  void settle(const std::shared_ptr<FillJob> &job, Worker &worker);
  void go_on(const std::shared_ptr<Settlement> &settlement, Worker &worker);
  void tell(const FillJob &job, Waiter &waiter, Worker &worker);
  void disappoint(const FillJob &job, Waiter &waiter, Worker &worker);
  void advance(std::shared_ptr<BulkJob> job, Worker &worker);
  void hand_in(BoundedQueue<Work> &queue, Work work);

  const FillPolicy policy_;
  Outbox &outbox_;
  Resolver *resolver_ = nullptr;

  BoundedQueue<Work> demand_;
  BoundedQueue<Work> bulk_;
  sys::Semaphore work_;
  std::mutex delayed_mutex_;  // fillers only
  std::vector<Work> delayed_;
  std::atomic<std::size_t> fills_open_{0};
  std::atomic<std::size_t> prefaults_open_{0};
  FileReads reads_;
  std::mutex settlements_mutex_;
  std::vector<std::shared_ptr<Settlement>> settlements_;
  std::atomic<bool> is_stopping_{false};
  Crew crew_{[this](Crew::Member &member) { run(member); }};
};

}  // namespace pagerd::engine
