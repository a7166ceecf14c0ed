#include "scripts.hpp"

namespace pagerd::model {

namespace {

void touch_and_discard(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("discarder", [&] {
    scene.client().discard(1, 1);
    scene.client().touch(1);
  });
}

void touches_and_discard(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(0); });
  scene.thread("other", [&] { scene.client().touch(1); });
  scene.thread("discarder", [&] { scene.client().discard(0, 1); });
}

void touch_and_move(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("mover", [&] {
    scene.client().move(0, 2, 8);
  });
}

void touch_and_unmap(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("unmapper", [&] { scene.client().unmap(1, 1); });
}

void touch_and_interrupt(Scene &scene) {
  const Fiber &reader = scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("sender", [&] {
    scene.client().interrupt(reader);
    scene.client().interrupt(reader);
  });
}

void prefault_and_discard(Scene &scene) {
  scene.control("prefault", [&] { scene.prefault(1, 0, 1); });
  scene.thread("discarder", [&] { scene.client().discard(0, 1); });
}

void fork_with_waiters(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("forker", [&] {
    const auto child = scene.fork();
    scene.thread("child", [child] { child->touch(1); });
  });
}

}  // namespace

const std::vector<Script> &scripts_of_sources() {
  static const Setting cold{.is_resident = false, .layout_features = layout_events};
  static const Setting silent{
      .is_resident = false, .is_answered = false, .layout_features = layout_events};
  static const Setting lacking{.layout_features = layout_events, .lacks = 2};
  static const Setting single{
      .pages = 1, .is_resident = false, .layout_features = layout_events};
  static const Setting bad{
      .is_resident = false, .layout_features = layout_events, .bad_pages = {1}};
  static const std::vector<Script> all{
      {"a_cold_touch_meets_a_discard", cold, 2, false, touch_and_discard},
      {"two_cold_touches_meet_a_discard", cold, 0, false, touches_and_discard},
      {"a_cold_touch_meets_a_move", cold, 1, false, touch_and_move},
      {"cold_touches_meet_an_unmap", cold, 1, false, touch_and_unmap},
      {"memory_is_lacking_for_a_while", lacking, 2, false, touch_and_discard},
      {"an_unmap_meets_who_waits_for_ever", silent, always, false, touch_and_unmap},
      {"a_cold_touch_is_interrupted", cold, always, false, touch_and_interrupt},
      {"a_bad_page_meets_a_discard", bad, 1, false, touch_and_discard},
      {"a_bad_page_meets_a_move", bad, 0, false, touch_and_move},
      {"a_prefault_meets_a_discard", single, 0, false, prefault_and_discard},
      {"a_fork_meets_waiters", cold, 1, false, fork_with_waiters},
  };
  return all;
}

}  // namespace pagerd::model
