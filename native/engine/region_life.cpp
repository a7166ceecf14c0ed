#include "engine/region_life.hpp"

#include "engine/served_image.hpp"
#include "sys/check.hpp"

namespace pagerd::engine {

RegionLife::RegionLife(std::uint32_t id, std::shared_ptr<ServedImage> image,
                       std::uint64_t first_page, std::uint64_t pages)
    : id_(id), image_(std::move(image)), first_page_(first_page), pages_(pages) {
  PAGERD_CHECK(pages > 0);
  image_->regions.fetch_add(1);
}

RegionLife::~RegionLife() { image_->regions.fetch_sub(1); }

std::shared_ptr<RegionLife> RegionLife::fork() const {
  auto child = std::make_shared<RegionLife>(id_, image_, first_page_, pages_);
  // What is present in the parent is in the child too.
  child->resident_pages.add(resident_pages.get());
  if (!discarded_) return child;
  for (std::uint64_t page = 0; page < pages_;) {
    const std::uint64_t end = discarded_->run_end(page, pages_);
    const bool is_run = discarded_->has(page);
    if (is_run && !child->discard(first_page_ + page, first_page_ + end)) return nullptr;
    page = end;
  }
  return child;
}

bool RegionLife::discard(std::uint64_t first_page, std::uint64_t end_page) {
  PAGERD_CHECK(first_page_ <= first_page && first_page <= end_page);
  PAGERD_CHECK(end_page - first_page_ <= pages_);
  if (!discarded_) {
    discarded_ = DiscardedPages::create(pages_);
    if (!discarded_) return false;
  }
  discarded_->add(first_page - first_page_, end_page - first_page_);
  return true;
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
