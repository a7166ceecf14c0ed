#include "bed.hpp"

namespace pagerd::test {

namespace {

// Takes every fill and does nothing with it.
class IdleDesk final : public engine::FillDesk {
 public:
  bool submit(Fill job) override {
    last = std::move(job);
    return true;
  }
  void raise(const Fill &) override {}

  Fill last;
};

}  // namespace

// A filler that finds a hole marks pages behind its range too, which nobody has asked for and no
// lock protects. Whoever asks for one of them at that moment gets an answer like any other.
CLAIM(asking_meets_holes_being_marked) {
  constexpr std::uint64_t pages = 50'000;
  auto image = image::Image::create(pages * sys::page_bytes);
  EXPECT(image.ok());
  const auto served = std::make_shared<engine::ServedImage>(1, image.take(), std::nullopt);
  IdleDesk desk;
  std::atomic<std::uint64_t> asked_page{0};
  std::thread filler([&] {
    for (std::uint64_t page = 0; page < pages; ++page) {
      while (asked_page.load() < page) {
      }
      // Now early, now late in the asking.
      for (std::uint64_t turn = page % 128; turn > 0; --turn) asked_page.load();
      served->image().mark_zero(page, page + 1);
    }
  });
  std::uint64_t in_time = 0;
  for (std::uint64_t page = 0; page < pages; ++page) {
    asked_page.store(page);
    const auto answer = served->ask({.image_page = page}, page, page + 1,
                                    engine::Urgency::demand, desk);
    EXPECT(answer == engine::Ask::ready || answer == engine::Ask::waiting);
    if (answer == engine::Ask::waiting) in_time += served->settle(*desk.last).size();
  }
  filler.join();
  EXPECT_EQUAL(served->image().zero_pages(), pages);
}

}  // namespace pagerd::test
