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
  if (kept_.size() >= limits::children_kept_max) {
    std::erase_if(kept_, [](const sys::Descriptor &child) {
      return sys::uffd_is_gone(child.get());
    });
  }
  kept_.push_back(std::move(uffd));
  return kept_.size() <= limits::children_kept_max;
}

}  // namespace pagerd::engine
