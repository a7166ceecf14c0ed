#include "engine/region_life.hpp"

#include <utility>

#include "engine/past_layout.hpp"
#include "engine/served_image.hpp"
#include "sys/check.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

RegionLife::RegionLife(std::uint32_t id, std::shared_ptr<ServedImage> image,
                       std::uint64_t first_page, std::uint64_t pages, OnDiscard on_discard)
    : id_(id),
      image_(std::move(image)),
      first_page_(first_page),
      pages_(pages),
      on_discard_(on_discard) {
  PAGERD_CHECK(pages > 0);
  image_->regions.fetch_add(1);
}

RegionLife::~RegionLife() { image_->regions.fetch_sub(1); }

std::shared_ptr<RegionLife> RegionLife::fork(std::shared_ptr<LayoutBook> book) const {
  auto child = std::make_shared<RegionLife>(id_, image_, first_page_, pages_, on_discard_);
  // What is present in the parent is in the child too.
  child->resident_pages.add(resident_pages.get());
  child->address.store(address.load());
  if (discarded_) {
    child->discarded_ = discarded_->copy(LayoutBook::words_of(book));
    if (!child->discarded_) return nullptr;
  }
  child->enter(std::move(book));
  return child;
}

LayoutRecord RegionLife::record() const {
  return {.kind = RecordKind::region,
          .region = id_,
          .start = address.load(),
          .length_bytes = pages_ * sys::page_bytes,
          .image_offset_bytes = first_page_ * sys::page_bytes,
          .words_at = discarded_ ? discarded_->at() : 0,
          .on_discard = static_cast<std::uint32_t>(on_discard_)};
}

void RegionLife::enter(std::shared_ptr<LayoutBook> book) {
  PAGERD_CHECK(!book_);
  book_ = std::move(book);
  if (book_) record_ = book_->add(record());
}

bool RegionLife::resume(std::shared_ptr<LayoutBook> book, const PastRegion &past) {
  PAGERD_CHECK(!book_ && !discarded_ && past.length_bytes == pages_ * sys::page_bytes);
  if (past.words_at != 0) {
    discarded_ = DiscardedPages::open(pages_, LayoutBook::words_of(book), past.words_at);
    if (!discarded_) return false;
  }
  // The book is never late; whoever maps the region again may be.
  on_discard_ = past.on_discard;
  book_ = std::move(book);
  record_ = past.record;
  address.store(past.address);
  return true;
}

void RegionLife::leave_book() {
  if (book_) book_->remove(std::exchange(record_, LayoutBook::no_record));
}

void RegionLife::move_to(std::uint64_t to) {
  address.store(to);
  if (book_) book_->replace(record_, record());
}

void RegionLife::choose(OnDiscard on_discard) {
  on_discard_ = on_discard;
  // What was discarded until now is missing again.
  choices_.fetch_add(1);
  // Goes when the book speaks of it no more.
  const std::optional<DiscardedPages> forgotten = std::exchange(discarded_, std::nullopt);
  if (book_) book_->replace(record_, record());
}

bool RegionLife::discard(std::uint64_t first_page, std::uint64_t end_page) {
  PAGERD_CHECK(first_page_ <= first_page && first_page <= end_page);
  PAGERD_CHECK(end_page - first_page_ <= pages_);
  if (on_discard_ == OnDiscard::image) return true;
  if (!discarded_) {
    discarded_ = DiscardedPages::create(pages_, LayoutBook::words_of(book_));
    if (!discarded_) return false;
    if (book_) book_->replace(record_, record());
  }
  return discarded_->add(first_page - first_page_, end_page - first_page_).has_value();
}

bool RegionLife::is_discarded(std::uint64_t page) const {
  PAGERD_CHECK(discarded_.has_value());
  return discarded_->has(page - first_page_);
}

std::uint64_t RegionLife::run_begin(std::uint64_t page, std::uint64_t low) const {
  return discarded_->run_begin(page - first_page_, low - first_page_) + first_page_;
}

std::uint64_t RegionLife::run_end(std::uint64_t page, std::uint64_t high) const {
  return discarded_->run_end(page - first_page_, high - first_page_) + first_page_;
}

bool RegionLife::close(std::uint32_t request) {
  close_request_ = request;
  return pins_.fetch_or(closing, std::memory_order_acq_rel) == 0;
}

}  // namespace pagerd::engine
