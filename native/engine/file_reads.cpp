#include "engine/file_reads.hpp"

namespace pagerd::engine {

bool FileReads::begin(const std::shared_ptr<FillJob> &job) {
  const std::lock_guard lock(mutex_);
  Reads &reads = reads_[job->image.get()];
  if (reads.under_way == threads_max_) {
    reads.kept.push_back(job);
    return false;
  }
  ++reads.under_way;
  return true;
}

std::shared_ptr<FillJob> FileReads::end(const ServedImage &image) {
  const std::lock_guard lock(mutex_);
  const auto found = reads_.find(&image);
  Reads &reads = found->second;
  --reads.under_way;
  if (!reads.kept.empty()) {
    const std::shared_ptr<FillJob> next = std::move(reads.kept.front());
    reads.kept.pop_front();
    return next;
  }
  if (reads.under_way == 0) reads_.erase(found);
  return nullptr;
}

void FileReads::clear() {
  const std::lock_guard lock(mutex_);
  reads_.clear();
}

}  // namespace pagerd::engine
