#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "engine/address_space.hpp"
#include "engine/bounded_queue.hpp"
#include "engine/limits.hpp"
#include "sys/poll.hpp"

namespace pagerd::engine {

enum class CommandKind : std::uint8_t {
  none,
  watch,
  detach,
  map,
  unmap,
  note_reset,
  choose_discard,
  wake,
  give_up,
  look_for_life,
  drop_gone,  // of no space
  end_past,
  end_stall,
};

// What the control plane wants done, by a thread that may take the locks fault threads take.
struct Command {
  CommandKind kind = CommandKind::none;
  std::shared_ptr<AddressSpace> space;
  std::shared_ptr<Region> region;  // map
  std::uint32_t request = 0;
  unsigned attempts = 0;  // map
  std::uint32_t region_id = 0;
  int cpu = -1;                // watch
  OnDiscard on_discard = OnDiscard::zeros;  // choose_discard
  std::uint64_t address = 0;   // wake
  std::uint64_t since_ns = 0;  // give_up
  std::string reason;          // give_up
};

// From the control plane to the first fault thread, bounded; in order.
class Mailbox {
 public:
  static sys::Result<std::unique_ptr<Mailbox>> create();

  const sys::Descriptor &descriptor() const { return wakeup_.descriptor(); }

  // False when commands_max wait: the control plane tells its client to come again. A detach always
  // has room.
  bool post(Command command);
  void clear_wakeup() { wakeup_.clear(); }
  // Some were left for the next turn.
  void raise_again() { wakeup_.raise(); }
  bool take(Command &command) { return commands_.pop(command); }

 private:
  explicit Mailbox(sys::Wakeup wakeup)
      : wakeup_(std::move(wakeup)), commands_(limits::mailbox_capacity) {}

  sys::Wakeup wakeup_;
  BoundedQueue<Command> commands_;
};

}  // namespace pagerd::engine
