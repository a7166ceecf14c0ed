#include "scripts.hpp"

namespace pagerd::model {

namespace {

using engine::OnDiscard;

// The client's own writes go, and the image comes back.
void touch_write_and_discard(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(0); });
  scene.thread("discarder", [&] {
    scene.client().write(1, 7);
    scene.client().discard(0, 2);
    scene.client().touch(1);
  });
}

void discard_and_move(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(2); });
  scene.thread("mover", [&] {
    scene.client().discard(1, 1);
    scene.client().move(0, 3, 8);
    scene.client().discard(8, 2);
  });
}

void discard_and_grow(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("mover", [&] {
    scene.client().move(0, 2, 8, 1);
    scene.client().discard(8, 3);
    scene.client().touch(10);
  });
}

void forks(Scene &scene) {
  scene.thread("forker", [&] {
    scene.client().discard(1, 1);
    const auto child = scene.fork();
    scene.thread("child", [child] {
      child->discard(0, 1);
      child->touch(0);
    });
  });
}

// As libpagerd does it. Whoever touches a page meanwhile finds the image's bytes, never zeros; and
// what is discarded after it is zeros again.
void touch_and_reset(Scene &scene) {
  scene.thread("reader", [&] {
    scene.client().touch(0);
    scene.client().touch(1);
  });
  scene.thread("resetter", [&] {
    scene.choose_discard(1, OnDiscard::image);
    scene.client().discard(0, 2);
    scene.choose_discard(1, OnDiscard::zeros);
    scene.client().discard(1, 1);
  });
}

}  // namespace

const std::vector<Script> &scripts_of_discards() {
  static const Setting two{.layout_features = layout_events, .on_discard = OnDiscard::image};
  static const Setting three{
      .pages = 3, .layout_features = layout_events, .on_discard = OnDiscard::image};
  static const Setting zeros{.layout_features = layout_events};
  static const Setting absent{.is_resident = false, .layout_features = layout_events};
  static const std::vector<Script> all{
      {"the_image_comes_back", two, 2, false, touch_write_and_discard},
      {"the_image_comes_back_where_pages_moved", three, 0, false, discard_and_move},
      {"what_grows_is_zeros", two, 0, false, discard_and_grow},
      {"the_image_comes_back_in_a_child", two, 1, false, forks},
      {"touches_meet_a_reset", zeros, 2, false, touch_and_reset},
      {"touches_of_absent_pages_meet_a_reset", absent, 1, false, touch_and_reset},
  };
  return all;
}

}  // namespace pagerd::model
