#include "engine/prefault.hpp"

#include <algorithm>
#include <cstring>

#include "engine/install.hpp"
#include "sys/clock.hpp"
#include "sys/page.hpp"
#include "sys/uffd.hpp"

namespace pagerd::engine {

using image::PageState;
using sys::Install;
using sys::page_bytes;

namespace {

constexpr std::uint64_t slice_pages = limits::slice_bytes / page_bytes;
constexpr std::uint64_t locked_slice_pages = limits::locked_slice_bytes / page_bytes;

// What a run of a region that has its bytes is installed with.
Supply supply_of(const Region &region, image::Run run) {
  PAGERD_CHECK(run.state != PageState::absent);
  if (region.backing() == Backing::image_shared) return Supply::file_pages();
  if (run.state == PageState::zero) return Supply::zeros();
  if (region.backing() == Backing::image_private) return Supply::file_pages();
  return Supply::copy_of(region.image().image().bytes_of(run.first));
}

bool populate(const Region &region, Window range) {
  const std::uint64_t first = region.page_of(range.start);
  return region.image().image().populate(first, region.page_of(range.end - 1) + 1).ok();
}

// Slices asked for ahead of the one that is waited for, so that a slow source has several reads in
// flight.
constexpr std::uint64_t slices_ahead = 8;
// The same of a working set, whose ranges may be of a page each.
constexpr unsigned ranges_ahead = 64;

// Of ranges of a working set: beyond it, what it was recorded from is not what is there.
constexpr unsigned misses_max = 64;

// A client may drop what it finds in its memory once it is told that the region is mapped, which is
// a matter of microseconds.
constexpr std::uint64_t settling_ns = 10'000'000;

}  // namespace

PrefaultJob::PrefaultJob(std::shared_ptr<AddressSpace> space, std::uint32_t region,
                         std::uint32_t request, std::vector<Window> ranges, PrefaultFor is_for,
                         Outbox &outbox, std::optional<Pace> pace)
    : space_(std::move(space)),
      region_(region),
      request_(request),
      ranges_(std::move(ranges)),
      is_for_(is_for),
      begun_ns_(sys::monotonic_ns()),
      outbox_(outbox),
      pace_(pace) {}

PrefaultJob::~PrefaultJob() {
  if (failure_.empty() && has_rest()) failure_ = "the region has ended";
  if (pages_failed_ > 0) failure_ = what_failed();
  if (is_for_ == PrefaultFor::detaching && failure_.empty()) life_->note_whole(choices_);
  outbox_.post({.kind = EventKind::prefaulted,
                .space = space_->id(),
                .request = request_,
                .region = region_,
                .pages = pages_installed_,
                .text = failure_});
}

PrefaultJob::Step PrefaultJob::stop(const std::string &reason) {
  failure_ = reason;
  return Step::done;
}

bool PrefaultJob::has_rest() {
  while (rest_.bytes() == 0 && ranges_begun_ < ranges_.size()) rest_ = ranges_[ranges_begun_++];
  return rest_.bytes() > 0;
}

PrefaultJob::Step PrefaultJob::miss(const std::string &reason) {
  if (is_for_ != PrefaultFor::working_set || ++misses_in_a_row_ > misses_max) return stop(reason);
  rest_ = {};
  return Step::again;
}

void PrefaultJob::note_failure(const FillJob &job) {
  PAGERD_CHECK(!job.failure.empty());
  if (is_for_ == PrefaultFor::working_set) {
    [[maybe_unused]] const Step next = miss(job.failure);
    return;
  }
  attempts_ = job.attempts;
  if (job.end - job.first == 1) return skip_page(job.failure);
  narrow_end_ = job.end;
}

void PrefaultJob::skip_page(const std::string &reason) {
  PAGERD_CHECK(rest_.bytes() > 0);
  if (pages_failed_++ == 0) first_failure_ = reason;
  rest_.start += page_bytes_;
  if (++pages_failed_in_a_row_ >= limits::prefault_failures_max) failure_ = "it was given up then";
}

std::string PrefaultJob::what_failed() const {
  const std::string pages = pages_failed_ == 1 ? " page" : " pages";
  const std::string failed = std::to_string(pages_failed_) + pages + " could not be had: ";
  const std::string had = "; " + std::to_string(pages_installed_) + " were installed";
  return failed + first_failure_ + had + (failure_.empty() ? "" : "; " + failure_);
}

PrefaultJob::Step PrefaultJob::step_slice(FillDesk &desk, Tally &thread_tally) {
  Step outcome = next_slice(desk, thread_tally);
  // Those who meet it locked all the time are served by nobody.
  if (outcome == Step::again && space_->take_want()) outcome = Step::aside;
  // Its pin may have been the last one of a region that threads waited for.
  space_->resume_if_drained();
  return outcome;
}

std::uint64_t PrefaultJob::pause_ns() const {
  const std::uint64_t wait_ns = pace_ ? pace_->wait_ns(sys::monotonic_ns()) : 0;
  return wait_ns > 0 ? wait_ns : BulkJob::pause_ns();
}

PrefaultJob::Step PrefaultJob::next_slice(FillDesk &desk, Tally &thread_tally) {
  if (!failure_.empty() || !has_rest()) return Step::done;
  if (pace_ && pace_->wait_ns(sys::monotonic_ns()) > 0) return Step::later;
  if (space_->is_stalled() || space_->starvation.is_resting()) return Step::later;
  AddressSpace::Guard held = space_->try_lock();
  if (!held) return Step::aside;
  const RegionPin region = space_->pin_at(held, rest_.start);
  if (!region || region->id() != region_) return miss("the region has ended");
  if (!life_) {
    life_ = region->life();
    choices_ = life_->choices();
  }
  if (!space_->has_layout_events()) held.unlock();

  if (!may_install(*region)) {
    fetch_ahead(*region, desk);
    return Step::later;
  }
  page_bytes_ = region->plan().page_bytes;
  if (region->has_huge_pages()) return next_huge_page(*region, desk, thread_tally);
  // The client may have unmapped or moved what lies behind.
  const std::uint64_t limit = std::min(rest_.end, region->end());
  const bool is_asked_for = is_for_ != PrefaultFor::working_set;
  const std::uint64_t longest = is_asked_for ? limits::long_slice_bytes : limits::slice_bytes;
  Window window{rest_.start, std::min(rest_.start + longest, limit)};
  if (const auto zeros = region->discarded_run(rest_.start, window)) {
    rest_.start = zeros->end;  // discarded pages are the client's affair: they fault as zeros
    return Step::again;
  }
  const std::uint64_t page = region->page_of(window.start);
  const std::uint64_t high = region->page_of(window.end - 1) + 1;
  auto run = region->image().image().run_around(page, page, high);
  const bool is_copied =
      run.state == PageState::resident && region->backing() == Backing::anonymous;
  if (is_copied || run.state == PageState::absent) run.end = std::min(run.end, page + slice_pages);
  if (is_copied && held) run.end = std::min(run.end, page + locked_slice_pages);
  if (run.state == PageState::absent) return fetch_rest(*region, run, desk);
  const Window range{region->address_of(run.first), region->address_of(run.end)};
  return install(*region, range, supply_of(*region, run), thread_tally);
}

// Whole, also where the range begins or ends within it.
PrefaultJob::Step PrefaultJob::next_huge_page(Region &region, FillDesk &desk,
                                              Tally &thread_tally) {
  const Window page = region.page_at(rest_.start);
  rest_ = {page.start, std::max(page.end, rest_.end)};
  const HugePage huge(region, page);
  if (huge.is_discarded()) {
    rest_.start = page.end;
    return Step::again;
  }
  if (const auto absent = huge.absent()) return fetch_rest(region, *absent, desk);
  const auto supply = huge.supply(huge_page_room_);
  return supply ? install(region, page, *supply, thread_tally) : Step::later;
}

PrefaultJob::Step PrefaultJob::install(Region &region, Window range, Supply supply,
                                       Tally &thread_tally) {
  pages_failed_in_a_row_ = 0;
  misses_in_a_row_ = 0;
  const std::uint64_t end = range.end;
  std::uint64_t bytes = end - rest_.start;
  bool is_populated = false;
  while (rest_.start < end) {
    bytes = std::min(bytes, end - rest_.start);
    const Supply rest = supply.after(rest_.start - range.start);
    const auto result = rest.install(space_->uffd(), {rest_.start, rest_.start + bytes});
    PageCounts pages;
    supply.count(pages, result.installed_bytes / page_bytes);
    pages_installed_ += pages.all();
    region.resident_pages.add(pages.all());
    for (Tally *tally : {&space_->tally, &thread_tally}) tally->count(pages);
    if (pace_) spend(region.has_huge_pages() ? pages.all() : pages.copied);
    rest_.start += result.installed_bytes;
    if (result.installed_bytes > 0) present_step_bytes_ = page_bytes_;
    switch (result.outcome) {
      case Install::installed:
        space_->starvation.note_success();
        [[fallthrough]];
      case Install::partial:
        bytes = end - rest_.start;
        break;
      case Install::already_present:
        PAGERD_CHECK(sys::uffd_wake(space_->uffd(), rest_.start, page_bytes_));
        rest_.start = std::min(rest_.start + step_over_present(), end);
        break;
      case Install::no_memory:
        if (space_->starvation.note_failure()) {
          outbox_.post_notice(
              {.kind = EventKind::starved, .space = space_->id(), .region = region_});
        }
        if (is_for_ != PrefaultFor::client) return stop("there is no memory for it");
        return Step::later;
      case Install::retry:
        return Step::later;
      case Install::unmapped:
        // One install cannot reach from one mapping of the client's into the next; it may have
        // split the range into several, and all of them are registered.
        if (bytes == page_bytes_) return miss("part of the range is not mapped and registered");
        bytes = sys::page_floor(bytes / 2);
        break;
      case Install::hole:
        if (region.backing() != Backing::image_shared || is_populated) {
          return stop("the image has lost a page");
        }
        if (!populate(region, range)) return Step::later;
        is_populated = true;
        break;
      case Install::gone:
        return stop("the client is gone");
      case Install::failed:
        return stop(std::string("installing failed: ") + std::strerror(result.code));
    }
  }
  return Step::again;
}

// Pages of zeros cost next to nothing, except where they have to be huge.
void PrefaultJob::spend(std::uint64_t pages) {
  if (pages > 0) pace_->spend(pages * page_bytes, sys::monotonic_ns());
}

PrefaultJob::Step PrefaultJob::fetch_rest(Region &region, image::Run run, FillDesk &desk) {
  if (run.first < narrow_end_) run.end = run.first + 1;
  const bool is_asked_for = is_for_ != PrefaultFor::working_set;
  return is_asked_for ? fetch(region, run, desk) : fetch_many(region, run, desk);
}

PrefaultJob::Step PrefaultJob::fetch(Region &region, image::Run run, FillDesk &desk) {
  ServedImage &image = region.image();
  const std::uint64_t last = region.page_of(std::min(rest_.end, region.end()) - 1) + 1;
  const bool is_narrow = run.first < narrow_end_;
  const unsigned attempts = is_narrow ? attempts_ : 0;
  const std::uint64_t narrow_end = is_narrow ? narrow_end_ : 0;
  const Fault asked{.attempts = static_cast<std::uint16_t>(attempts)};
  const Ask answer = image.ask({space_, asked, shared_from_this(), run.first, region_}, run.first,
                               run.end, Urgency::bulk, desk);
  switch (answer) {
    case Ask::ready:
      return Step::again;
    case Ask::lost:
      return stop(image.lost_reason());
    case Ask::busy:
      return Step::later;
    case Ask::waiting:
      break;
  }
  // From here on another filler may be at work on this job: nothing of it is touched.
  for (std::uint64_t ahead = 0, from = run.end; ahead < slices_ahead && from < last; ++ahead) {
    const bool is_alone = from < narrow_end;
    const std::uint64_t to = std::min(from + (is_alone ? 1 : slice_pages), last);
    image.prefetch(from, to, desk, is_alone ? attempts : 0);
    from = to;
  }
  return Step::parked;
}

// Where demand has been, whole windows are there: to go over them page by page would cost more than
// it can bring.
std::uint64_t PrefaultJob::step_over_present() {
  const std::uint64_t step = std::max(present_step_bytes_, page_bytes_);
  if (is_for_ == PrefaultFor::working_set) {
    present_step_bytes_ = std::min(2 * step, limits::whole_window_bytes);
  }
  return step;
}

// With its first fault the client has begun to use the memory; until then only bytes are brought.
bool PrefaultJob::may_install(const Region &region) const {
  if (is_for_ != PrefaultFor::working_set || region.faults.get() > 0) return true;
  return sys::monotonic_ns() - begun_ns_ >= settling_ns;
}

void PrefaultJob::fetch_ahead(const Region &region, FillDesk &desk) {
  ServedImage &image = region.image();
  unsigned asked = 0;
  Window range = rest_;
  for (std::size_t next = ranges_begun_; asked < ranges_ahead; range = ranges_[next++]) {
    if (!region.contains(range)) {  // unmapped or moved since
      range = {};
      ++asked;
    }
    for (; range.bytes() > 0 && asked < ranges_ahead; ++asked) {
      const Window slice{range.start, std::min(range.start + limits::slice_bytes, range.end)};
      image.prefetch(region.page_of(slice.start), region.page_of(slice.end - 1) + 1, desk);
      range.start = slice.end;
    }
    if (next == ranges_.size()) break;
  }
}

PrefaultJob::Step PrefaultJob::fetch_many(Region &region, image::Run run, FillDesk &desk) {
  ServedImage &image = region.image();
  // Before asking, after which another filler may be at work on this job. The first of them is the
  // one that is waited for.
  fetch_ahead(region, desk);
  switch (image.ask({space_, {}, shared_from_this(), run.first, region_}, run.first, run.end,
                    Urgency::bulk, desk)) {
    case Ask::ready:
      return Step::again;
    case Ask::lost:
      return stop(image.lost_reason());
    case Ask::busy:
      return Step::later;
    case Ask::waiting:
      break;
  }
  return Step::parked;
}

}  // namespace pagerd::engine
