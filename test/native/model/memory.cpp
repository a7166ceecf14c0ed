#include "memory.hpp"

#include <algorithm>

#include "scheduler.hpp"

namespace pagerd::model {

void Memory::wait_for(unsigned page, bool is_write) {
  Faulter self{page, is_write, scheduler().current()};
  faulters_.push_back(&self);
  scheduler().note_change();
  scheduler().block("a missing page", [&] { return self.is_woken || is_dead; });
  std::erase(faulters_, &self);
}

void Memory::interrupt(const Fiber &thread) {
  for (Faulter *faulter : faulters_) {
    if (faulter->thread == &thread) faulter->is_woken = true;
  }
  std::erase_if(faulters_, [](const Faulter *faulter) { return faulter->is_woken; });
}

// One that has not been read yet never will be.
void Memory::wake(unsigned first, unsigned end) {
  for (Faulter *faulter : faulters_) {
    if (first <= faulter->page && faulter->page < end) faulter->is_woken = true;
  }
  std::erase_if(faulters_, [](const Faulter *faulter) { return faulter->is_woken; });
}

void Memory::raise(LayoutNote note) {
  notes_.push_back(&note);
  scheduler().note_change();
  scheduler().block("a layout event", [&] { return note.is_read || is_dead; });
  std::erase(notes_, &note);
}

Faulter *Memory::next_faulter() const {
  if (is_dead) return nullptr;
  const auto found = std::find_if(faulters_.begin(), faulters_.end(),
                                  [](const Faulter *faulter) { return !faulter->is_read; });
  return found == faulters_.end() ? nullptr : *found;
}

LayoutNote *Memory::next_note() const {
  return is_dead || notes_.empty() ? nullptr : notes_.front();
}

bool Memory::read(uffd_msg &message) {
  message = {};
  if (Faulter *faulter = next_faulter()) {
    faulter->is_read = true;
    message.event = UFFD_EVENT_PAGEFAULT;
    message.arg.pagefault.address = address_of(faulter->page);
    const bool is_minor = has_page_in_file(faulter->page);
    message.arg.pagefault.flags = (faulter->is_write ? UFFD_PAGEFAULT_FLAG_WRITE : 0) |
                                  (is_minor ? UFFD_PAGEFAULT_FLAG_MINOR : 0);
    return true;
  }
  LayoutNote *note = next_note();
  if (note == nullptr) return false;
  message = note->message;
  if (note->child) message.arg.fork.ufd = static_cast<__u32>(open_descriptor(note->child));
  notes_.pop_front();
  note->is_read = true;
  return true;
}

bool Memory::is_one_mapping(unsigned first, unsigned end) const {
  if (first >= end || end > pages_max) return false;
  return std::all_of(pages.begin() + first, pages.begin() + end, [&](const Page &page) {
    return page.is_mapped && page.is_registered && page.mapping == pages[first].mapping;
  });
}

}  // namespace pagerd::model
