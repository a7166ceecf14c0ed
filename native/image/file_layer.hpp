#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sys/file.hpp"

namespace pagerd::image {

// Pages [first, end) that all have data, if only in part.
struct DataRun {
  std::uint64_t first;
  std::uint64_t end;
};

// A regular file that pages come from: alone, or as one of several that lie over each other. It is
// read by filler threads only: every call may block. It must stay what it was when it was
// registered (size, modification time, inode).
class FileLayer {
 public:
  // Opened by path; or, with an empty path, identified by the descriptor alone.
  static sys::Result<FileLayer> open(const std::string &path);
  static sys::Result<FileLayer> from_descriptor(int descriptor);

  std::uint64_t length_bytes() const { return identity_.size_bytes; }
  const sys::FileIdentity &identity() const { return identity_; }
  const std::string &path() const { return path_; }

  // The next run at `page` or behind it, as far as `limit`; without one it is [limit, limit). Not
  // always the longest that there could be: the run behind it may begin where this one ends.
  sys::Result<DataRun> next_run(std::uint64_t page, std::uint64_t limit) const;
  sys::Status read(std::uint64_t offset_bytes, std::span<std::byte> into) const;
  // "" while it is still the registered file.
  std::string what_changed() const;

 private:
  FileLayer(std::string path, sys::Descriptor file, sys::FileIdentity identity)
      : path_(std::move(path)), file_(std::move(file)), identity_(identity) {}

  std::string path_;
  sys::Descriptor file_;
  sys::FileIdentity identity_;
};

}  // namespace pagerd::image
