#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "choices.hpp"
#include "fiber.hpp"

namespace pagerd::model {

// Who goes on, at every step: where several could, the choices say. And the clock, which moves only
// when it is its turn, to the next deadline that somebody waits for.
class Scheduler {
 public:
  Scheduler();

  Fiber &spawn(const char *name, Role role, std::function<void()> body);
  Fiber *current() const { return current_; }

  // For the fiber that runs. Somebody else may go on here; an engine's fiber is overtaken at most
  // `preemptions_left` times.
  void yield(const char *where);
  // It goes on when this holds, and its turn has come.
  void block(const char *where, std::function<bool()> until);

  // On the main stack: until nobody can go on.
  void settle();
  // Lets those that are over be used again.
  void gather();

  // Something has happened that may make a fault's next try come to something else than its last.
  void note_change() {
    ++changes_;
    note_act();
  }
  // The fiber that runs has done what others can see: until it has, since it was its turn, letting
  // another go on first would be a run that there is already.
  void note_act() { has_acted_ = true; }

  std::uint64_t now_ns() const { return now_ns_; }
  // A deadline is somebody's place for it, 0 for none, for as long as that somebody lives.
  void watch_deadline(const std::uint64_t *deadline_ns) { deadlines_.push_back(deadline_ns); }

  Choices choices;
  bool is_choosing = false;  // otherwise the first option is always taken
  bool yields_at_locks = false;
  unsigned preemptions_left = 0;
  // How often the clock may have its turn while others could go on.
  unsigned ticks_left = 0;
  std::uint64_t steps = 0;  // of the run

 private:
  void run_clock();
  std::uint64_t next_deadline() const;
  bool can_tick() const {
    return ticks_left > 0 && changes_ != changes_at_tick_ && next_deadline() != 0;
  }
  void tick();
  void find_ready();
  unsigned pick(std::size_t options);
  void enter(Fiber &fiber);

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<std::unique_ptr<Fiber>> spare_;
  std::vector<const std::uint64_t *> deadlines_;
  std::vector<Fiber *> ready_;  // of the last look, without the one that runs
  Fiber *current_ = nullptr;
  Fiber *next_ = nullptr;
  std::uint64_t now_ns_ = 1'000'000'000;
  bool has_acted_ = false;
  std::uint64_t changes_ = 0;
  std::uint64_t changes_at_tick_ = 0;
  unsigned idle_ticks_ = 0;
};

Scheduler &scheduler();

}  // namespace pagerd::model
