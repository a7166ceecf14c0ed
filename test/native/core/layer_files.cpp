#include "layer_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "claim.hpp"

namespace pagerd::test {

using sys::page_bytes;

namespace {

Page page_of(std::uint32_t seed, std::uint64_t number, std::uint64_t length_bytes) {
  if (seed == 0) return Page{};
  return PatternImage{.seed = seed, .length_bytes = length_bytes, .has_zeros = false}.page(number);
}

void write_file(const std::string &path, const LayerPlan &plan) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  EXPECT(file >= 0);
  EXPECT(::ftruncate(file, static_cast<off_t>(plan.length_bytes)) == 0);
  for (const auto &[number, seed] : plan.seeds) {
    const Page page = page_of(seed, number, plan.length_bytes);
    const std::uint64_t offset = number * page_bytes;
    const std::size_t length = std::min(page_bytes, plan.length_bytes - offset);
    EXPECT(::pwrite(file, page.data(), length, static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(length));
  }
  ::close(file);
}

}  // namespace

LayerPlan &LayerPlan::write(std::uint64_t first, std::uint64_t end, std::uint32_t seed) {
  for (std::uint64_t page = first; page < end; ++page) seeds[page] = seed;
  return *this;
}

std::string disk_folder() {
  const char *parent = std::getenv("TMPDIR");
  return parent != nullptr ? parent : P_tmpdir;
}

std::string memory_folder() { return "/dev/shm"; }

LayerFiles::LayerFiles(const std::string &parent, std::vector<LayerPlan> plans)
    : plans_(std::move(plans)), folder_(parent + "/pagerd-core-XXXXXX") {
  EXPECT(::mkdtemp(folder_.data()) != nullptr);
  for (std::size_t layer = 0; layer < plans_.size(); ++layer) {
    paths_.push_back(folder_ + "/layer-" + std::to_string(layer));
    write_file(paths_.back(), plans_[layer]);
  }
}

LayerFiles::~LayerFiles() {
  for (const std::string &path : paths_) ::unlink(path.c_str());
  ::rmdir(folder_.c_str());
}

image::FileSource LayerFiles::open() const {
  std::vector<image::FileLayer> layers;
  for (const std::string &path : paths_) {
    auto layer = image::FileLayer::open(path);
    EXPECT(layer.ok());
    layers.push_back(layer.take());
  }
  auto source = image::FileSource::over(std::move(layers));
  EXPECT(source.ok());
  return source.take();
}

std::uint64_t LayerFiles::length_bytes() const {
  std::uint64_t longest = 0;
  for (const LayerPlan &plan : plans_) longest = std::max(longest, plan.length_bytes);
  return longest;
}

const std::uint32_t *LayerFiles::seed_of(std::uint64_t page) const {
  for (auto plan = plans_.rbegin(); plan != plans_.rend(); ++plan) {
    const auto found = plan->seeds.find(page);
    if (found != plan->seeds.end()) return &found->second;
  }
  return nullptr;
}

Page LayerFiles::page(std::uint64_t number) const {
  return page_of(is_hole(number) ? 0 : *seed_of(number), number, length_bytes());
}

bool LayerFiles::matches(std::uint64_t number, const std::byte *memory) const {
  const Page wanted = page(number);
  return std::memcmp(wanted.data(), memory, wanted.size()) == 0;
}

}  // namespace pagerd::test
