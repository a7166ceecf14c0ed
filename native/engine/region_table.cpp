#include "engine/region_table.hpp"

#include <algorithm>

#include "sys/page.hpp"

namespace pagerd::engine {

namespace {

// What of `part` lies before and behind `gone`.
void put_rests(std::vector<Window> &rests, Window part, Window gone) {
  const LayoutStep step = step_of({LayoutKind::unmap, gone}, part);
  if (step.fate == Fate::stays) rests.push_back(part);
  for (const Window rest : {step.before, step.behind}) {
    if (rest.bytes() > 0) rests.push_back(rest);
  }
}

}  // namespace

RegionTable::Parts::const_iterator RegionTable::behind(std::uint64_t address) const {
  return std::upper_bound(parts_.begin(), parts_.end(), address,
                          [](std::uint64_t at, const auto &part) { return at < part->end(); });
}

RegionTable::Parts RegionTable::meeting(Window range) const {
  Parts met;
  for (auto at = behind(range.start); at != parts_.end() && (*at)->start() < range.end; ++at) {
    met.push_back(*at);
  }
  return met;
}

Region *RegionTable::overlapping(std::uint64_t start, std::uint64_t end) const {
  for (auto at = behind(start); at != parts_.end() && (*at)->start() < end; ++at) {
    if ((*at)->content() == Content::image) return at->get();
  }
  return nullptr;
}

std::shared_ptr<Region> RegionTable::at(std::uint64_t address) const {
  const auto found = behind(address);
  if (found == parts_.end() || !(*found)->contains(address)) return nullptr;
  return *found;
}

std::shared_ptr<Region> RegionTable::below(std::uint64_t address) const {
  const auto found = behind(address);
  return found == parts_.begin() ? nullptr : *std::prev(found);
}

std::shared_ptr<RegionLife> RegionTable::with_id(std::uint32_t id) const {
  const auto found = lives_.find(id);
  return found == lives_.end() ? nullptr : found->second;
}

void RegionTable::insert(std::shared_ptr<Region> region) {
  const LayoutBook::Change change(book_.get());
  PAGERD_CHECK(overlapping(region->start(), region->end()) == nullptr);
  std::vector<Vacated> zeros;
  clear(region->range(), zeros);
  // No event is on its way while a region is mapped: what was owed there has come.
  settle(region->range());
  PAGERD_CHECK(lives_.emplace(region->id(), region->life()).second);
  region->life()->parts.store(0);
  region->life()->enter(book_);
  const Window shown = region->shown();
  if (shown.end == region->end()) return put(std::move(region));
  if (shown.bytes() > 0) put(region->part(shown));
  put(region->left_at({shown.end, region->end()}));
}

bool RegionTable::resume(const std::shared_ptr<Region> &region, const PastRegion &past) {
  if (!region->life()->resume(book_, past)) return false;
  PAGERD_CHECK(lives_.emplace(region->id(), region->life()).second);
  const auto known = static_cast<Parts::difference_type>(parts_.size());
  for (const PastPart &part : past.parts) parts_.push_back(region->past_part(part));
  const auto is_before = [](const auto &a, const auto &b) { return a->start() < b->start(); };
  std::sort(parts_.begin() + known, parts_.end(), is_before);
  std::inplace_merge(parts_.begin(), parts_.begin() + known, parts_.end(), is_before);
  region->life()->parts.store(past.parts.size());
  return true;
}

std::shared_ptr<RegionLife> RegionTable::take(std::uint32_t id) {
  const auto found = lives_.find(id);
  if (found == lives_.end()) return nullptr;
  const std::shared_ptr<RegionLife> life = found->second;
  const LayoutBook::Change change(book_.get());
  lives_.erase(found);
  std::erase_if(parts_, [&](const auto &part) {
    const bool is_of_it = part->life() == life;
    if (is_of_it && book_) book_->remove(part->record_number);
    return is_of_it;
  });
  life->leave_book();
  life->parts.store(0);
  return life;
}

std::vector<std::shared_ptr<RegionLife>> RegionTable::take_all() {
  std::vector<std::shared_ptr<RegionLife>> taken;
  for (auto &[id, life] : lives_) taken.push_back(std::move(life));
  lives_.clear();
  parts_.clear();
  return taken;
}

void RegionTable::put(std::shared_ptr<Region> part) {
  part->life()->parts.fetch_add(1);
  if (book_) part->record_number = book_->add(part->record());
  parts_.insert(behind(part->start()), std::move(part));
}

void RegionTable::drop(const Region &part) {
  const auto found = behind(part.start());
  PAGERD_CHECK(found != parts_.end() && found->get() == &part);
  part.life()->parts.fetch_sub(1);
  if (book_) book_->remove(part.record_number);
  parts_.erase(found);
}

void RegionTable::cut(const std::shared_ptr<Region> &part, const LayoutStep &step,
                      std::vector<Vacated> &vacated) {
  drop(*part);
  if (step.before.bytes() > 0) put(part->part(step.before));
  if (step.behind.bytes() > 0) put(part->part(step.behind));
  vacated.push_back({part, step.met});
}

void RegionTable::clear(Window range, std::vector<Vacated> &vacated) {
  for (const auto &part : meeting(range)) {
    cut(part, step_of({LayoutKind::unmap, range}, part->range()), vacated);
  }
}

void RegionTable::owe(Window range) {
  const bool is_next = !owed_.empty() && owed_.back().end == range.start;
  if (is_next) owed_.back().end = range.end;
  else owed_.push_back(range);
  write_owed();
}

std::vector<Window> RegionTable::settle(Window range) {
  std::vector<Window> news{range};
  std::vector<Window> still_owed;
  for (const Window debt : owed_) {
    std::vector<Window> rests;
    for (const Window part : news) put_rests(rests, part, debt);
    news = std::move(rests);
    put_rests(still_owed, debt, range);
  }
  if (owed_.empty()) return news;
  owed_ = std::move(still_owed);
  write_owed();
  return news;
}

void RegionTable::write_owed() {
  if (!book_) return;
  for (const std::uint32_t record : owed_records_) book_->remove(record);
  owed_records_.clear();
  for (const Window debt : owed_) {
    owed_records_.push_back(book_->add({.kind = RecordKind::owed,
                                        .start = debt.start,
                                        .length_bytes = debt.bytes()}));
  }
}

void RegionTable::resume_owed(const std::vector<PastDebt> &past) {
  for (const PastDebt &debt : past) {
    owed_.push_back(debt.range);
    owed_records_.push_back(debt.record);
  }
}

bool RegionTable::is_owed(Window range) const {
  return std::any_of(owed_.begin(), owed_.end(),
                     [&](Window debt) { return meets(debt, range) != Meets::none; });
}

std::optional<std::vector<Vacated>> RegionTable::apply(const LayoutEvent &event) {
  const LayoutBook::Change change(book_.get());
  std::vector<Vacated> vacated;
  if (event.kind == LayoutKind::unmap) {
    for (const Window news : settle(event.range)) clear(news, vacated);
    return vacated;
  }
  if (event.kind == LayoutKind::remap) {
    // Whatever was mapped there is mapped no more. Had it made way for these pages, its own event
    // would have come before.
    const Window target{event.to, event.to + event.range.bytes()};
    for (const auto &part : meeting(target)) {
      owe({std::max(part->start(), target.start), std::min(part->end(), target.end)});
    }
    clear(target, vacated);
  }
  const Parts met = meeting(event.range);
  for (const auto &part : met) {
    const LayoutStep step = step_of(event, part->range());
    switch (step.fate) {
      case Fate::stays:
        break;
      case Fate::discarded:
        if (!part->discard(step.met)) return std::nullopt;
        break;
      case Fate::ended:
      case Fate::moved:
        cut(part, step, vacated);
        break;
    }
  }
  if (event.kind == LayoutKind::remap) move(met, event);
  return vacated;
}

// The pages go to their new place, with what their region had grown by untouched: the range of an
// event is of one mapping. What stays behind is gone with the unmap event that follows, unless the
// client has asked to keep the addresses (MREMAP_DONTUNMAP).
void RegionTable::move(const Parts &met, const LayoutEvent &event) {
  const Window range = event.range;
  const std::uint64_t by = event.to - range.start;  // may wrap around, and back again
  for (std::size_t i = 0; i < met.size(); ++i) {
    const Region &part = *met[i];
    const Window moved = step_of(event, part.range()).met;
    const std::uint64_t to = moved.start + by;
    put(part.part(moved, to));
    put(part.left_at(moved));
    if (part.content() == Content::image && moved.start == part.start() &&
        part.life()->address.load() == part.start()) {
      part.life()->move_to(to);
    }
    const std::uint64_t next = i + 1 < met.size() ? met[i + 1]->start() : range.end;
    if (next <= moved.end) continue;
    const Window grown{moved.end, next};
    if (auto tail = part.part(moved, to)->beyond({grown.start + by, grown.end + by})) {
      put(std::move(tail));
    }
  }
}

std::shared_ptr<Region> RegionTable::grow(const std::shared_ptr<Region> &below,
                                          std::uint64_t address) {
  PAGERD_CHECK(below->end() <= address && !at(address));
  const LayoutBook::Change change(book_.get());
  auto tail = below->beyond({below->end(), address + sys::page_bytes});
  if (!tail) return nullptr;
  if (below->content() == Content::zeros) {
    // One part, however often it grows.
    const Window whole{below->start(), tail->end()};
    drop(*below);
    tail = below->left_at(whole);
  }
  put(tail);
  return tail;
}

bool RegionTable::copy_to(RegionTable &child) const {
  PAGERD_CHECK(child.parts_.empty() && child.lives_.empty());
  const LayoutBook::Change change(child.book_.get());
  for (const auto &[id, life] : lives_) {
    auto copy = life->fork(child.book_);
    if (!copy) {
      if (child.book_) child.book_->give_up();
      return false;
    }
    copy->parts.store(0);
    child.lives_.emplace(id, std::move(copy));
  }
  for (const auto &part : parts_) child.put(part->in_child(child.lives_.at(part->id())));
  return true;
}

}  // namespace pagerd::engine
