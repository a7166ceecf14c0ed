#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "image/image.hpp"
#include "sys/file.hpp"

namespace pagerd::image {

// How one attempt to bring a range ended.
enum class FillOutcome {
  filled,
  failed,  // this time: worth another try
  lost,    // for good: the file is no longer the one that was registered
};

struct FillReport {
  FillOutcome outcome;
  std::uint64_t bytes_read;
  std::string reason;  // empty when filled
};

// A regular file as the source of an image. It is read by filler threads only: every call may
// block. The file must stay what it was when it was registered (size, modification time, inode);
// anything else is a failure of the source, never new content.
class FileSource {
 public:
  // Opened by path; or, with an empty path, identified by the descriptor alone.
  static sys::Result<FileSource> open(const std::string &path);
  static sys::Result<FileSource> from_descriptor(int descriptor);

  std::uint64_t length_bytes() const { return identity_.size_bytes; }
  const sys::FileIdentity &identity() const { return identity_; }

  // Brings pages [first, end) into the image. Holes are not read. `scratch` has room for the whole
  // range.
  FillReport fill(Image &image, std::uint64_t first, std::uint64_t end,
                  std::span<std::byte> scratch) const;

 private:
  FileSource(std::string path, sys::Descriptor file, sys::FileIdentity identity)
      : path_(std::move(path)), file_(std::move(file)), identity_(identity) {}

  // "" while the file is still the registered one.
  std::string what_changed() const;

  std::string path_;
  sys::Descriptor file_;
  sys::FileIdentity identity_;
};

}  // namespace pagerd::image
