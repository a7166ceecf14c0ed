#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client/limits.hpp"
#include "sys/descriptor.hpp"

// The messages of protocol/messages.ts as this library sends and receives them.
namespace pagerd::client {

// One encoded request, ready to be sent.
struct Frame {
  std::uint32_t request = 0;
  std::array<std::uint8_t, request_bytes_max> buffer;
  std::size_t length_bytes = 0;

  std::span<const std::uint8_t> bytes() const { return std::span(buffer).first(length_bytes); }
};

struct ImageRequest {
  std::string_view image;
  std::string_view mode;
  std::span<const std::string_view> modes;  // what can be done there
  std::string_view access;
};

struct MapRequest {
  std::string_view image;
  std::string_view mode;
  std::string_view access;
  std::uint64_t image_id;  // of the image whose file is mapped
  std::uint64_t address;
  std::uint64_t length_bytes;
  std::uint64_t offset_bytes;
  std::uint64_t window_bytes;
  // Of a region that an earlier manager served: its number there, and what tells that manager's
  // image from all others.
  std::uint64_t region = 0;
  std::string_view image_key = {};
  std::string_view on_discard = {};  // empty: not asked for
};

struct RegionRange {
  std::uint64_t region;
  std::uint64_t offset_bytes;
  std::uint64_t length_bytes;
};

// `resumed`: the name that an earlier manager had for the session; empty for a new one.
Frame hello_frame(std::string_view resumed);
Frame image_frame(std::uint32_t request, const ImageRequest &image);
Frame load_frame(std::uint32_t request, std::string_view name);
Frame publish_frame(std::uint32_t request, std::string_view name);
Frame map_frame(std::uint32_t request, const MapRequest &map);
Frame prefault_frame(std::uint32_t request, const RegionRange &range);
Frame reset_frame(std::uint32_t request, std::uint64_t region);
Frame choose_discard_frame(std::uint32_t request, std::uint64_t region,
                           std::string_view on_discard);
Frame unmap_frame(std::uint32_t request, std::uint64_t region);
Frame bye_frame(std::uint32_t request);

// A message of the manager: the fields of all types together; those its type does not have are zero
// or empty. The descriptor that `file` speaks of is put in by whoever received the frame, unless
// this process had no room for it.
struct Message {
  std::string type;
  std::string session;
  std::string image;
  std::string image_key;
  std::string mode;
  std::string why;
  std::string on_discard;
  std::string code;
  std::string text;  // the field `message`
  std::uint64_t request = 0;
  std::uint64_t region = 0;
  std::uint64_t image_id = 0;
  std::uint64_t version = 0;
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::uint64_t pages_installed = 0;
  std::uint64_t regions_max = 0;
  std::uint64_t resident_bytes = 0;
  bool device = false;
  bool file = false;
  sys::Descriptor descriptor;
};

// Nothing when the frame is no map with string keys, holds a known field of the wrong kind, lacks
// `type`, or goes on after its end. Keys not known here are passed over: a newer manager may say
// more.
std::optional<Message> decode_message(std::span<const std::uint8_t> frame);

}  // namespace pagerd::client
