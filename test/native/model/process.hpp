#pragma once

#include <functional>
#include <memory>
#include <set>

#include "memory.hpp"

namespace pagerd::model {

// What the threads of one client do, each call by the fiber that stands for the thread. A call is a
// few steps, between which anybody else may go on. Pages are numbers; the truth about each is kept
// on the way, and compared with what is read.
class Process {
 public:
  explicit Process(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}

  Memory &memory() { return *memory_; }
  std::shared_ptr<Memory> shared_memory() const { return memory_; }

  // Before the threads run: maps pages [first, first + count) as one, of the image from `of` on,
  // its file where the memory has one.
  void map(unsigned first, unsigned count, std::uint64_t of);

  void touch(unsigned page);
  void write(unsigned page, unsigned what);
  // madvise(MADV_DONTNEED).
  void discard(unsigned first, unsigned count);
  void unmap(unsigned first, unsigned count);
  // mremap() elsewhere, and longer by `grown` pages. `keeps`: with MREMAP_DONTUNMAP.
  enum class Old { goes, stays };
  void move(unsigned from, unsigned count, unsigned to, unsigned grown = 0, Old old = Old::goes);
  // mremap() in place.
  void grow(unsigned first, unsigned count, unsigned grown);
  // Until nothing is mapped there any more, which may be before the engine has heard of it.
  void await_free(unsigned page);
  // A COPY of the client's own, or of a manager's before, that wakes nobody.
  void install_quietly(unsigned page);
  // A signal that the thread handles while it waits, if it does.
  void interrupt(const Fiber &thread);
  std::shared_ptr<Process> fork();
  void die();
  // The same at once, by whoever runs.
  void end();

  // All pages that are mapped.
  void touch_all();
  // Whoever should read one of these may find poison in its place.
  std::set<Value> poisonable;

 private:
  bool reach(unsigned page, bool is_write);
  void check(unsigned page) const;
  void raise_event(LayoutNote note);
  void clear(unsigned first, unsigned end);
  Page empty_page(unsigned mapping, Value in_file) const;

  const std::shared_ptr<Memory> memory_;
};

}  // namespace pagerd::model
