#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/layout_record.hpp"
#include "engine/word_arena.hpp"
#include "sys/memory.hpp"

namespace pagerd::engine {

class LayoutBook;

struct AdoptedBook;

// What one client has done to its memory, in a memfd, so that it outlives this process by the
// descriptor that others have of it: the regions of one address space, their parts, and which of
// their pages are discarded. At any moment it is right, or says that something is being changed;
// kill -9 can come between any two instructions. Under the address space's lock.
class LayoutBook {
 public:
  static constexpr std::uint32_t no_record = ~std::uint32_t{0};

  static sys::Result<std::shared_ptr<LayoutBook>> create();
  // The same book once more, from any descriptor of its memfd. Fails with EUCLEAN where it says
  // that it is not right, or makes no sense: then nobody knows what the client has done.
  static sys::Result<AdoptedBook> adopt(const sys::Descriptor &memfd);

  // Of the memfd, until the book is closed: what others of this process's descriptors go by.
  int descriptor() const { return number_; }

  // Spans whatever changes the book, and reading to elsewhere than its inbox.
  class Change {
   public:
    explicit Change(LayoutBook *book) : book_(book) {
      if (book_ != nullptr) book_->begin_change();
    }
    ~Change() {
      if (book_ != nullptr) book_->end_change();
    }
    Change(const Change &) = delete;
    Change &operator=(const Change &) = delete;

   private:
    LayoutBook *const book_;
  };

  // All within a change. A book without room for one more gives up: no_record.
  std::uint32_t add(const LayoutRecord &record);
  void replace(std::uint32_t number, const LayoutRecord &record);
  void remove(std::uint32_t number);

  // Where the userfaultfd is to be read to: what was read outlives us, applied or not. Empty where
  // that cannot be relied on; then reading is a change.
  std::span<uffd_msg> inbox() const;
  // Of these, or of all there is: layout events have had their effect. Within the change.
  void note_applied(std::span<uffd_msg> messages);
  void note_all_applied() { note_applied(header().inbox); }

  // It is not right any more, and never will be.
  void give_up() { is_given_up_ = true; }

  // Room for which pages are discarded; lives as long as the book.
  static std::shared_ptr<WordArena> words_of(const std::shared_ptr<LayoutBook> &book);

  // From here on it stays as it is, for whoever comes next.
  void leave();
  // Nobody will want it any more. For the last change's thread.
  void close() { file_.reset(); }
  // The next one of this process's descriptors is to have it.
  void keep_open() { [[maybe_unused]] const int kept = file_.release(); }

 private:
  LayoutBook(sys::Descriptor file, sys::Mapping head);

  LayoutHeader &header() const { return *reinterpret_cast<LayoutHeader *>(head_.data()); }
  LayoutRecord *records() const;
  void begin_change();
  void end_change();
  void find_free_records();
  bool grow();

  sys::Descriptor file_;
  const int number_;
  const sys::Mapping head_;  // the header and the records
  WordArena words_;
  unsigned changes_ = 0;  // one within the other
  const bool is_inbox_safe_;
  bool is_left_ = false;
  bool is_given_up_ = false;
  std::vector<std::uint32_t> free_;
};

}  // namespace pagerd::engine
