#include "binding/arguments.hpp"

#include "binding/script.hpp"

namespace pagerd::binding {

std::optional<std::uint64_t> unsigned_bigint(const Napi::Value &value) {
  bool is_exact = false;
  std::uint64_t number = 0;
  if (value.IsBigInt()) number = value.As<Napi::BigInt>().Uint64Value(&is_exact);
  if (is_exact) return number;
  throw_type_error(value.Env(), "a bigint from 0 to 2^64 - 1 is wanted");
  return std::nullopt;
}

std::optional<std::uint64_t> unsigned_number(const Napi::Value &value) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  constexpr double exact_max = 9007199254740991;
  const bool is_inside = number >= 0 && number <= exact_max;
  if (is_inside && number == static_cast<double>(static_cast<std::uint64_t>(number))) {
    return static_cast<std::uint64_t>(number);
  }
  throw_type_error(value.Env(), "a whole number from 0 to 2^53 - 1 is wanted");
  return std::nullopt;
}

std::optional<std::uint64_t> unsigned_bigint(const Napi::Object &object, const char *field) {
  return unsigned_bigint(object.Get(field));
}

std::optional<std::uint64_t> unsigned_number(const Napi::Object &object, const char *field) {
  return unsigned_number(object.Get(field));
}

}  // namespace pagerd::binding
