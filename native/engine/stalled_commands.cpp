#include "engine/stalled_commands.hpp"

#include <algorithm>

namespace pagerd::engine {

namespace {

bool is_worth_keeping(CommandKind kind) {
  switch (kind) {
    case CommandKind::wake:
    case CommandKind::give_up:
    case CommandKind::look_for_life:
    case CommandKind::note_reset:
      return false;
    default:
      return true;
  }
}

}  // namespace

bool StalledCommands::keep(Command &command) {
  const AddressSpace &space = *command.space;
  if (!space.is_stalled() && count_.load() == 0) return false;
  const std::lock_guard lock(mutex_);
  // It has gone on, and nothing that came before this one is left.
  if (!space.is_stalled() && !has(space)) return false;
  if (!is_worth_keeping(command.kind)) return true;
  if (command.kind == CommandKind::watch) {
    std::erase_if(commands_, [&](const Command &kept) {
      return kept.kind == CommandKind::watch && kept.space == command.space;
    });
  }
  commands_.push_back(std::move(command));
  count_.store(commands_.size());
  return true;
}

bool StalledCommands::has(const AddressSpace &space) const {
  return std::any_of(commands_.begin(), commands_.end(),
                     [&](const Command &kept) { return kept.space.get() == &space; });
}

std::optional<Command> StalledCommands::take(const AddressSpace &space) {
  const std::lock_guard lock(mutex_);
  const auto next =
      std::find_if(commands_.begin(), commands_.end(),
                   [&](const Command &kept) { return kept.space.get() == &space; });
  if (next == commands_.end() || space.is_stalled()) return std::nullopt;
  std::optional<Command> taken = std::move(*next);
  commands_.erase(next);
  count_.store(commands_.size());
  return taken;
}

void StalledCommands::clear() {
  const std::lock_guard lock(mutex_);
  commands_.clear();
  count_.store(0);
}

}  // namespace pagerd::engine
