#include "scripts.hpp"

namespace pagerd::model {

namespace {

using engine::OnDiscard;

void touch(Scene &scene) {
  scene.thread("reader", [&] { scene.client().touch(0); });
  scene.control("letting go", [&] { scene.let_go(); });
}

void discard_and_touch(Scene &scene) {
  scene.thread("discarder", [&] {
    scene.client().discard(0, 1);
    scene.client().touch(0);
  });
  scene.control("letting go", [&] { scene.let_go(); });
}

void discard(Scene &scene) {
  scene.thread("discarder", [&] { scene.client().discard(0, 1); });
  scene.control("letting go", [&] { scene.let_go(); });
}

// As libpagerd resets a region: what it discards in between is missing, and not zeros.
void reset(Scene &scene) {
  scene.thread("resetter", [&] {
    if (!scene.choose_discard(1, OnDiscard::image)) return;
    scene.client().discard(0, 1);
    scene.choose_discard(1, OnDiscard::zeros);
  });
  scene.control("letting go", [&] { scene.let_go(); });
}

}  // namespace

const std::vector<Script> &scripts_of_letting_go() {
  constexpr std::uint64_t removes = sys::uapi::feature_event_remove;
  static const Setting warm{.pages = 1, .layout_features = removes};
  static const Setting late{.pages = 1, .layout_features = removes, .raises_late = true};
  static const Setting cold{.pages = 1, .is_resident = false, .layout_features = removes};
  static const Setting bad{
      .pages = 1, .is_resident = false, .layout_features = removes, .bad_pages = {0}};
  static const Setting silent{.pages = 1};
  static const std::vector<Script> all{
      {"letting_go_meets_a_touch", cold, 1, false, touch},
      {"letting_go_meets_a_discard", late, 0, false, discard_and_touch},
      {"letting_go_meets_a_cold_discard", cold, 0, false, discard},
      {"letting_go_meets_a_reset", warm, 0, false, reset},
      {"a_bad_page_keeps_a_client", bad, 0, false, touch},
      {"who_tells_no_discards_is_kept", silent, 1, false, touch},
  };
  return all;
}

}  // namespace pagerd::model
