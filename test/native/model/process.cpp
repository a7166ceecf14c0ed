#include "process.hpp"

#include "failure.hpp"
#include "scheduler.hpp"
#include "sys/uapi.hpp"

namespace pagerd::model {

namespace {

// One thing that the kernel does for the client.
void step(const std::string &what) {
  scheduler().yield(what.c_str());
  scheduler().note_change();
  if (is_told()) tell(what);
}

std::string at(const char *what, unsigned page) { return what + (" " + std::to_string(page)); }

std::string at(const char *what, unsigned first, unsigned count) {
  return at(what, first) + " to " + std::to_string(first + count);
}

uffd_msg removal(std::uint8_t event, unsigned first, unsigned count) {
  uffd_msg message{};
  message.event = event;
  message.arg.remove.start = address_of(first);
  message.arg.remove.end = address_of(first + count);
  return message;
}

}  // namespace

void Process::map(unsigned first, unsigned count, std::uint64_t of) {
  const unsigned mapping = memory_->new_mapping();
  for (unsigned i = 0; i < count; ++i) {
    memory_->pages[first + i] = empty_page(mapping, of_image(of + i));
    memory_->pages[first + i].wanted = of_image(of + i);
  }
}

Page Process::empty_page(unsigned mapping, Value in_file) const {
  const Value emptied = memory_->has_in_file ? in_file : zeros;
  return {.is_mapped = true, .mapping = mapping, .emptied = emptied, .wanted = emptied};
}

// Until the page is there. False where it never will be: it is unmapped, or the process is dead.
bool Process::reach(unsigned number, bool is_write) {
  step(at(is_write ? "writes" : "touches", number));
  for (;;) {
    if (memory_->is_dead) return false;
    Page &page = memory_->pages[number];
    if (!page.is_mapped) return false;  // SIGSEGV, as it should be
    if (page.state == Page::State::missing && !page.is_registered) {
      page.state = Page::State::present;
      page.value = zeros;
    }
    if (page.state != Page::State::missing) return true;
    memory_->wait_for(number, is_write);
    if (is_told()) tell(at("is woken, and faults again at", number));
  }
}

void Process::check(unsigned number) const {
  const Page &page = memory_->pages[number];
  if (page.state == Page::State::poisoned) {
    if (poisonable.contains(page.wanted)) return;
    fail(at("poison instead of", page.wanted) + at(" at page", number));
  }
  const bool may_be_emptied = page.discards > 0 || page.is_ambiguous;
  if (page.value == page.wanted || (may_be_emptied && page.value == page.emptied)) return;
  fail(at("value", page.value) + at(" instead of", page.wanted) + at(" at page", number));
}

void Process::touch(unsigned page) {
  if (reach(page, false)) check(page);
}

void Process::write(unsigned number, unsigned what) {
  if (!reach(number, true)) return;
  check(number);
  Page &page = memory_->pages[number];
  if (page.state == Page::State::poisoned) return;
  page.value = page.wanted = written(what);
}

void Process::touch_all() {
  for (unsigned page = 0; page < pages_max; ++page) {
    if (memory_->pages[page].is_mapped && !memory_->pages[page].has_ended) touch(page);
  }
}

// The event is raised, its reader lets the thread go on, and only when it has is it over.
void Process::raise_event(LayoutNote note) {
  memory_->raise(std::move(note));
  if (memory_->is_dead) return;
  if (is_told()) tell("its event was read");
  --memory_->changing;
  scheduler().note_change();
}

// The pages go after the event was read, so that some may be installed, and be lost, in between.
void Process::discard(unsigned first, unsigned count) {
  step(at("discards", first, count));
  if (memory_->is_dead) return;
  const unsigned mapping = memory_->pages[first].mapping;
  for (unsigned i = first; i < first + count; ++i) ++memory_->pages[i].discards;
  if (memory_->pages[first].is_registered) {
    ++memory_->changing;
    if (memory_->raises_late) step("raises REMOVE");
    if (memory_->is_dead) return;
    raise_event({.message = removal(UFFD_EVENT_REMOVE, first, count)});
  }
  step(at("has discarded", first, count));
  if (memory_->is_dead) return;
  for (unsigned i = first; i < first + count; ++i) {
    Page &page = memory_->pages[i];
    if (!page.is_mapped) continue;
    page.state = Page::State::missing;
    if (page.mapping == mapping) {
      page.wanted = page.emptied;
      if (page.discards > 0) --page.discards;
    } else {
      page.is_ambiguous = true;
    }
  }
}

void Process::clear(unsigned first, unsigned end) {
  for (unsigned page = first; page < end; ++page) memory_->pages[page] = {};
}

// The memory goes first; the event tells of it a moment later.
void Process::unmap(unsigned first, unsigned count) {
  step(at("unmaps", first, count));
  if (memory_->is_dead) return;
  clear(first, first + count);
  if ((memory_->layout_features & sys::uapi::feature_event_unmap) == 0) return;
  ++memory_->changing;
  step("raises UNMAP");
  if (memory_->is_dead) return;
  raise_event({.message = removal(UFFD_EVENT_UNMAP, first, count)});
}

void Process::move(unsigned from, unsigned count, unsigned to, unsigned grown, Old old) {
  step(at("moves", from, count) + at(" to", to));
  if (memory_->is_dead) return;
  const unsigned mapping = memory_->new_mapping();
  const unsigned old_mapping = memory_->pages[from].mapping;
  for (unsigned i = 0; i < count; ++i) {
    Page &page = memory_->pages[to + i];
    page = memory_->pages[from + i];
    page.mapping = mapping;
    page.is_ambiguous |= page.discards > 0;
    page.discards = 0;
  }
  const Value last = memory_->pages[to + count - 1].emptied;
  for (unsigned i = 0; i < grown; ++i) {
    memory_->pages[to + count + i] = empty_page(mapping, last + 1 + i);
  }
  clear(from, from + count);
  if (old == Old::stays) {
    for (unsigned i = 0; i < count; ++i) {
      memory_->pages[from + i] = empty_page(old_mapping, memory_->pages[to + i].emptied);
    }
  }
  memory_->changing += old == Old::goes ? 2 : 1;
  step("raises REMAP");
  if (memory_->is_dead) return;
  uffd_msg message{};
  message.event = UFFD_EVENT_REMAP;
  message.arg.remap.from = address_of(from);
  message.arg.remap.to = address_of(to);
  message.arg.remap.len = count * sys::page_bytes;
  raise_event({.message = message});
  if (old == Old::stays) return;
  step("raises UNMAP");
  if (memory_->is_dead) return;
  raise_event({.message = removal(UFFD_EVENT_UNMAP, from, count)});
}

void Process::grow(unsigned first, unsigned count, unsigned grown) {
  step(at("grows", first, count));
  if (memory_->is_dead) return;
  const Page &last = memory_->pages[first + count - 1];
  for (unsigned i = 0; i < grown; ++i) {
    memory_->pages[first + count + i] = empty_page(last.mapping, last.emptied + 1 + i);
  }
}

void Process::install_quietly(unsigned number) {
  step(at("installs quietly", number));
  Page &page = memory_->pages[number];
  if (memory_->changing > 0 || !page.is_mapped || page.state != Page::State::missing) return;
  page.state = Page::State::present;
  page.value = page.wanted;
}

void Process::await_free(unsigned page) {
  scheduler().block("free addresses", [this, page] {
    return !memory_->pages[page].is_mapped || memory_->is_dead;
  });
}

void Process::interrupt(const Fiber &thread) {
  step("interrupts " + thread.name);
  memory_->interrupt(thread);
}

// The child has the pages as they are now, and runs when the event was read.
std::shared_ptr<Process> Process::fork() {
  step("forks");
  auto child = std::make_shared<Memory>();
  auto forked = std::make_shared<Process>(child);
  forked->poisonable = poisonable;
  if (memory_->is_dead) return forked;
  child->pages = memory_->pages;
  child->layout_features = memory_->layout_features;
  child->has_in_file = memory_->has_in_file;
  for (Page &page : child->pages) {
    page.is_ambiguous |= page.discards > 0;
    page.discards = 0;
  }
  ++memory_->changing;
  step("raises FORK");
  if (memory_->is_dead) return forked;
  // What another thread has begun to discard meanwhile may be told first: it races with the fork.
  for (unsigned i = 0; i < pages_max; ++i) {
    const Page &now = memory_->pages[i];
    const bool is_same = now.discards == 0 && now.wanted == child->pages[i].wanted;
    child->pages[i].is_ambiguous |= !is_same;
  }
  uffd_msg message{};
  message.event = UFFD_EVENT_FORK;
  raise_event({.message = message, .child = child});
  return forked;
}

void Process::die() {
  step("dies");
  end();
}

void Process::end() {
  memory_->is_dead = true;
  memory_->changing = 0;
}

}  // namespace pagerd::model
