#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/commands.hpp"

namespace pagerd::engine {

// Commands for spaces that nobody may enter now, in their order, until these go on. No more than
// there may be: each has an answer that is owed, or there is one of its kind for a space.
class StalledCommands {
 public:
  // False: nothing keeps it from being carried out. What comes again of itself, or is seen to when
  // the space goes on, is dropped.
  bool keep(Command &command);
  // The next one of a space that has gone on.
  std::optional<Command> take(const AddressSpace &space);
  void clear();

 private:
  bool has(const AddressSpace &space) const;

  std::mutex mutex_;
  std::vector<Command> commands_;
  std::atomic<std::size_t> count_{0};
};

}  // namespace pagerd::engine
