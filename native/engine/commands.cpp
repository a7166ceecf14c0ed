#include "engine/commands.hpp"

namespace pagerd::engine {

sys::Result<std::unique_ptr<Mailbox>> Mailbox::create() {
  auto wakeup = sys::Wakeup::create();
  if (!wakeup.ok()) return wakeup.error();
  return std::unique_ptr<Mailbox>(new Mailbox(wakeup.take()));
}

bool Mailbox::post(Command command) {
  const bool is_detach = command.kind == CommandKind::detach;
  if (!is_detach && commands_.size() >= limits::commands_max) return false;
  PAGERD_CHECK(commands_.push(std::move(command)));
  wakeup_.raise();
  return true;
}

}  // namespace pagerd::engine
