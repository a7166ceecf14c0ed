#include "engine/load.hpp"

#include <algorithm>

#include "engine/limits.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

namespace {

constexpr std::uint64_t slice_pages = limits::slice_bytes / sys::page_bytes;

// Fetched at once, in slices: enough to keep a slow source busy while nobody looks.
constexpr std::uint64_t pages_ahead = 32 * slice_pages;

}  // namespace

LoadJob::LoadJob(std::shared_ptr<ServedImage> image, std::uint32_t request, Outbox &outbox)
    : image_(std::move(image)),
      request_(request),
      outbox_(outbox),
      failures_before_(image_->bulk_fill_failures.get()) {}

LoadJob::~LoadJob() {
  if (failure_.empty() && next_page_ < image_->image().pages()) failure_ = "the manager is ending";
  outbox_.post({.kind = EventKind::loaded,
                .request = request_,
                .image = image_->id(),
                .text = failure_});
}

LoadJob::Step LoadJob::stop(const std::string &reason) {
  failure_ = reason;
  return Step::done;
}

LoadJob::Step LoadJob::step_slice(FillDesk &desk, Tally &) {
  if (!failure_.empty()) return Step::done;
  const image::Image &image = image_->image();
  const std::uint64_t before = next_page_;
  while (next_page_ < image.pages()) {
    const image::Run run = image.run_around(next_page_, next_page_, image.pages());
    if (run.state == image::PageState::absent) break;
    next_page_ = run.end;
  }
  if (next_page_ == image.pages()) return Step::done;
  if (!image_->lost_reason().empty()) return stop(image_->lost_reason());
  // A fill that failed is over, and its page is absent still. Asking again would never end.
  const std::uint64_t failures = image_->bulk_fill_failures.get();
  const bool has_failed = failures != failures_before_;
  if (has_failed && !image_->is_requested(next_page_)) return stop(image_->last_failure());
  failures_before_ = failures;

  const std::uint64_t end = std::min(next_page_ + pages_ahead, image.pages());
  for (std::uint64_t from = next_page_; from < end; from += slice_pages) {
    image_->prefetch(from, std::min(from + slice_pages, end), desk);
  }
  return before == next_page_ ? Step::later : Step::again;
}

}  // namespace pagerd::engine
