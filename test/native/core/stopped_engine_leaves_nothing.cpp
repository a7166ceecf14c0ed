#include "client.hpp"

namespace pagerd::test {

namespace {

using sys::page_bytes;

constexpr std::uint64_t pages = 2048;

// Whatever an engine may be in the middle of. The clients outlive it, as real ones do.
struct Work {
  explicit Work(Bed &bed) : bed(bed) {
    bed.holds_fills = true;
    for (unsigned i = 0; i < 4; ++i) clients.push_back(std::make_unique<Client>(bed));
    file.emplace(PatternImage{.seed = 1, .length_bytes = pages * page_bytes});
    hanging = clients[0]->map(bed.add(pattern), {.window_bytes = 4096});
    cold = clients[1]->map(bed.add(*file), {.window_bytes = 4096});
    failing = clients[2]->map(add_failing(), {.window_bytes = 4096});
    removed = clients[3]->map(bed.add(pattern));
    bed.engine().remove_image(removed.region->image().id());
  }

  // Reads fail here, so that fills of it are always on their way to another try.
  Image add_failing() {
    auto memory = sys::open_for_reading("/proc/self/mem");
    auto source = image::FileSource::from_descriptor(memory.value().get());
    return bed.add(pages * page_bytes, source.take());
  }

  void begin() {
    touch_later(hanging, 20);
    touch_later(failing, 4);
    touch_later(removed, 2);
    clients[0]->prefault(hanging, 100, 1000);
    for (std::uint64_t i = 0; i < 50; ++i) clients[1]->prefault(cold, i * 7, 500);
    clients[2]->prefault(failing, 100, 100);
    clients[3]->prefault(removed, 100, 500);
  }

  void touch_later(const Mapped &mapped, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      touchers.emplace_back([mapped, i] { touch(mapped.page(i)); });
    }
  }

  // The last descriptors go, and with them whoever waits.
  void end() {
    for (const auto &client : clients) {
      client->space.reset();
      client->uffd.reset();
    }
    for (std::thread &toucher : touchers) toucher.join();
  }

  Bed &bed;
  const PatternImage pattern{.seed = 2, .length_bytes = pages * page_bytes, .has_zeros = false};
  std::optional<PatternFile> file;
  std::vector<std::unique_ptr<Client>> clients;
  Mapped hanging, cold, failing, removed;
  std::vector<std::thread> touchers;
};

void check(unsigned moment) {
  engine::Options options = small_options();
  options.fill_policy = {1000, 1'000'000, 2'000'000};
  auto bed = std::make_unique<Bed>(options);
  Work work(*bed);
  work.begin();
  switch (moment) {
    case 0:  // at once, with commands that nobody has carried out
      for (const auto &client : work.clients) bed->engine().note_reset(client->space, 1);
      bed->engine().detach(std::exchange(work.clients[1]->space, nullptr));
      break;
    case 1:  // with everything waiting for something
      bed->pump_until([&] {
        return work.clients[0]->space->pending.count() == 20 &&
               work.clients[2]->space->pending.count() == 4 && bed->held.size() > 25;
      });
      break;
    case 2:  // with answers on their way
      bed->pump_until([&] { return bed->held.size() > 25; });
      bed->answer_held();
      break;
  }
  bed.reset();
  work.end();
}

}  // namespace

CLAIM(stopped_engine_leaves_nothing) {
  for (unsigned moment = 0; moment < 3; ++moment) {
    check(moment);
    EXPECT_EQUAL(open_userfaultfds(), 0);
  }
}

}  // namespace pagerd::test
