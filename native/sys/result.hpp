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

// A value or why there is none: an Error, or whatever else its layer reports. There are no
// exceptions here: whoever calls looks.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }

  T &value() {
    PAGERD_CHECK(ok());
    return *std::get_if<0>(&state_);
  }

  T take() { return std::move(value()); }

  E error() const {
    PAGERD_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

struct Nothing {};
using Status = Result<Nothing>;

}  // namespace pagerd::sys
