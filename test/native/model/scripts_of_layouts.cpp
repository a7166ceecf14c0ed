#include "scripts.hpp"

namespace pagerd::model {

namespace {

void touch_and_discard(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("discarder", [&] {
    scene.client().discard(0, 2);
  });
}

void touches_and_discard(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(0); });
  scene.thread("writer", [&] { scene.client().write(1, 7); });
  scene.thread("discarder", [&] { scene.client().discard(1, 1); });
}

void touch_and_move(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("mover", [&] {
    scene.client().move(0, 2, 8);
  });
}

// The written page and the discarded one go along.
void discard_and_move(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(2); });
  scene.thread("mover", [&] {
    scene.client().write(0, 7);
    scene.client().discard(1, 1);
    scene.client().move(0, 3, 8);
  });
}

void touch_at_the_new_place(Scene &scene) {
  scene.thread("early", [&] { scene.client().touch(8); });
  scene.thread("mover", [&] { scene.client().move(0, 2, 8); });
}

void touch_and_unmap(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("neighbour", [&] { scene.client().touch(2); });
  scene.thread("unmapper", [&] { scene.client().unmap(1, 1); });
}

// The window of a fault that is deferred reaches into what goes.
void touch_and_unmap_beside(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("unmapper", [&] { scene.client().unmap(0, 1); });
}

void move_and_grow(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("mover", [&] {
    scene.client().move(0, 2, 8, 1);
    scene.client().touch(10);
  });
}

void grow_in_place(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("grower", [&] {
    scene.client().grow(0, 2, 2);
    scene.client().touch(3);
  });
  scene.thread("early", [&] { scene.client().touch(2); });
}

void move_and_keep(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("mover", [&] {
    scene.client().move(0, 2, 8, 0, Process::Old::stays);
  });
}

// The kernel gives addresses away again before their event was raised. Of what two threads have
// moved to and from one place it may be beyond telling which pages are where.
void move_where_others_were(Scene &scene) {
  scene.thread("first", [&] { scene.client().move(0, 1, 8); });
  scene.thread("second", [&] {
    scene.client().await_free(0);
    scene.client().move(1, 1, 0);
  });
}

void move_where_was_unmapped(Scene &scene) {
  scene.thread("first", [&] { scene.client().unmap(0, 1); });
  scene.thread("second", [&] {
    scene.client().await_free(0);
    scene.client().move(1, 1, 0);
  });
}

void touch_and_interrupts(Scene &scene) {
  const Fiber &reader = scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("sender", [&] {
    scene.client().interrupt(reader);
    scene.client().interrupt(reader);
  });
  scene.thread("discarder", [&] { scene.client().discard(1, 1); });
}

void forks(Scene &scene) {
  scene.thread("forker", [&] {
    scene.client().discard(1, 1);
    const auto child = scene.fork();
    scene.thread("child", [child] { child->touch(1); });
    scene.client().discard(0, 1);
  });
}

}  // namespace

const std::vector<Script> &scripts_of_layouts() {
  static const Setting two{.layout_features = layout_events};
  static const Setting three{.pages = 3, .layout_features = layout_events};
  static const Setting racing{.layout_features = layout_events, .may_be_given_up = true};
  static const Setting single{.window_pages = 1, .layout_features = layout_events};
  static const std::vector<Script> all{
      {"a_touch_meets_a_discard", two, always, false, touch_and_discard},
      {"two_touches_meet_a_discard", two, 2, false, touches_and_discard},
      {"a_touch_meets_a_move", two, 1, false, touch_and_move},
      {"discarded_pages_move", three, 1, false, discard_and_move},
      {"a_touch_comes_before_a_move", single, 3, false, touch_at_the_new_place},
      {"touches_meet_an_unmap", three, 1, false, touch_and_unmap},
      {"a_touch_beside_an_unmap", two, always, false, touch_and_unmap_beside},
      {"a_touch_meets_a_move_that_grows", two, 1, false, move_and_grow},
      {"touches_meet_growth_in_place", two, 2, false, grow_in_place},
      {"a_touch_meets_a_move_that_keeps", two, 2, false, move_and_keep},
      {"a_move_goes_where_others_were", racing, 0, false, move_where_others_were},
      {"a_move_goes_where_was_unmapped", two, 1, false, move_where_was_unmapped},
      {"a_touch_is_interrupted", two, 1, false, touch_and_interrupts},
      {"a_touch_meets_a_fork", two, 1, false, forks},
  };
  return all;
}

}  // namespace pagerd::model
