#include "image/file_source.hpp"

#include <algorithm>
#include <cstring>

#include "sys/page.hpp"

namespace pagerd::image {

using sys::page_bytes;

namespace {

// How far beyond a wanted range a hole is marked in passing: one fill per 32 MiB of hole is enough
// then.
constexpr std::uint64_t hole_ahead_pages = 8192;

std::string describe(const sys::Error &error) {
  return std::string(error.call) + ": " + std::strerror(error.code);
}

std::string size_change(std::uint64_t was, std::uint64_t is) {
  return "its size was " + std::to_string(was) + " bytes and is " + std::to_string(is);
}

}  // namespace

sys::Result<FileSource> FileSource::open(const std::string &path) {
  auto file = sys::open_for_reading(path);
  if (!file.ok()) return file.error();
  auto identity = sys::identity_of_descriptor(file.value());
  if (!identity.ok()) return identity.error();
  return FileSource(path, file.take(), identity.value());
}

sys::Result<FileSource> FileSource::from_descriptor(int descriptor) {
  auto file = sys::duplicate_descriptor(descriptor);
  if (!file.ok()) return file.error();
  auto identity = sys::identity_of_descriptor(file.value());
  if (!identity.ok()) return identity.error();
  return FileSource("", file.take(), identity.value());
}

std::string FileSource::what_changed() const {
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

FillReport FileSource::fill(Image &image, std::uint64_t first, std::uint64_t end,
                            std::span<std::byte> scratch) const {
  PAGERD_CHECK(first < end && end <= image.pages());
  PAGERD_CHECK((end - first) * page_bytes <= scratch.size());
  const std::uint64_t end_bytes = std::min(end * page_bytes, image.length_bytes());
  const std::uint64_t data = sys::next_data(file_, first * page_bytes, image.length_bytes());
  // The first page that has data, if only in part; the image's end when none has.
  const std::uint64_t data_page = data < image.length_bytes() ? data / page_bytes : image.pages();
  const bool is_hole = data_page >= end;

  // Read first, then ask whether the file is still the same: so what is committed was read from the
  // same file.
  const std::uint64_t from_bytes = is_hole ? end_bytes : data_page * page_bytes;
  const auto into = scratch.first(static_cast<std::size_t>(end_bytes - from_bytes));
  if (!into.empty()) {
    const auto read = sys::read_exactly(file_, from_bytes, into);
    if (!read.ok()) {
      const std::string changed = what_changed();
      if (!changed.empty()) return {FillOutcome::lost, 0, "the file changed: " + changed};
      return {FillOutcome::failed, 0, describe(read.error())};
    }
  }
  const std::string changed = what_changed();
  if (!changed.empty()) return {FillOutcome::lost, 0, "the file changed: " + changed};

  image.mark_zero(first, std::min(data_page, is_hole ? end + hole_ahead_pages : end));
  if (!into.empty()) image.commit(from_bytes / page_bytes, into);
  return {FillOutcome::filled, into.size(), ""};
}

}  // namespace pagerd::image
