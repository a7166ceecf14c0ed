#include "descriptors.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "failure.hpp"
#include "sys/descriptor.hpp"
#include "sys/keeper.hpp"

namespace pagerd::model {

namespace {

// 0 to 2 are the process's own.
constexpr int first_number = 3;

std::vector<std::shared_ptr<Open>> &table() {
  static std::vector<std::shared_ptr<Open>> it;
  return it;
}

std::shared_ptr<Open> &slot_of(int number) {
  const auto index = static_cast<std::size_t>(number - first_number);
  if (number < first_number || index >= table().size() || !table()[index]) {
    fail("descriptor " + std::to_string(number) + " is not open");
  }
  return table()[index];
}

}  // namespace

int open_descriptor(std::shared_ptr<Open> what) {
  auto free = std::find(table().begin(), table().end(), nullptr);
  if (free == table().end()) free = table().insert(free, nullptr);
  *free = std::move(what);
  return first_number + static_cast<int>(free - table().begin());
}

std::shared_ptr<Open> opened(int number) { return slot_of(number); }

std::size_t open_descriptors() {
  const auto closed = std::count(table().begin(), table().end(), nullptr);
  return table().size() - static_cast<std::size_t>(closed);
}

}  // namespace pagerd::model

namespace pagerd::sys {

void close_descriptor(int descriptor) { model::slot_of(descriptor).reset(); }

// There is no keeper: this process ends with its clients.
void note_held_elsewhere(int) {}
void forget_held_elsewhere(int) {}

}  // namespace pagerd::sys
