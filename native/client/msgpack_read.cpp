#include <bit>

#include "client/msgpack.hpp"

namespace pagerd::client::msgpack {

bool Reader::next(Value &value) {
  value = Value{};
  std::span<const std::uint8_t> head;
  if (!take(1, head)) return false;
  const std::uint8_t byte = head[0];
  // 0xc0 to 0xdf say in following bytes how long they are; all others hold it in the head itself.
  return byte >= 0xc0 && byte <= 0xdf ? read_sized(byte, value) : read_fixed(byte, value);
}

bool Reader::skip_elements(const Value &head) {
  if (head.kind != Kind::array && head.kind != Kind::map) return !has_failed_;
  // Every element takes a byte at least: a head that promises too much ends with the frame.
  std::uint64_t pending = head.kind == Kind::map ? head.number * 2 : head.number;
  while (pending > 0) {
    Value element;
    if (!next(element)) return false;
    pending -= 1;
    if (element.kind == Kind::array) pending += element.number;
    if (element.kind == Kind::map) pending += element.number * 2;
  }
  return true;
}

bool Reader::read_fixed(std::uint8_t head, Value &value) {
  if (head <= 0x7f) {
    value = {Kind::unsigned_integer, head, {}};
    return true;
  }
  if (head >= 0xe0) {
    value.kind = Kind::negative_integer;
    return true;
  }
  if (head <= 0x8f) {
    value = {Kind::map, head & 0x0fu, {}};
    return true;
  }
  if (head <= 0x9f) {
    value = {Kind::array, head & 0x0fu, {}};
    return true;
  }
  return take_text(head & 0x1fu, value, Kind::string);
}

bool Reader::read_sized(std::uint8_t head, Value &value) {
  std::uint64_t length = 0;
  switch (head) {
    case 0xc0:
      return true;
    case 0xc2:
    case 0xc3:
      value = {Kind::boolean, head & 1u, {}};
      return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return take_number(std::size_t{1} << (head - 0xc4), length) &&
             take_text(length, value, Kind::binary);
    case 0xc7:
    case 0xc8:
    case 0xc9:  // The extension's type is one byte more.
      return take_number(std::size_t{1} << (head - 0xc7), length) &&
             take_text(length + 1, value, Kind::extension);
    case 0xca:
    case 0xcb:
      return read_real(head == 0xca ? 4 : 8, value);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      value.kind = Kind::unsigned_integer;
      return take_number(std::size_t{1} << (head - 0xcc), value.number);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return read_signed(std::size_t{1} << (head - 0xd0), value);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return take_text((std::size_t{1} << (head - 0xd4)) + 1, value, Kind::extension);
    case 0xd9:
    case 0xda:
    case 0xdb:
      return take_number(std::size_t{1} << (head - 0xd9), length) &&
             take_text(length, value, Kind::string);
    case 0xdc:
    case 0xdd:
      value.kind = Kind::array;
      return take_number(head == 0xdc ? 2 : 4, value.number);
    case 0xde:
    case 0xdf:
      value.kind = Kind::map;
      return take_number(head == 0xde ? 2 : 4, value.number);
    default:  // 0xc1, which msgpack leaves unused.
      return fail();
  }
}

bool Reader::read_signed(std::size_t bytes, Value &value) {
  std::uint64_t number = 0;
  if (!take_number(bytes, number)) return false;
  const bool is_negative = ((number >> (8 * bytes - 1)) & 1) != 0;
  value.kind = is_negative ? Kind::negative_integer : Kind::unsigned_integer;
  value.number = is_negative ? 0 : number;
  return true;
}

bool Reader::read_real(std::size_t bytes, Value &value) {
  std::uint64_t raw = 0;
  if (!take_number(bytes, raw)) return false;
  const double real = bytes == 4 ? double{std::bit_cast<float>(static_cast<std::uint32_t>(raw))}
                                 : std::bit_cast<double>(raw);
  value.kind = Kind::real;
  constexpr double exact_max = 9007199254740992.0;  // 2^53; beyond it a double is no exact integer
  if (!(real >= 0 && real <= exact_max)) return true;
  const auto whole = static_cast<std::uint64_t>(real);
  if (static_cast<double>(whole) == real) value = {Kind::unsigned_integer, whole, {}};
  return true;
}

bool Reader::take(std::size_t bytes, std::span<const std::uint8_t> &taken) {
  if (has_failed_ || bytes > rest_.size()) return fail();
  taken = rest_.first(bytes);
  rest_ = rest_.subspan(bytes);
  return true;
}

bool Reader::take_number(std::size_t bytes, std::uint64_t &number) {
  std::span<const std::uint8_t> taken;
  if (!take(bytes, taken)) return false;
  number = 0;
  for (const std::uint8_t byte : taken) number = number << 8 | byte;
  return true;
}

bool Reader::take_text(std::uint64_t bytes, Value &value, Kind kind) {
  std::span<const std::uint8_t> taken;
  if (!take(bytes, taken)) return false;
  value = {kind, 0, {reinterpret_cast<const char *>(taken.data()), taken.size()}};
  return true;
}

bool Reader::fail() {
  has_failed_ = true;
  return false;
}

}  // namespace pagerd::client::msgpack
