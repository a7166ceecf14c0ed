#include "engine/layout_book.hpp"

#include <cerrno>
#include <new>

#include "engine/adopted_book.hpp"
#include "sys/check.hpp"

namespace pagerd::engine {

namespace {

constexpr std::uint64_t records_per_page = sys::page_bytes / sizeof(LayoutRecord);
constexpr std::uint64_t head_bytes =
    layout_file::records_at + layout_file::records_max * sizeof(LayoutRecord);

// The compiler keeps what stands on either side of it there. Nothing else has to: one process
// writes, and who reads comes after its end.
void keep_order() { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace

sys::Result<std::shared_ptr<LayoutBook>> LayoutBook::create() {
  auto file = sys::create_memfd("pagerd-layout", layout_file::length_bytes,
                                sys::Opening::for_writing);
  if (!file.ok()) return file.error();
  auto head = sys::Mapping::shared(file.value(), head_bytes);
  if (!head.ok()) return head.error();
  const auto populated = head.value().populate(0, sys::page_bytes);
  if (!populated.ok()) return populated.error();
  std::shared_ptr<LayoutBook> book(new LayoutBook(file.take(), head.take()));
  LayoutHeader &header = *new (&book->header()) LayoutHeader;
  header.words_end.store(layout_file::words_at);
  header.version = layout_file::version;
  keep_order();
  header.magic = layout_file::magic;
  return book;
}

sys::Result<AdoptedBook> LayoutBook::adopt(const sys::Descriptor &memfd) {
  const sys::Error unknown{EUCLEAN, "looking at a layout book"};
  auto file = sys::reopen_as_maker(memfd, layout_file::length_bytes, sys::Opening::for_writing);
  if (!file.ok()) return file.error();
  auto head = sys::Mapping::shared(file.value(), head_bytes);
  if (!head.ok()) return head.error();
  std::shared_ptr<LayoutBook> book(new LayoutBook(file.take(), head.take()));
  LayoutHeader &header = book->header();
  const bool is_ours = header.magic == layout_file::magic &&
                       header.version >= layout_file::version_min &&
                       header.version <= layout_file::version;
  if (!is_ours) return unknown;
  const std::uint64_t words_end = header.words_end.load();
  if (words_end < layout_file::words_at || words_end > layout_file::length_bytes) return unknown;
  const std::uint64_t records = header.records.load();
  if (header.is_changing.load() != 0 || records > layout_file::records_max) return unknown;
  if (records % records_per_page != 0) return unknown;
  auto past = past_layout_of({book->records(), records});
  auto unapplied = unapplied_of(header.inbox);
  if (!past || !unapplied) return unknown;
  past->unapplied = std::move(*unapplied);
  book->find_free_records();
  header.version = layout_file::version;
  return AdoptedBook{std::move(book), std::move(*past)};
}

LayoutBook::LayoutBook(sys::Descriptor file, sys::Mapping head)
    : file_(std::move(file)),
      number_(file_.get()),
      head_(std::move(head)),
      words_(file_, header().words_end),
      is_inbox_safe_(head_.lock(0, sys::page_bytes).ok()) {}

std::span<uffd_msg> LayoutBook::inbox() const {
  return is_inbox_safe_ ? std::span(header().inbox) : std::span<uffd_msg>();
}

void LayoutBook::note_applied(std::span<uffd_msg> messages) {
  PAGERD_CHECK(changes_ > 0);
  for (uffd_msg &message : messages) {
    if (message.event != UFFD_EVENT_PAGEFAULT) message.event = 0;
  }
}

LayoutRecord *LayoutBook::records() const {
  return reinterpret_cast<LayoutRecord *>(head_.data() + layout_file::records_at);
}

std::shared_ptr<WordArena> LayoutBook::words_of(const std::shared_ptr<LayoutBook> &book) {
  if (!book) return nullptr;
  return {book, &book->words_};
}

void LayoutBook::begin_change() {
  if (changes_++ > 0 || is_left_) return;
  header().is_changing.store(1, std::memory_order_relaxed);
  keep_order();
}

void LayoutBook::end_change() {
  PAGERD_CHECK(changes_ > 0);
  if (--changes_ > 0 || is_left_ || is_given_up_) return;
  keep_order();
  header().is_changing.store(0, std::memory_order_relaxed);
}

std::uint32_t LayoutBook::add(const LayoutRecord &record) {
  PAGERD_CHECK(changes_ > 0 && record.kind != RecordKind::none);
  if (is_left_ || is_given_up_) return no_record;
  if (free_.empty() && !grow()) {
    give_up();
    return no_record;
  }
  const std::uint32_t number = free_.back();
  free_.pop_back();
  records()[number] = record;
  return number;
}

void LayoutBook::replace(std::uint32_t number, const LayoutRecord &record) {
  PAGERD_CHECK(changes_ > 0 && record.kind != RecordKind::none);
  if (!is_left_ && number != no_record) records()[number] = record;
}

void LayoutBook::remove(std::uint32_t number) {
  PAGERD_CHECK(changes_ > 0);
  if (is_left_ || number == no_record) return;
  records()[number].kind = RecordKind::none;
  free_.push_back(number);
}

// By one page.
bool LayoutBook::grow() {
  const std::uint64_t used = header().records.load(std::memory_order_relaxed);
  PAGERD_CHECK(used % records_per_page == 0);
  if (used >= layout_file::records_max) return false;
  const std::uint64_t offset = layout_file::records_at + used * sizeof(LayoutRecord);
  if (!head_.populate(offset, sys::page_bytes).ok()) return false;
  const std::uint64_t end = used + records_per_page;
  for (std::uint64_t number = end; number > used; --number) {
    free_.push_back(static_cast<std::uint32_t>(number - 1));
  }
  header().records.store(end, std::memory_order_relaxed);
  return true;
}

void LayoutBook::find_free_records() {
  for (auto number = static_cast<std::uint32_t>(header().records.load()); number > 0; --number) {
    if (records()[number - 1].kind == RecordKind::none) free_.push_back(number - 1);
  }
}

void LayoutBook::leave() {
  is_left_ = true;
  words_.leave();
}

}  // namespace pagerd::engine
