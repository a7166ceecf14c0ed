#pragma once

#include "client.hpp"

namespace pagerd::test {

// Many threads with little stack, each of which touches one page of a region and checks it.
class SmallThreads {
 public:
  // Page N of the region by thread N.
  SmallThreads(std::size_t count, const Mapped &mapped, const PatternImage &pattern);
  ~SmallThreads();
  SmallThreads(const SmallThreads &) = delete;
  SmallThreads &operator=(const SmallThreads &) = delete;

  std::size_t ended() const { return ended_.load(); }
  bool are_done() const { return ended() == touches_.size(); }

 private:
  struct Touch {
    SmallThreads *owner;
    std::uint64_t page;
  };
  static void *touch_one(void *argument);

  const Mapped mapped_;
  const PatternImage pattern_;
  std::atomic<std::size_t> ended_{0};
  std::vector<Touch> touches_;
  std::vector<pthread_t> threads_;
};

}  // namespace pagerd::test
