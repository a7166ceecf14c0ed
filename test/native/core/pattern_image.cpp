#include "pattern_image.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../../harness/pattern.h"
#include "claim.hpp"

namespace pagerd::test {

using sys::page_bytes;

Page PatternImage::page(std::uint64_t number) const {
  Page page{};
  if (is_zero(number)) return page;
  const std::uint64_t offset = number * page_bytes;
  pattern_write(reinterpret_cast<unsigned char *>(page.data()), page.size(), seed, offset);
  const std::uint64_t rest = length_bytes - offset;
  if (rest < page_bytes) {
    std::fill(page.begin() + static_cast<std::ptrdiff_t>(rest), page.end(), std::byte{0});
  }
  return page;
}

bool PatternImage::matches(std::uint64_t number, const std::byte *memory) const {
  const Page wanted = page(number);
  return std::memcmp(wanted.data(), memory, wanted.size()) == 0;
}

std::vector<std::byte> PatternImage::bytes(std::uint64_t first_page, std::uint64_t end_page) const {
  std::vector<std::byte> bytes;
  for (std::uint64_t number = first_page; number < end_page; ++number) {
    const Page one = page(number);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  bytes.resize(std::min(end_page * page_bytes, length_bytes) - first_page * page_bytes);
  return bytes;
}

PatternFile::PatternFile(const PatternImage &image) : image_(image) {
  const char *parent = std::getenv("TMPDIR");
  directory_ = std::string(parent != nullptr ? parent : P_tmpdir) + "/pagerd-core-XXXXXX";
  EXPECT(::mkdtemp(directory_.data()) != nullptr);
  path_ = directory_ + "/image";

  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  EXPECT(file >= 0);
  EXPECT(::ftruncate(file, static_cast<off_t>(image.length_bytes)) == 0);
  for (std::uint64_t number = 0; number < image.pages(); ++number) {
    if (image.is_hole(number)) continue;
    const auto bytes = image.bytes(number, number + 1);
    const auto offset = static_cast<off_t>(number * page_bytes);
    EXPECT(::pwrite(file, bytes.data(), bytes.size(), offset) ==
           static_cast<ssize_t>(bytes.size()));
  }
  ::close(file);
}

PatternFile::~PatternFile() {
  ::unlink(path_.c_str());
  ::rmdir(directory_.c_str());
}

}  // namespace pagerd::test
