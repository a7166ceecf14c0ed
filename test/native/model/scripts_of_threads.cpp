#include "scripts.hpp"

namespace pagerd::model {

namespace {

void touch_all_at_once(Scene &scene) {
  scene.thread("first", [&] { scene.client().touch(0); });
  scene.thread("second", [&] { scene.client().touch(1); });
  scene.thread("third", [&] { scene.client().touch(1); });
}

void touch_twice(Scene &scene) {
  scene.thread("first", [&] { scene.client().touch(0); });
  scene.thread("second", [&] { scene.client().touch(1); });
}

void touch_one_after_the_other(Scene &scene) {
  scene.thread("first", [&] {
    scene.client().touch(1);
    scene.client().touch(0);
  });
  scene.thread("second", [&] {
    scene.client().touch(0);
    scene.client().touch(2);
  });
}

void install_quietly(Scene &scene) {
  scene.thread("first", [&] { scene.client().touch(0); });
  scene.thread("second", [&] { scene.client().touch(1); });
  scene.thread("installer", [&] { scene.client().install_quietly(1); });
}

// No event is raised.
void unmap(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("unmapper", [&] { scene.client().unmap(1, 1); });
}

void end_the_region(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.control("operator", [&] {
    scene.end_region(1);
    scene.map_region(2, 0, 2, 1);
  });
}

void map_late(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.control("operator", [&] { scene.map_region(1, 0, 2, 0); });
}

void die(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(0); });
  scene.thread("killer", [&] { scene.client().die(); });
  scene.control("operator", [&] { scene.look_for_death(); });
}

void die_in_a_discard(Scene &scene) {
  scene.thread("discarder", [&] { scene.client().discard(0, 1); });
  scene.thread("killer", [&] { scene.client().die(); });
  scene.control("operator", [&] { scene.look_for_death(); });
}

void discard(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("discarder", [&] { scene.client().discard(1, 1); });
}

void interrupt(Scene &scene) {
  const Fiber &reader = scene.thread("reader", [&] { scene.client().touch(1); });
  scene.thread("sender", [&] { scene.client().interrupt(reader); });
}

}  // namespace

const std::vector<Script> &scripts_of_threads() {
  static const Setting warm{.fault_threads = 2};
  static const Setting three{.pages = 3, .window_pages = 4, .fault_threads = 2};
  static const Setting cold{.is_resident = false, .fault_threads = 2};
  static const Setting ending{.image_pages = 3, .fault_threads = 2};
  static const Setting cold_ending{.image_pages = 3, .is_resident = false, .fault_threads = 2};
  static const Setting late{.fault_threads = 2, .is_mapped = false};
  static const Setting watched{.layout_features = layout_events, .fault_threads = 2};
  static const Setting cold_watched{
      .is_resident = false, .layout_features = layout_events, .fault_threads = 2};
  static const std::vector<Script> all{
      {"touches_of_overlapping_windows", warm, 2, false, touch_all_at_once},
      {"a_touch_meets_an_install_without_wake", warm, 1, false, install_quietly},
      {"memory_goes_without_a_word", warm, always, false, unmap},
      {"memory_goes_from_under_a_waiter", cold, always, false, unmap},
      {"touches_one_after_the_other", three, 3, false, touch_one_after_the_other},
      {"cold_touches_share_a_fill", cold, 1, true, touch_twice},
      {"an_interrupted_touch_and_two_threads", cold, 2, true, interrupt},
      {"a_region_ends_under_touches", ending, 2, false, end_the_region},
      {"a_region_ends_under_waiters", cold_ending, 1, false, end_the_region},
      {"touches_come_before_the_map", late, 2, true, map_late},
      {"a_client_dies", watched, 2, false, die},
      {"a_client_dies_waiting", cold_watched, 1, false, die},
      {"a_client_dies_in_a_discard", cold_watched, 1, false, die_in_a_discard},
      {"a_discard_meets_two_threads", watched, 3, false, discard},
      {"a_discard_meets_two_threads_and_locks", cold_watched, 1, true, discard},
  };
  return all;
}

}  // namespace pagerd::model
