#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sys/page.hpp"

namespace pagerd::test {

using Page = std::array<std::byte, sys::page_bytes>;

// What an image holds: pages that tell their seed and offset, pages of zeros, and holes, in runs
// that end at odd places. Its length need not be a multiple of a page.
struct PatternImage {
  std::uint32_t seed;
  std::uint64_t length_bytes;
  bool has_zeros = true;

  std::uint64_t pages() const { return sys::pages_covering(length_bytes); }
  bool is_hole(std::uint64_t page) const { return has_zeros && (page / 16) % 9 == 4; }
  bool is_zero(std::uint64_t page) const {
    return is_hole(page) || (has_zeros && (page / 5) % 7 == 3);
  }
  // As a client sees it: behind the image's end are zeros.
  Page page(std::uint64_t number) const;
  bool matches(std::uint64_t number, const std::byte *memory) const;
  std::vector<std::byte> bytes(std::uint64_t first_page, std::uint64_t end_page) const;
};

// The image as a file of its own directory, holes included. Removed at the end.
class PatternFile {
 public:
  explicit PatternFile(const PatternImage &image);
  ~PatternFile();
  PatternFile(const PatternFile &) = delete;
  PatternFile &operator=(const PatternFile &) = delete;

  const std::string &path() const { return path_; }
  const PatternImage &image() const { return image_; }

 private:
  const PatternImage image_;
  std::string directory_;
  std::string path_;
};

}  // namespace pagerd::test
