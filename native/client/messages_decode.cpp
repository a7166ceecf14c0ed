#include "client/messages.hpp"
#include "client/msgpack.hpp"

namespace pagerd::client {

namespace {

using msgpack::Kind;
using msgpack::Reader;
using msgpack::Value;

struct TextField {
  std::string_view key;
  std::string Message::*field;
};

struct NumberField {
  std::string_view key;
  std::uint64_t Message::*field;
};

constexpr TextField text_fields[] = {
    {"type", &Message::type},    {"session", &Message::session}, {"image", &Message::image},
    {"mode", &Message::mode},    {"why", &Message::why},         {"code", &Message::code},
    {"message", &Message::text}, {"image_key", &Message::image_key},
    {"on_discard", &Message::on_discard},
};

constexpr NumberField number_fields[] = {
    {"request", &Message::request},           {"region", &Message::region},
    {"version", &Message::version},           {"offset_bytes", &Message::offset_bytes},
    {"length_bytes", &Message::length_bytes}, {"pages_installed", &Message::pages_installed},
    {"regions_max", &Message::regions_max},   {"resident_bytes", &Message::resident_bytes},
    {"image_id", &Message::image_id},
};

struct TruthField {
  std::string_view key;
  bool Message::*field;
};

constexpr TruthField truth_fields[] = {{"device", &Message::device}, {"file", &Message::file}};

// False when the key is known and the value is not of its kind.
bool assign(Message &message, std::string_view key, const Value &value) {
  for (const TextField &known : text_fields) {
    if (known.key != key) continue;
    message.*known.field = value.text;
    return value.kind == Kind::string;
  }
  for (const NumberField &known : number_fields) {
    if (known.key != key) continue;
    message.*known.field = value.number;
    return value.kind == Kind::unsigned_integer;
  }
  for (const TruthField &known : truth_fields) {
    if (known.key != key) continue;
    message.*known.field = value.number != 0;
    return value.kind == Kind::boolean;
  }
  return true;
}

}  // namespace

std::optional<Message> decode_message(std::span<const std::uint8_t> frame) {
  Reader reader(frame);
  Value head;
  if (!reader.next(head) || head.kind != Kind::map) return std::nullopt;
  Message message;
  for (std::uint64_t pair = 0; pair < head.number; ++pair) {
    Value key;
    Value value;
    if (!reader.next(key) || key.kind != Kind::string) return std::nullopt;
    if (!reader.next(value) || !reader.skip_elements(value)) return std::nullopt;
    if (!assign(message, key.text, value)) return std::nullopt;
  }
  if (message.type.empty() || !reader.is_at_end()) return std::nullopt;
  return message;
}

}  // namespace pagerd::client
