#pragma once

#include <utility>

namespace pagerd::sys {

// Closes a descriptor; a closed one is never touched again.
void close_descriptor(int descriptor);

// Owns one file descriptor: there is exactly one owner, and the number dies with it.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor &&other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor &operator=(Descriptor &&other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() { reset(-1); }

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(number_, -1); }

  void reset(int number = -1) {
    if (number_ >= 0) close_descriptor(number_);
    number_ = number;
  }

 private:
  int number_ = -1;
};

}  // namespace pagerd::sys
