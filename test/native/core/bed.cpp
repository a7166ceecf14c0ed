#include "bed.hpp"

#include <algorithm>

namespace pagerd::test {

namespace {

// Whatever the main thread waits for has come by then, or never will.
constexpr std::chrono::seconds patience{40};

}  // namespace

engine::Options small_options() {
  constexpr std::uint64_t ms = 1'000'000;
  return {.fault_threads = 2,
          .filler_threads = 2,
          .spaces_max = 64,
          .fill_policy = {3, 1 * ms, 4 * ms},
          .window_bytes_default = 64 * 1024};
}

Bed::Bed(const engine::Options &options) {
  auto started = engine::Engine::start(options, [this] {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
    woken_.notify_one();
  });
  EXPECT(started.ok());
  engine_ = started.take();
}

Bed::~Bed() {
  engine_->stop();
  held.clear();
  events_.clear();
}

Image Bed::add(const PatternFile &file, image::ImageKind kind) {
  auto source = image::FileSource::open(file.path());
  EXPECT(source.ok());
  const std::uint64_t length_bytes = source.value().length_bytes();
  return add(length_bytes, source.take(), kind);
}

Image Bed::add(std::uint64_t length_bytes, image::FileSource file, image::ImageKind kind) {
  auto image = image::Image::create(length_bytes, kind);
  EXPECT(image.ok());
  return engine_->add_image(image.take(), std::move(file));
}

Image Bed::add(const PatternImage &pattern) {
  auto image = image::Image::create(pattern.length_bytes);
  EXPECT(image.ok());
  const Image served = engine_->add_image(image.take(), std::nullopt);
  sources_.emplace(served->id(), pattern);
  return served;
}

void Bed::answer(const Fill &fill) {
  if (!source_failure.empty()) return engine_->fail_fill(fill, source_failure, fill->attempts + 1);
  const auto bad = bad_pages.lower_bound(fill->first);
  if (bad != bad_pages.end() && *bad < fill->end) {
    const std::string page = std::to_string(*bad);
    return engine_->fail_fill(fill, "page " + page + " is bad", fill->attempts + 1);
  }
  const PatternImage &pattern = sources_.at(fill->image->id());
  engine_->complete_fill(fill, pattern.bytes(fill->first, fill->end));
}

void Bed::answer_held() {
  for (const Fill &fill : std::exchange(held, {})) answer(fill);
}

void Bed::take_events() {
  engine_->rearm();
  Event event;
  while (engine_->take_event(event)) {
    if (event.kind != EventKind::fill) {
      events_.push_back(std::exchange(event, Event{}));
      continue;
    }
    const Fill fill = std::exchange(event, Event{}).fill;
    ++fills_asked;
    if (holds_fills) {
      held.push_back(fill);
    } else {
      answer(fill);
    }
  }
}

void Bed::pump_until(const std::function<bool()> &is_reached) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    take_events();
    if (is_reached()) return;
    EXPECT(std::chrono::steady_clock::now() < deadline);
    // What is waited for may come without an event: then this is how often it is looked for.
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, std::chrono::milliseconds(1), [this] { return is_woken_; });
    is_woken_ = false;
  }
}

bool Bed::has(EventKind kind) const {
  return std::any_of(events_.begin(), events_.end(),
                     [kind](const Event &event) { return event.kind == kind; });
}

std::size_t Bed::forget_events() { return std::exchange(events_, {}).size(); }

Event Bed::await(EventKind kind, std::uint32_t request) {
  const auto is_it = [&](const Event &event) {
    return event.kind == kind && (request == 0 || event.request == request);
  };
  auto found = events_.end();
  pump_until([&] {
    found = std::find_if(events_.begin(), events_.end(), is_it);
    return found != events_.end();
  });
  Event event = std::move(*found);
  events_.erase(found);
  return event;
}

void Crowd::add(std::function<void()> work) {
  threads_.emplace_back([this, work = std::move(work)] {
    work();
    done_.fetch_add(1);
  });
}

void Crowd::join() {
  bed_.pump_until([this] { return is_done(); });
  for (std::thread &thread : threads_) thread.join();
  threads_.clear();
  done_.store(0);
}

}  // namespace pagerd::test
