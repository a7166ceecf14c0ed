#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/bounded_queue.hpp"
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

  // `workers` stay the caller's and outlive the pool.
  void start(std::vector<Worker *> workers, Resolver &resolver);
  // Joins them and drops what is queued.
  void stop();

  bool submit(std::shared_ptr<FillJob> job) override;
  void raise(const std::shared_ptr<FillJob> &job) override;

  // A page source has answered: the bytes are committed, or `job.failure` says why not.
  void settle_soon(std::shared_ptr<FillJob> job);
  // False when prefaults_max are under way.
  bool begin(std::shared_ptr<BulkJob> job);

  // From asking for bytes until they were there.
  Histogram fill_latency;

 private:
  struct Work {
    std::shared_ptr<FillJob> fill;
    std::shared_ptr<BulkJob> bulk;
    bool is_fetched = false;  // the fill's bytes are there: only its waiters are left
    std::uint64_t not_before_ns = 0;
  };

  void run(Worker &worker);
  bool next(Work &work);
  bool next_delayed(Work &work);
  std::uint64_t next_deadline();
  void delay(Work work, std::uint64_t pause_ns);

  void fill(const std::shared_ptr<FillJob> &job, std::span<std::byte> scratch, Worker &worker);
  void settle(FillJob &job, Worker &worker);
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
  std::atomic<bool> is_stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace pagerd::engine
