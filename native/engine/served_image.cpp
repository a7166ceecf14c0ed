#include "engine/served_image.hpp"

#include <algorithm>
#include <functional>

#include "engine/prefault.hpp"
#include "sys/clock.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

using image::PageState;
using image::Run;

namespace {

// One source read is at most this long, whatever the window.
constexpr std::uint64_t fill_pages_max = limits::window_bytes_max / sys::page_bytes;

image::Bitmap empty_bitmap(std::uint64_t pages) {
  auto bitmap = image::Bitmap::create(pages);
  PAGERD_CHECK(bitmap.ok());
  return bitmap.take();
}

template <typename Claim>
std::vector<Waiter> take_out(std::vector<Waiter> &waiters, Claim is_wanted) {
  const auto wanted = std::partition(waiters.begin(), waiters.end(), std::not_fn(is_wanted));
  std::vector<Waiter> taken(std::make_move_iterator(wanted),
                            std::make_move_iterator(waiters.end()));
  waiters.erase(wanted, waiters.end());
  return taken;
}

auto waits_at(const AddressSpace &space, std::uint64_t address) {
  return [&space, address](const Waiter &waiter) {
    return !waiter.prefault && waiter.space.get() == &space && waiter.fault.address == address;
  };
}

}  // namespace

ServedImage::ServedImage(std::uint32_t id, image::Image image,
                         std::optional<image::FileSource> file)
    : id_(id),
      image_(std::move(image)),
      file_(std::move(file)),
      requested_(empty_bitmap(image_.pages())) {}

Ask ServedImage::ask(Waiter waiter, std::uint64_t low, std::uint64_t high, Urgency urgency,
                     FillDesk &desk) {
  const std::uint64_t page = waiter.image_page;
  PAGERD_CHECK(low <= page && page < high && high <= image_.pages());

  const std::lock_guard lock(mutex_);
  // A page that was asked for is settled under the lock after its bit was set. So whoever finds it
  // absent here is in time to wait for it.
  if (image_.state(page) != PageState::absent) return Ask::ready;
  if (is_lost_.load(std::memory_order_relaxed)) return Ask::lost;
  if (!requested_.test(page)) {
    low = requested_.run_begin(page, low);
    high = requested_.run_end(page, std::min(high, page + fill_pages_max));
    const Run run = image_.run_around(page, low, high);
    // A page nobody has asked for: a filler that met a hole may mark it at any moment all the same.
    if (run.state != PageState::absent) return Ask::ready;
    if (!open_fill(run, urgency, desk, waiter.fault.attempts)) return Ask::busy;
  } else if (urgency == Urgency::demand) {
    raise_fill_of(page, desk);
  }
  waiters_.push_back(std::move(waiter));
  return Ask::waiting;
}

void ServedImage::prefetch(std::uint64_t first, std::uint64_t end, FillDesk &desk,
                           unsigned attempts) {
  const std::lock_guard lock(mutex_);
  if (is_lost_.load(std::memory_order_relaxed)) return;
  end = std::min(end, image_.pages());
  for (std::uint64_t page = first; page < end;) {
    const std::uint64_t same = requested_.run_end(page, end);
    if (requested_.test(page)) {
      page = same;
      continue;
    }
    const Run run = image_.run_around(page, page, same);
    const bool is_wanted = run.state == PageState::absent;
    if (is_wanted && !open_fill(run, Urgency::bulk, desk, attempts)) return;
    page = run.end;
  }
}

bool ServedImage::open_fill(Run run, Urgency urgency, FillDesk &desk, unsigned attempts) {
  PAGERD_CHECK(run.state == PageState::absent && run.first < run.end);
  const bool is_bulk = urgency == Urgency::bulk;
  const std::size_t room = limits::image_fills_max / (is_bulk ? 2 : 1);
  if (open_fills_.size() >= room) return false;
  auto job = std::make_shared<FillJob>();
  job->image = shared_from_this();
  job->first = run.first;
  job->end = run.end;
  job->asked_ns = sys::monotonic_ns();
  job->urgency.store(urgency);
  job->asked_as = urgency;
  job->attempts = attempts;
  if (!desk.submit(job)) return false;
  requested_.set(run.first, run.end);
  open_fills_.push_back(std::move(job));
  return true;
}

void ServedImage::raise_fill_of(std::uint64_t page, FillDesk &desk) {
  for (const auto &open : open_fills_) {
    const auto job = open.lock();
    if (!job || page < job->first || page >= job->end) continue;
    if (job->urgency.exchange(Urgency::demand) == Urgency::bulk) desk.raise(job);
    return;
  }
}

std::vector<Waiter> ServedImage::settle(const FillJob &job) {
  const std::lock_guard lock(mutex_);
  requested_.clear(job.first, job.end);
  if (!job.failure.empty()) last_failure_ = job.failure;
  std::erase_if(open_fills_, [&](const auto &open) { return open.lock().get() == &job; });
  return take_out(waiters_, [&](const Waiter &waiter) {
    return job.first <= waiter.image_page && waiter.image_page < job.end;
  });
}

std::vector<Waiter> ServedImage::forget(const AddressSpace &space, std::uint32_t region) {
  const std::lock_guard lock(mutex_);
  return take_out(waiters_, [&](const Waiter &waiter) {
    return waiter.space.get() == &space && waiter.region == region;
  });
}

std::vector<Waiter> ServedImage::forget(const AddressSpace &space, std::uint32_t region,
                                        Window vacated) {
  const std::lock_guard lock(mutex_);
  return take_out(waiters_, [&](const Waiter &waiter) {
    if (waiter.space.get() != &space || waiter.region != region || waiter.prefault) return false;
    return vacated.start <= waiter.fault.address && waiter.fault.address < vacated.end;
  });
}

bool ServedImage::has_waiter(const AddressSpace &space, std::uint64_t address) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(waiters_.begin(), waiters_.end(), waits_at(space, address));
}

std::optional<Fault> ServedImage::take_waiter(const AddressSpace &space, std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(waiters_.begin(), waiters_.end(), waits_at(space, address));
  if (found == waiters_.end()) return std::nullopt;
  const Fault fault = found->fault;
  waiters_.erase(found);
  return fault;
}

bool ServedImage::is_requested(std::uint64_t page) const {
  const std::lock_guard lock(mutex_);
  return requested_.test(page);
}

std::string ServedImage::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

void ServedImage::mark_lost(const std::string &reason) {
  const std::lock_guard lock(mutex_);
  if (is_lost_.load(std::memory_order_relaxed)) return;
  lost_reason_ = reason;
  is_lost_.store(true, std::memory_order_release);
}

const std::string &ServedImage::lost_reason() const {
  static const std::string none;
  return is_lost_.load(std::memory_order_acquire) ? lost_reason_ : none;
}

}  // namespace pagerd::engine
