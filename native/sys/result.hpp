#pragma once

#include <utility>
#include <variant>

#include "sys/check.hpp"

namespace pagerd::sys {

// An unexpected answer of the kernel: the raw errno and the call that gave it.
struct Error {
  int code;
  const char *call;
};

// A value or an Error. There are no exceptions here: whoever calls looks.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, error) {}

  bool ok() const { return state_.index() == 0; }

  T &value() {
    PAGERD_CHECK(ok());
    return *std::get_if<0>(&state_);
  }

  T take() { return std::move(value()); }

  Error error() const {
    PAGERD_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

struct Nothing {};
using Status = Result<Nothing>;

}  // namespace pagerd::sys
