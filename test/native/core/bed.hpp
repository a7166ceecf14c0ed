#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "claim.hpp"
#include "engine/engine.hpp"
#include "pattern_image.hpp"

namespace pagerd::test {

using engine::Event;
using engine::EventKind;
namespace limits = engine::limits;
using Image = std::shared_ptr<engine::ServedImage>;
using Fill = std::shared_ptr<engine::FillJob>;

engine::Options small_options();

// An engine and the control plane that it wants: the claim's main thread, which takes its events
// and answers its page sources. Only that thread calls what is here.
class Bed {
 public:
  explicit Bed(const engine::Options &options = small_options());
  ~Bed();
  Bed(const Bed &) = delete;
  Bed &operator=(const Bed &) = delete;

  engine::Engine &engine() { return *engine_; }
  void stop() { engine_->stop(); }

  Image add(const PatternFile &file, image::ImageKind kind = image::ImageKind::plain);
  // A page source, answered while events are taken, unless fills are held.
  Image add(const PatternImage &image);
  Image add(std::uint64_t length_bytes, image::FileSource file,
            image::ImageKind kind = image::ImageKind::plain);

  // Not empty: why every fill that a page source is asked for fails.
  std::string source_failure;
  // Every fill that holds one of these pages fails, whichever page source it is of.
  std::set<std::uint64_t> bad_pages;
  // Fills that page sources were asked for are answered by answer() only.
  bool holds_fills = false;
  std::deque<Fill> held;
  std::uint64_t fills_asked = 0;
  void answer(const Fill &fill);
  void answer_held();

  // Takes events until there is one of the kind (and of the request), and returns it.
  Event await(EventKind kind, std::uint32_t request = 0);
  bool has(EventKind kind) const;
  // Drops those that were taken, and returns how many there were.
  std::size_t forget_events();
  void pump_until(const std::function<bool()> &is_reached);
  std::uint32_t next_request() { return ++last_request_; }

 private:
  void take_events();

  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;
  std::unique_ptr<engine::Engine> engine_;
  std::map<std::uint32_t, PatternImage> sources_;
  std::deque<Event> events_;
  std::uint32_t last_request_ = 0;
};

// Threads that touch memory while the main thread is the control plane.
class Crowd {
 public:
  explicit Crowd(Bed &bed) : bed_(bed) {}
  ~Crowd() { join(); }

  void add(std::function<void()> work);
  bool is_done() const { return done_.load() == threads_.size(); }
  void join();

 private:
  Bed &bed_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> done_{0};
};

}  // namespace pagerd::test
