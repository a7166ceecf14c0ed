#include "client/served_book.hpp"

#include <utility>

namespace pagerd::client {

void ServedBook::note(std::uint64_t region, ServedRegion served) {
  const std::lock_guard held(lock_);
  regions_.insert_or_assign(region, std::move(served));
}

void ServedBook::strike(std::uint64_t region) {
  const std::lock_guard held(lock_);
  regions_.erase(region);
}

std::vector<std::pair<std::uint64_t, ServedRegion>> ServedBook::regions() const {
  const std::lock_guard held(lock_);
  return {regions_.begin(), regions_.end()};
}

void ServedBook::note_published(const std::string &name,
                                std::shared_ptr<const sys::Descriptor> file) {
  const std::lock_guard held(lock_);
  published_.insert_or_assign(name, std::move(file));
}

std::vector<std::pair<std::string, std::shared_ptr<const sys::Descriptor>>> ServedBook::published()
    const {
  const std::lock_guard held(lock_);
  return {published_.begin(), published_.end()};
}

}  // namespace pagerd::client
