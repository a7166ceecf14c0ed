#include <algorithm>
#include <cstring>
#include <random>

#include "claim.hpp"
#include "layer_files.hpp"

namespace pagerd::test {

namespace {

using image::PageState;
using sys::page_bytes;
using Chance = std::mt19937;

constexpr std::uint64_t pages_max = 1'000;

std::uint64_t below(Chance &chance, std::uint64_t end) { return chance() % end; }

// Runs of data and holes of all lengths, written zeros among them.
LayerPlan random_plan(Chance &chance, std::uint64_t length_bytes, std::uint32_t seed) {
  LayerPlan plan{length_bytes, {}};
  const std::uint64_t pages = sys::pages_covering(length_bytes);
  for (std::uint64_t page = below(chance, 40); page < pages;) {
    const std::uint64_t longest = below(chance, 4) == 0 ? 100 : 4;
    const std::uint64_t end = std::min(pages, page + 1 + below(chance, longest));
    plan.write(page, end, below(chance, 5) == 0 ? 0 : seed);
    page = end + below(chance, longest);
  }
  return plan;
}

// The longest may end anywhere, and any of them may be it.
std::vector<LayerPlan> random_plans(Chance &chance) {
  const std::size_t layers = 1 + below(chance, 5);
  const std::size_t odd = below(chance, layers);
  std::vector<LayerPlan> plans;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    const bool is_odd = layer == odd && below(chance, 2) == 0;
    const std::uint64_t length = is_odd ? pages_max * page_bytes + 1 + below(chance, 4000)
                                        : (1 + below(chance, pages_max)) * page_bytes;
    plans.push_back(random_plan(chance, length, static_cast<std::uint32_t>(layer + 1)));
  }
  return plans;
}

void check_page(const image::Image &image, const LayerFiles &files, std::uint64_t page) {
  const bool is_zero = files.is_zero(page);
  EXPECT(image.state(page) == (is_zero ? PageState::zero : PageState::resident));
  EXPECT(is_zero || files.matches(page, image.bytes_of(page)));
}

// Ranges in any order and of any length, as faults with windows ask for them.
void check_files(Chance &chance, const LayerFiles &files) {
  const image::FileSource source = files.open();
  EXPECT_EQUAL(source.length_bytes(), files.length_bytes());
  auto made = image::Image::create(source.length_bytes());
  EXPECT(made.ok());
  image::Image &image = made.value();
  std::vector<std::byte> scratch(512 * page_bytes);
  std::uint64_t bytes_read = 0;
  while (!image.is_fully_resident()) {
    const std::uint64_t at = below(chance, image.pages());
    const std::uint64_t high = std::min(image.pages(), at + 1 + below(chance, 512));
    const image::Run run = image.run_around(at, at, high);
    if (run.state != PageState::absent) continue;
    std::fill(scratch.begin(), scratch.end(), std::byte{0xaa});
    const auto report = source.fill(image, run.first, run.end, scratch);
    EXPECT(report.outcome == image::FillOutcome::filled);
    EXPECT_TEXT(report.reason, "");
    bytes_read += report.bytes_read;
    for (std::uint64_t page = run.first; page < run.end; ++page) check_page(image, files, page);
  }
  std::uint64_t data_bytes = 0;
  for (std::uint64_t page = 0; page < image.pages(); ++page) {
    check_page(image, files, page);
    const std::uint64_t end = std::min((page + 1) * page_bytes, files.length_bytes());
    if (!files.is_hole(page)) data_bytes += end - page * page_bytes;
  }
  EXPECT_EQUAL(bytes_read, data_bytes);
}

}  // namespace

CLAIM(layers_agree_with_a_merge) {
  for (const std::string &folder : {disk_folder(), memory_folder()}) {
    for (std::uint32_t round = 1; round <= 30; ++round) {
      Chance chance(round);
      check_files(chance, LayerFiles(folder, random_plans(chance)));
    }
  }
}

}  // namespace pagerd::test
