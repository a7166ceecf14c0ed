#pragma once

#include <vector>

#include "scene.hpp"
#include "sys/uapi.hpp"

namespace pagerd::model {

// A few threads that do a few things, of which every order is tried.
struct Script {
  const char *name;
  Setting setting;
  // How often the engine's threads are overtaken within one run, at system calls.
  unsigned preemptions;
  // And before they take a lock.
  bool yields_at_locks;
  void (*cast)(Scene &scene);
};

inline constexpr unsigned always = 1000;
inline constexpr std::uint64_t layout_events = sys::uapi::layout_features;

// What clients do to their memory, one fault thread.
const std::vector<Script> &scripts_of_layouts();
// What discarded pages read as, and resets of a region in which that is zeros.
const std::vector<Script> &scripts_of_discards();
// The same while bytes are on their way, or cannot be had.
const std::vector<Script> &scripts_of_sources();
// Clients that are let go meanwhile, and depend on nobody from then on.
const std::vector<Script> &scripts_of_letting_go();
// Where clients have mapped the image's own file.
const std::vector<Script> &scripts_of_shares();
// Two fault threads, and what comes and goes under them.
const std::vector<Script> &scripts_of_threads();

}  // namespace pagerd::model
