#include "engine/kept_children.hpp"

#include "engine/limits.hpp"
#include "sys/uffd.hpp"

namespace pagerd::engine {

KeptChildren::~KeptChildren() {
  if (!is_left()) return;
  for (sys::Descriptor &child : kept_) {
    [[maybe_unused]] const int number = child.release();
  }
}

bool KeptChildren::keep(sys::Descriptor uffd) {
  const std::lock_guard lock(mutex_);
  kept_.push_back(std::move(uffd));
  count_.store(kept_.size());
  return kept_.size() <= limits::children_kept_max;
}

void KeptChildren::drop_gone() {
  std::vector<sys::Descriptor> looked_at;
  {
    const std::lock_guard lock(mutex_);
    looked_at.swap(kept_);
  }
  std::erase_if(looked_at,
                [](const sys::Descriptor &child) { return sys::uffd_is_gone(child.get()); });
  const std::lock_guard lock(mutex_);
  for (sys::Descriptor &child : looked_at) kept_.push_back(std::move(child));
  count_.store(kept_.size());
}

}  // namespace pagerd::engine
