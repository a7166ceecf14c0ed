#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>

// What JavaScript passes in, checked. JS explains what is wrong with a value; here it is only
// refused.
namespace pagerd::binding {

// Each throws a TypeError and returns nothing for anything else than it asks for.
std::optional<std::uint64_t> unsigned_bigint(const Napi::Value &value);
std::optional<std::uint64_t> unsigned_number(const Napi::Value &value);

// Of an object's field.
std::optional<std::uint64_t> unsigned_bigint(const Napi::Object &object, const char *field);
std::optional<std::uint64_t> unsigned_number(const Napi::Object &object, const char *field);

// A CPU, or -1 where none is given.
inline int cpu_of(const Napi::Value &value) {
  return value.IsNumber() ? value.ToNumber().Int32Value() : -1;
}

inline Napi::BigInt to_bigint(Napi::Env env, std::uint64_t value) {
  return Napi::BigInt::New(env, value);
}

inline Napi::Number to_number(Napi::Env env, std::uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

}  // namespace pagerd::binding
