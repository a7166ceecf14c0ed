#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// The part of msgpack the protocol needs, written for frames of at most 64 KiB. No memory is
// allocated, and nothing outside the given bytes is read or written, whatever they hold.
namespace pagerd::client::msgpack {

enum class Kind {
  nil,
  boolean,
  unsigned_integer,
  negative_integer,
  real,
  string,
  binary,
  array,
  map,
  extension,
};

// One value; of an array or a map only its head, the elements follow in the Reader.
struct Value {
  Kind kind = Kind::nil;
  // The number, 0 or 1 of a boolean, or how many elements (of a map: pairs) follow. Real numbers
  // that are whole and not negative count as unsigned integers: JavaScript writes numbers above 32
  // bits that way.
  std::uint64_t number = 0;
  // The bytes of a string, binary or extension, inside the frame.
  std::string_view text;
};

// Takes one value after the other out of a frame. Once a read failed the frame is malformed and all
// later reads fail.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> frame) : rest_(frame) {}

  bool next(Value &value);
  // Passes over the elements of an array or map whose head was just read; anything else has none.
  // Iterative, so that nesting costs no stack.
  bool skip_elements(const Value &head);
  bool is_at_end() const { return rest_.empty(); }

 private:
  bool take(std::size_t bytes, std::span<const std::uint8_t> &taken);
  bool take_number(std::size_t bytes, std::uint64_t &number);
  bool take_text(std::uint64_t bytes, Value &value, Kind kind);
  bool read_fixed(std::uint8_t head, Value &value);
  bool read_sized(std::uint8_t head, Value &value);
  bool read_signed(std::size_t bytes, Value &value);
  bool read_real(std::size_t bytes, Value &value);
  bool fail();

  std::span<const std::uint8_t> rest_;
  bool has_failed_ = false;
};

// Appends values to a buffer of the caller. What does not fit is cut off, and has_overflowed() says
// so.
class Writer {
 public:
  explicit Writer(std::span<std::uint8_t> buffer) : buffer_(buffer) {}

  void map(std::uint32_t pairs);
  void array(std::uint32_t elements);
  void string(std::string_view text);
  void unsigned_integer(std::uint64_t number);
  void boolean(bool truth);

  std::size_t length_bytes() const { return length_bytes_; }
  bool has_overflowed() const { return has_overflowed_; }

 private:
  void put(std::uint8_t byte);
  // The head byte, then the number in as many bytes, most significant first.
  void put_sized(std::uint8_t head, std::uint64_t number, std::size_t bytes);

  std::span<std::uint8_t> buffer_;
  std::size_t length_bytes_ = 0;
  bool has_overflowed_ = false;
};

}  // namespace pagerd::client::msgpack
