#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "engine/fills.hpp"

namespace pagerd::engine {

// Which images' files are being read. A file may answer never: so one image has no more threads
// than there are fillers, others' reads find the threads that take those ones' places.
class FileReads {
 public:
  // Before any read.
  void limit(std::size_t threads) { threads_max_ = threads; }
  // Whether the job may be done now; else it is kept.
  bool begin(const std::shared_ptr<FillJob> &job);
  // One that was kept for the image and may be done now, if there is any.
  std::shared_ptr<FillJob> end(const ServedImage &image);
  void clear();

 private:
  struct Reads {
    std::size_t under_way = 0;
    std::deque<std::shared_ptr<FillJob>> kept;
  };

  std::size_t threads_max_ = 1;
  std::mutex mutex_;
  std::map<const ServedImage *, Reads> reads_;
};

}  // namespace pagerd::engine
