#include "image/file_layer.hpp"

#include <algorithm>
#include <cstring>

#include "sys/page.hpp"

namespace pagerd::image {

using sys::page_bytes;

namespace {

std::string describe(const sys::Error &error) {
  return std::string(error.call) + ": " + std::strerror(error.code);
}

std::string size_change(std::uint64_t was, std::uint64_t is) {
  return "its size was " + std::to_string(was) + " bytes and is " + std::to_string(is);
}

}  // namespace

sys::Result<FileLayer> FileLayer::open(const std::string &path) {
  auto file = sys::open_for_reading(path);
  if (!file.ok()) return file.error();
  auto identity = sys::identity_of_descriptor(file.value());
  if (!identity.ok()) return identity.error();
  return FileLayer(path, file.take(), identity.value());
}

sys::Result<FileLayer> FileLayer::from_descriptor(int descriptor) {
  auto file = sys::duplicate_descriptor(descriptor);
  if (!file.ok()) return file.error();
  auto identity = sys::identity_of_descriptor(file.value());
  if (!identity.ok()) return identity.error();
  return FileLayer("", file.take(), identity.value());
}

sys::Result<DataRun> FileLayer::next_run(std::uint64_t page, std::uint64_t limit) const {
  PAGERD_CHECK(page < limit);
  const std::uint64_t limit_bytes = limit * page_bytes;
  auto data = sys::next_data(file_, page * page_bytes, limit_bytes);
  if (!data.ok()) return data.error();
  const std::uint64_t first = data.value() / page_bytes;
  if (first >= limit) return DataRun{limit, limit};
  // From the data itself on: blocks smaller than a page may leave a hole in front of it.
  auto hole = sys::next_hole(file_, data.value(), limit_bytes);
  if (!hole.ok()) return hole.error();
  const std::uint64_t end = sys::pages_covering(hole.value());
  // A hole that was punched in between is no reason to stand still: the identity check tells.
  return DataRun{first, std::clamp(end, first + 1, limit)};
}

sys::Status FileLayer::read(std::uint64_t offset_bytes, std::span<std::byte> into) const {
  return sys::read_exactly(file_, offset_bytes, into);
}

std::string FileLayer::what_changed() const {
  auto now = sys::identity_of_descriptor(file_);
  if (!now.ok()) return describe(now.error());
  if (now.value().size_bytes != identity_.size_bytes) {
    return size_change(identity_.size_bytes, now.value().size_bytes);
  }
  if (now.value() != identity_) return "it was modified";
  if (path_.empty()) return "";
  auto named = sys::identity_of_path(path_);
  if (!named.ok()) return "its path: " + describe(named.error());
  if (named.value() != identity_) return "its path names another file now";
  return "";
}

}  // namespace pagerd::image
