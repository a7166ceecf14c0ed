#include <cerrno>

#include "claim.hpp"
#include "layer_files.hpp"

namespace pagerd::test {

namespace {

using image::FileLayer;
using image::FileSource;
using sys::page_bytes;

std::vector<FileLayer> layers_of(const std::vector<std::uint64_t> &lengths) {
  std::vector<LayerPlan> plans;
  for (const std::uint64_t length : lengths) plans.push_back({length, {}});
  const LayerFiles files(memory_folder(), std::move(plans));
  std::vector<FileLayer> layers;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    auto layer = FileLayer::open(files.path(i));
    EXPECT(layer.ok());
    layers.push_back(layer.take());
  }
  return layers;
}

void expect_refusal(const std::vector<std::uint64_t> &lengths) {
  const auto source = FileSource::over(layers_of(lengths));
  EXPECT(!source.ok());
  EXPECT_EQUAL(static_cast<std::uint64_t>(source.error().code), EINVAL);
}

std::uint64_t length_of(const std::vector<std::uint64_t> &lengths) {
  auto source = FileSource::over(layers_of(lengths));
  EXPECT(source.ok());
  return source.value().length_bytes();
}

}  // namespace

// Of a page that a shorter layer covers in part, the rest would be taken for zeros.
CLAIM(layers_that_cannot_lie_over_each_other_are_refused) {
  expect_refusal({});
  expect_refusal(std::vector<std::uint64_t>(65, page_bytes));
  expect_refusal({2 * page_bytes, page_bytes + 1});
  expect_refusal({page_bytes - 1, page_bytes});
  expect_refusal({100, 100, 200});

  EXPECT_EQUAL(length_of(std::vector<std::uint64_t>(64, page_bytes)), page_bytes);
  EXPECT_EQUAL(length_of({5000}), 5000);
  EXPECT_EQUAL(length_of({5000, page_bytes}), 5000);
  EXPECT_EQUAL(length_of({page_bytes, 5000, 5000}), 5000);
  EXPECT_EQUAL(length_of({page_bytes, 3 * page_bytes, 2 * page_bytes}), 3 * page_bytes);
}

}  // namespace pagerd::test
