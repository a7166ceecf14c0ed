#include "engine/address_space.hpp"

#include "engine/served_image.hpp"
#include "sys/page.hpp"
#include "sys/uffd.hpp"

// How a space goes from one engine to the next.
namespace pagerd::engine {

// What the client had done until its events were read no more, by the book. It may have gone on
// since: that is read, and applied, when all of it is here.
std::optional<Refusal> AddressSpace::resume_region(std::shared_ptr<Region> region,
                                                   const std::string &what) {
  const auto past = past_->regions.find(region->id());
  const std::uint64_t image_bytes = region->image().image().pages() * sys::page_bytes;
  if (past == past_->regions.end() || !can_be_of(past->second, region->plan(), image_bytes)) {
    return Refusal{"layout_unknown", what + "its layout book has no such region"};
  }
  if (!regions_.resume(region, past->second)) {
    return Refusal{"layout_unknown", what + "its layout book cannot be read"};
  }
  past_->regions.erase(past);
  holds_.fetch_add(1);
  return std::nullopt;
}

// Those that nobody mapped again are gone with their client's wish, or with their image.
void AddressSpace::end_past() {
  const Guard held = lock();
  if (is_closed_) return;
  is_held_back_ = false;
  if (!past_) {
    if (is_layout_lost_) sys::uffd_wake_everywhere(uffd_.get());
    return add_to_sets();
  }
  {
    const LayoutBook::Change change(book_.get());
    for (const auto &[id, region] : past_->regions) {
      for (const PastPart &part : region.parts) book_->remove(part.record);
      book_->remove(region.record);
    }
  }
  const std::vector<uffd_msg> unapplied = std::move(past_->unapplied);
  past_.reset();
  {
    const LayoutBook::Change change(book_.get());
    std::string trouble;
    for (const uffd_msg &message : unapplied) {
      // The child's descriptor is the keeper's: it waits, and is served by nobody.
      if (message.event == UFFD_EVENT_FORK) continue;
      std::string found = apply(message);
      if (trouble.empty()) trouble = std::move(found);
    }
    book_->note_all_applied();
    if (!trouble.empty()) {
      book_->give_up();
      return report_misbehaviour(held, trouble);
    }
  }
  // Also those that wait where nothing is any more: who left there may not have woken them.
  sys::uffd_wake_everywhere(uffd_.get());
  add_to_sets();
}

void AddressSpace::poison_lost(std::uint64_t address) {
  // Nor is it known what pages the memory has.
  for (const std::uint64_t bytes : {sys::page_bytes, sys::huge_page_bytes}) {
    const auto result = sys::uffd_poison(uffd_.get(), address & ~(bytes - 1), bytes);
    if (result.outcome != sys::Install::installed) continue;
    tally.pages_poisoned.add(bytes / sys::page_bytes);
    return;
  }
  // It is tried again with the thread's next fault, on what is there then.
  [[maybe_unused]] const bool can_be = sys::uffd_wake(uffd_.get(), address, sys::page_bytes);
}

}  // namespace pagerd::engine
