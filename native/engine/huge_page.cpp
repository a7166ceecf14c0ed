#include "engine/huge_page.hpp"

#include <algorithm>
#include <cstring>

#include "engine/served_image.hpp"
#include "sys/check.hpp"
#include "sys/page.hpp"

namespace pagerd::engine {

using image::PageState;
using sys::page_bytes;

std::byte *HugePageRoom::bytes() {
  if (memory_.bytes() == 0) {
    auto made = sys::Mapping::anonymous(sys::huge_page_bytes);
    if (!made.ok()) return nullptr;
    memory_ = made.take();
  }
  return memory_.data();
}

HugePage::HugePage(const Region &region, Window page) : region_(region), page_(page) {
  PAGERD_CHECK(region.contains(page) && page.bytes() <= sys::huge_page_bytes);
  if (region.content() == Content::zeros) return;
  const std::uint64_t image_end = region.image().image().pages();
  first_ = std::min(region.page_of(page.start), image_end);
  end_ = std::min(region.page_of(page.end - 1) + 1, image_end);
}

bool HugePage::is_discarded() const {
  if (first_ == end_) return true;
  Window all = page_;
  const auto zeros = region_.discarded_run(page_.start, all);
  return zeros && zeros->bytes() == page_.bytes();
}

bool HugePage::is_discarded(std::uint64_t page) const {
  const RegionLife &life = *region_.life();
  return life.has_discarded() && life.is_discarded(page);
}

std::optional<image::Run> HugePage::absent() const {
  const image::Image &image = region_.image().image();
  for (std::uint64_t page = first_; page < end_;) {
    const image::Run run = image.run_around(page, page, end_);
    if (run.state == PageState::absent) return run;
    page = run.end;
  }
  return std::nullopt;
}

std::optional<Supply> HugePage::supply(HugePageRoom &room) const {
  if (is_discarded()) return Supply::copied_zeros();
  const image::Image &image = region_.image().image();
  const image::Run run = image.run_around(first_, first_, end_);
  if (run.end == end_ && run.state == PageState::zero) return Supply::copied_zeros();
  const bool is_all_shown = (end_ - first_) * page_bytes == page_.bytes() && run.end == end_ &&
                            !region_.life()->has_discarded();
  if (is_all_shown) return Supply::copy_of(image.bytes_of(first_));
  std::byte *const bytes = room.bytes();
  if (bytes == nullptr) return std::nullopt;
  put_together(bytes);
  return Supply::copy_of(bytes);
}

void HugePage::put_together(std::byte *to) const {
  const image::Image &image = region_.image().image();
  std::memset(to, 0, page_.bytes());
  for (std::uint64_t page = first_; page < end_;) {
    const image::Run run = image.run_around(page, page, end_);
    PAGERD_CHECK(run.state != PageState::absent);
    std::uint64_t end = run.end;
    if (region_.life()->has_discarded()) end = region_.life()->run_end(page, end);
    if (run.state == PageState::resident && !is_discarded(page)) {
      const std::uint64_t at = (page - first_) * page_bytes;
      std::memcpy(to + at, image.bytes_of(page), (end - page) * page_bytes);
    }
    page = end;
  }
}

}  // namespace pagerd::engine
