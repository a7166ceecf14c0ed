#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>

namespace pagerd::engine {

// The user whose clients some spaces are. Never ends before the engine does.
struct Owner {
  // Threads of ours that wait in the kernel for what one of this user's clients keeps.
  std::atomic<unsigned> threads_held{0};
  // More than may be: none enters a space of this user's.
  std::atomic<bool> is_shut_out{false};

  // Where no user is known.
  static Owner &nobody() {
    static Owner owner;
    return owner;
  }
};

// Every user that had a client. The control plane's alone.
class Owners {
 public:
  Owner &of(std::uint32_t uid) {
    std::unique_ptr<Owner> &owner = owners_[uid];
    if (!owner) owner = std::make_unique<Owner>();
    return *owner;
  }

 private:
  std::map<std::uint32_t, std::unique_ptr<Owner>> owners_;
};

}  // namespace pagerd::engine
