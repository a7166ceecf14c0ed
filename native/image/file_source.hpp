#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "image/file_layer.hpp"
#include "image/image.hpp"

namespace pagerd::image {

// How one attempt to bring a range ended.
enum class FillOutcome {
  filled,
  failed,  // this time: worth another try
  lost,    // for good: a file is no longer the one that was registered
};

struct FillReport {
  FillOutcome outcome;
  std::uint64_t bytes_read;
  std::string reason;  // empty when filled
};

// Regular files as the source of an image: one, or several that lie over each other. A page is the
// newest layer's that has data in it, all of it; where none has any it is zero. Used by filler
// threads only: every call may block. A layer that changes is a failure of the source, never new
// content.
class FileSource {
 public:
  static constexpr std::size_t layers_max = 64;

  // The base first. Refused with EINVAL when there are none, or too many, or one ends within a page
  // of the image: half of that page would be a newer layer's, and nobody's the other half.
  static sys::Result<FileSource> over(std::vector<FileLayer> layers);
  static sys::Result<FileSource> open(const std::string &path);
  static sys::Result<FileSource> from_descriptor(int descriptor);

  // The longest layer's.
  std::uint64_t length_bytes() const { return length_bytes_; }
  const std::vector<FileLayer> &layers() const { return layers_; }

  // Brings pages [first, end) into the image, by one read for each run of pages that lie in one
  // layer side by side. Holes are not read. `scratch` has room for the whole range.
  FillReport fill(Image &image, std::uint64_t first, std::uint64_t end,
                  std::span<std::byte> scratch) const;

 private:
  // Pages [first, end) of one layer, or of none: zeros.
  struct Piece {
    std::optional<std::size_t> layer;
    std::uint64_t first;
    std::uint64_t end;
  };
  // Why the range cannot be had: the layer, and what it said.
  struct Obstacle {
    std::size_t layer;
    sys::Error error;
  };

  FileSource(std::vector<FileLayer> layers, std::uint64_t length_bytes)
      : layers_(std::move(layers)), length_bytes_(length_bytes) {}

  // The pieces of [first, end) in their order. A hole at the end goes on behind it, up to `limit`.
  std::optional<Obstacle> plan(std::uint64_t first, std::uint64_t end, std::uint64_t limit,
                               std::vector<Piece> &pieces) const;
  FillReport failure(const Obstacle &obstacle) const;
  std::string what_changed() const;
  std::string name_of(std::size_t layer) const;

  std::vector<FileLayer> layers_;
  std::uint64_t length_bytes_;
};

}  // namespace pagerd::image
