// native/sys/uffd.hpp without a kernel. At every call, and between the pages or messages of one,
// somebody else may go on.
#include "sys/uffd.hpp"

#include <cerrno>
#include <cstring>

#include "failure.hpp"
#include "memory.hpp"
#include "scheduler.hpp"
#include "sys/page.hpp"

namespace pagerd::model {

namespace {

using sys::Install;
using sys::InstallResult;
using sys::page_bytes;

Memory &memory_of(int uffd) { return static_cast<Memory &>(*opened(uffd)); }

unsigned page_at(std::uint64_t address) {
  if (!sys::is_page_aligned(address) || address < first_address) fail("no address of a client's");
  return static_cast<unsigned>((address - first_address) / page_bytes);
}

std::string places(unsigned first, unsigned end) {
  return " [" + std::to_string(first) + ", " + std::to_string(end) + ")";
}

// What a page of the manager's holds: both ends of an image's page have its number.
Value value_of(const std::byte *page) {
  Value front = 0;
  Value back = 0;
  std::memcpy(&front, page, sizeof front);
  std::memcpy(&back, page + page_bytes - sizeof back, sizeof back);
  if (front != back) fail("half of a page's bytes are copied");
  return front;
}

// One ioctl that puts something into absent pages.
struct Filling {
  const char *name;
  const std::byte *source = nullptr;  // else zeros
  Page::State state = Page::State::present;
  bool replaces_poison = false;
  bool is_of_file = false;
};

// Why nothing can be installed in what is left of the range; none where something can.
int refusal(const Memory &memory, unsigned first, unsigned end) {
  if (memory.changing > 0) return EAGAIN;
  if (memory.is_dead) return ESRCH;
  return memory.is_one_mapping(first, end) ? 0 : ENOENT;
}

bool is_free(const Page &page, const Filling &filling) {
  if (page.state == Page::State::missing) return true;
  return filling.replaces_poison && page.state == Page::State::poisoned;
}

InstallResult answer(int code) {
  switch (code) {
    case EAGAIN:
      return {Install::retry, 0, code};
    case ESRCH:
      return {Install::gone, 0, code};
    case ENOENT:
      return {Install::unmapped, 0, code};
    case ENOMEM:
      return {Install::no_memory, 0, code};
    case EFAULT:
      return {Install::hole, 0, code};
    default:
      return {Install::already_present, 0, code};
  }
}

void install_page(Page &page, const Filling &filling, unsigned index) {
  if (page.has_ended) fail("a page is installed after its region's end was announced");
  page.state = filling.state;
  page.value = filling.source ? value_of(filling.source + index * page_bytes) : zeros;
  if (filling.is_of_file) page.value = page.emptied;
}

// Page by page; between two the kernel may have to let go of its locks, and looks at everything
// again.
InstallResult install(int uffd, std::uint64_t address, std::uint64_t bytes, Filling filling) {
  Memory &memory = memory_of(uffd);
  const unsigned first = page_at(address);
  const unsigned end = page_at(address + bytes);
  if (bytes == 0) fail("nothing is to be installed");
  scheduler().yield(filling.name);
  unsigned at = first;
  int code = 0;
  for (; at < end; ++at) {
    if (at > first) scheduler().yield("the next page");
    scheduler().note_act();
    code = refusal(memory, at, end);
    if (code == 0 && !is_free(memory.pages[at], filling)) code = EEXIST;
    if (code == 0 && filling.is_of_file && !memory.has_page_in_file(at)) code = EFAULT;
    if (code == 0 && at == first && memory.lacks > 0) {
      --memory.lacks;
      code = ENOMEM;
    }
    if (code != 0) break;
    install_page(memory.pages[at], filling, at - first);
  }
  if (is_told()) {
    tell(filling.name + places(first, end) + ": " + std::to_string(at - first) + " pages, " +
         (code == 0 ? "no error" : std::strerror(code)));
  }
  if (at == first) return answer(code);
  memory.wake(first, at);
  scheduler().note_change();
  if (at == end) return {Install::installed, bytes, 0};
  return {Install::partial, (at - first) * page_bytes, EAGAIN};
}

}  // namespace

}  // namespace pagerd::model

namespace pagerd::sys {

using model::Filling;
using model::scheduler;

InstallResult uffd_copy(int uffd, std::uint64_t address, const void *source, std::uint64_t bytes) {
  return model::install(uffd, address, bytes,
                        {.name = "COPY",
                         .source = static_cast<const std::byte *>(source),
                         .replaces_poison = true});
}

InstallResult uffd_zeropage(int uffd, std::uint64_t address, std::uint64_t bytes) {
  return model::install(uffd, address, bytes, {.name = "ZEROPAGE"});
}

InstallResult uffd_continue(int uffd, std::uint64_t address, std::uint64_t bytes) {
  return model::install(uffd, address, bytes, {.name = "CONTINUE", .is_of_file = true});
}

InstallResult uffd_poison(int uffd, std::uint64_t address, std::uint64_t bytes) {
  return model::install(uffd, address, bytes,
                        {.name = "POISON", .state = model::Page::State::poisoned});
}

Status uffd_register(int, std::uint64_t, std::uint64_t, std::uint64_t) { return Nothing{}; }

Status uffd_unregister(int uffd, std::uint64_t address, std::uint64_t bytes) {
  model::Memory &memory = model::memory_of(uffd);
  scheduler().yield("UNREGISTER");
  const unsigned first = model::page_at(address);
  const unsigned end = model::page_at(address + bytes);
  if (model::is_told()) model::tell("UNREGISTER" + model::places(first, end));
  if (memory.is_dead) return Error{ENOMEM, "UNREGISTER"};
  for (unsigned page = first; page < end; ++page) memory.pages[page].is_registered = false;
  memory.wake(first, end);
  scheduler().note_change();
  return Nothing{};
}

bool uffd_wake(int uffd, std::uint64_t address, std::uint64_t bytes) {
  model::Memory &memory = model::memory_of(uffd);
  scheduler().yield("WAKE");
  const unsigned first = model::page_at(address);
  const unsigned end = model::page_at(address + bytes);
  if (model::is_told()) model::tell("WAKE" + model::places(first, end));
  memory.wake(first, end);
  scheduler().note_act();
  return true;
}

void uffd_wake_everywhere(int) { model::fail("no script goes on with another engine's space"); }

Probe uffd_probe(int uffd, std::uint64_t address, std::uint64_t bytes) {
  // A space that was closed has a last look at what it kept, and is told that there is nothing.
  if (uffd < 0) return Probe::other;
  const model::Memory &memory = model::memory_of(uffd);
  scheduler().yield("probing");
  scheduler().note_act();
  const unsigned first = model::page_at(address);
  switch (model::refusal(memory, first, model::page_at(address + bytes))) {
    case 0:
      return Probe::one_mapping;
    case EAGAIN:
      return Probe::changing;
    case ESRCH:
      return Probe::gone;
    default:
      return Probe::other;
  }
}

bool uffd_is_gone(int uffd) { return model::memory_of(uffd).is_dead; }
void uffd_make_ours(int) {}
bool is_want_of_descriptors(int) { return false; }

Result<std::size_t> uffd_read(int uffd, std::span<uffd_msg> messages) {
  model::Memory &memory = model::memory_of(uffd);
  std::size_t count = 0;
  for (; count < messages.size(); ++count) {
    // Finding nothing to begin with is no different from not looking.
    if (count == 0 && !memory.is_readable()) break;
    scheduler().yield("reading a message");
    if (!memory.read(messages[count])) break;
    scheduler().note_change();
    if (model::is_told()) {
      const bool is_fault = messages[count].event == UFFD_EVENT_PAGEFAULT;
      const std::uint64_t page =
          is_fault ? model::page_at(messages[count].arg.pagefault.address) : 0;
      model::tell("reads " + (is_fault ? "a fault at " + std::to_string(page)
                                       : "event " + std::to_string(messages[count].event)));
    }
  }
  return count;
}

Result<std::size_t> uffd_read_child(int uffd, std::span<uffd_msg> messages) {
  return uffd_read(uffd, messages);
}

}  // namespace pagerd::sys
