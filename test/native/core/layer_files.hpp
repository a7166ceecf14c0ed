#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "image/file_source.hpp"
#include "pattern_image.hpp"

namespace pagerd::test {

// What is written to a file: pages to the seeds of their patterns, 0 for zeros that are written
// like any other data. The pages between are holes.
struct LayerPlan {
  std::uint64_t length_bytes;
  std::map<std::uint64_t, std::uint32_t> seeds;

  // Pages [first, end) of one seed.
  LayerPlan &write(std::uint64_t first, std::uint64_t end, std::uint32_t seed);
};

// Where files of a test may lie: on the disk, and in memory.
std::string disk_folder();
std::string memory_folder();

// Files that lie over each other, the base first, in a folder of their own below the parent, and
// beside them the plain model of what an image of them is. Removed at the end.
class LayerFiles {
 public:
  LayerFiles(const std::string &parent, std::vector<LayerPlan> plans);
  ~LayerFiles();
  LayerFiles(const LayerFiles &) = delete;
  LayerFiles &operator=(const LayerFiles &) = delete;

  const std::string &path(std::size_t layer) const { return paths_.at(layer); }
  image::FileSource open() const;

  std::uint64_t length_bytes() const;
  std::uint64_t pages() const { return sys::pages_covering(length_bytes()); }
  bool is_hole(std::uint64_t page) const { return seed_of(page) == nullptr; }
  bool is_zero(std::uint64_t page) const { return is_hole(page) || *seed_of(page) == 0; }
  // The newest layer's that was written there, else zeros; up to the end of the image.
  Page page(std::uint64_t number) const;
  bool matches(std::uint64_t number, const std::byte *memory) const;

 private:
  const std::uint32_t *seed_of(std::uint64_t page) const;

  const std::vector<LayerPlan> plans_;
  std::string folder_;
  std::vector<std::string> paths_;
};

}  // namespace pagerd::test
