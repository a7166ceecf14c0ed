#include "scripts.hpp"

namespace pagerd::model {

namespace {

// What is discarded is the file's again.
void write_and_discard(Scene &scene) {
  scene.thread("writer", [&] { scene.client().write(1, 7); });
  scene.thread("discarder", [&] { scene.client().discard(1, 1); });
}

void touch_and_write(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(0); });
  scene.thread("writer", [&] { scene.client().write(1, 7); });
}

void write_and_move(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("mover", [&] {
    scene.client().write(0, 7);
    scene.client().move(0, 2, 8);
  });
}

// What a mapping of the file grows by is what the file has there.
void move_and_grow(Scene &scene) {
  scene.thread("mover", [&] { scene.client().move(0, 2, 8, 1); });
  scene.thread("reader", [&] { scene.client().touch(1); });
}

void fork(Scene &scene) {
  scene.thread("forker", [&] {
    scene.client().write(0, 7);
    const auto child = scene.fork();
    scene.thread("child", [child] { child->write(1, 8); });
    scene.client().touch(1);
  });
}

}  // namespace

const std::vector<Script> &scripts_of_shares() {
  constexpr auto shared = engine::Backing::image_private;
  static const Setting warm{.layout_features = layout_events, .backing = shared};
  static const Setting cold{
      .is_resident = false, .layout_features = layout_events, .backing = shared};
  static const Setting longer{
      .image_pages = 3, .layout_features = layout_events, .backing = shared};
  static const Setting plain{.is_resident = false, .backing = shared, .fault_threads = 2};
  static const std::vector<Script> all{
      {"a_shared_write_meets_a_discard", warm, always, false, write_and_discard},
      {"a_cold_shared_write_meets_a_discard", cold, 2, false, write_and_discard},
      {"a_shared_touch_meets_a_write", plain, 2, false, touch_and_write},
      {"a_shared_touch_meets_a_move", warm, 1, false, write_and_move},
      {"a_shared_touch_meets_growth", longer, 1, false, move_and_grow},
      {"a_shared_write_meets_a_fork", cold, 1, false, fork},
  };
  return all;
}

}  // namespace pagerd::model
