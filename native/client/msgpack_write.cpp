#include "client/msgpack.hpp"

namespace pagerd::client::msgpack {

void Writer::map(std::uint32_t pairs) {
  if (pairs <= 15) {
    put(static_cast<std::uint8_t>(0x80 | pairs));
  } else {
    put_sized(0xdf, pairs, 4);
  }
}

void Writer::array(std::uint32_t elements) {
  if (elements <= 15) {
    put(static_cast<std::uint8_t>(0x90 | elements));
  } else {
    put_sized(0xdd, elements, 4);
  }
}

void Writer::string(std::string_view text) {
  if (text.size() <= 31) {
    put(static_cast<std::uint8_t>(0xa0 | text.size()));
  } else if (text.size() <= 0xff) {
    put_sized(0xd9, text.size(), 1);
  } else {
    put_sized(0xdb, text.size(), 4);
  }
  for (const char character : text) put(static_cast<std::uint8_t>(character));
}

void Writer::unsigned_integer(std::uint64_t number) {
  if (number <= 0x7f) {
    put(static_cast<std::uint8_t>(number));
  } else if (number <= 0xff) {
    put_sized(0xcc, number, 1);
  } else if (number <= 0xffff) {
    put_sized(0xcd, number, 2);
  } else if (number <= 0xffff'ffff) {
    put_sized(0xce, number, 4);
  } else {
    put_sized(0xcf, number, 8);
  }
}

void Writer::boolean(bool truth) {
  put(truth ? 0xc3 : 0xc2);
}

void Writer::put(std::uint8_t byte) {
  if (length_bytes_ == buffer_.size()) {
    has_overflowed_ = true;
    return;
  }
  buffer_[length_bytes_++] = byte;
}

void Writer::put_sized(std::uint8_t head, std::uint64_t number, std::size_t bytes) {
  put(head);
  for (std::size_t shift = bytes; shift-- > 0;)
    put(static_cast<std::uint8_t>(number >> (8 * shift)));
}

}  // namespace pagerd::client::msgpack
