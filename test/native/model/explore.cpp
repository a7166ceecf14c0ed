#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>

#include "failure.hpp"
#include "scheduler.hpp"
#include "scripts.hpp"

namespace pagerd::model {

namespace {

// A script with more is to be cut, or to be overtaken less often.
constexpr std::uint64_t runs_max = 2'000'000;

// Tries of deferred faults that come before they have to, in one run.
constexpr unsigned ticks = 1;

std::unique_ptr<engine::Engine> start_engine() {
  auto engine = engine::Engine::start(
      {.fault_threads = 2, .filler_threads = 1, .spaces_max = 8, .has_sentry = false}, note_wake);
  if (!engine.ok()) fail("the engine does not start");
  scheduler().settle();
  return engine.take();
}

void run(engine::Engine &engine, const Script &script) {
  scheduler().yields_at_locks = script.yields_at_locks;
  scheduler().preemptions_left = script.preemptions;
  scheduler().ticks_left = ticks;
  const std::size_t open_before = open_descriptors();
  {
    Scene scene(engine, script.setting);
    script.cast(scene);
    scene.play();
  }
  scheduler().gather();
  if (open_descriptors() != open_before) fail("a descriptor is left open");
}

void explore(engine::Engine &engine, const Script &script) {
  set_script(script.name);
  const auto before = std::chrono::steady_clock::now();
  scheduler().choices.forget();
  std::uint64_t runs = 0;
  do {
    run(engine, script);
    if (++runs > runs_max) fail("it has too many interleavings");
  } while (scheduler().choices.advance());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - before;
  std::printf("%-50s %8llu interleavings  %6.2f s\n", script.name,
              static_cast<unsigned long long>(runs), seconds.count());
  std::fflush(stdout);
}

std::vector<Script> all_scripts() {
  std::vector<Script> all;
  for (const auto *some : {&scripts_of_layouts(), &scripts_of_sources(), &scripts_of_shares(),
                           &scripts_of_threads(), &scripts_of_discards(),
                           &scripts_of_letting_go()}) {
    all.insert(all.end(), some->begin(), some->end());
  }
  return all;
}

// model [SCRIPT [INTERLEAVING]]: all scripts, one, or one run of one with all its steps told.
int main_of(int count, char **words) {
  const auto engine = start_engine();
  const bool is_replay = count > 2;
  bool is_found = false;
  for (const Script &script : all_scripts()) {
    if (count > 1 && std::strcmp(script.name, words[1]) != 0) continue;
    is_found = true;
    if (!is_replay) {
      explore(*engine, script);
      continue;
    }
    tell_steps();
    scheduler().choices.follow(words[2]);
    run(*engine, script);
    std::fprintf(stderr, "and it holds\n");
  }
  if (!is_found) fail("no script is named so");
  std::fflush(nullptr);
  // The engine's threads end with the process.
  ::_exit(0);
}

}  // namespace

}  // namespace pagerd::model

int main(int count, char **words) { return pagerd::model::main_of(count, words); }
