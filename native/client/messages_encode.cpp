#include "client/messages.hpp"
#include "client/msgpack.hpp"
#include "client/pagerd.h"
#include "sys/check.hpp"

namespace pagerd::client {

namespace {

// Builds one frame: the map's size is said first, then that many fields follow.
class FrameBuilder {
 public:
  FrameBuilder(std::uint32_t pairs, std::string_view type) {
    writer_.map(pairs);
    field("type", type);
  }
  FrameBuilder(std::uint32_t pairs, std::string_view type, std::uint32_t request)
      : FrameBuilder(pairs, type) {
    frame_.request = request;
    field("request", request);
  }

  FrameBuilder &field(std::string_view key, std::string_view text) {
    writer_.string(key);
    writer_.string(text);
    return *this;
  }

  FrameBuilder &field(std::string_view key, std::uint64_t number) {
    writer_.string(key);
    writer_.unsigned_integer(number);
    return *this;
  }

  FrameBuilder &field(std::string_view key, std::span<const std::string_view> texts) {
    writer_.string(key);
    writer_.array(static_cast<std::uint32_t>(texts.size()));
    for (const std::string_view text : texts) writer_.string(text);
    return *this;
  }

  FrameBuilder &truth(std::string_view key, bool truth) {
    writer_.string(key);
    writer_.boolean(truth);
    return *this;
  }

  Frame take() {
    // Names were measured before they came here, and everything else has a fixed greatest length.
    PAGERD_CHECK(!writer_.has_overflowed());
    frame_.length_bytes = writer_.length_bytes();
    return frame_;
  }

 private:
  Frame frame_;
  msgpack::Writer writer_{frame_.buffer};
};

}  // namespace

Frame hello_frame(std::string_view resumed) {
  const std::string name = std::string("libpagerd/") + pagerd_version();
  FrameBuilder hello(resumed.empty() ? 5 : 6, "hello");
  hello.field("version", protocol_version)
      .field("client", std::string_view(name))
      .truth("want_device", true)
      .truth("resumes", true);
  if (!resumed.empty()) {
    hello.field("resumed_session", resumed.substr(0, session_name_length_max));
  }
  return hello.take();
}

Frame image_frame(std::uint32_t request, const ImageRequest &image) {
  return FrameBuilder(6, "image", request)
      .field("image", image.image)
      .field("mode", image.mode)
      .field("modes", image.modes)
      .field("access", image.access)
      .take();
}

Frame load_frame(std::uint32_t request, std::string_view name) {
  return FrameBuilder(3, "load", request).field("image", name).take();
}

Frame publish_frame(std::uint32_t request, std::string_view name) {
  return FrameBuilder(3, "publish", request).field("image", name).take();
}

Frame map_frame(std::uint32_t request, const MapRequest &map) {
  const bool is_resumed = map.region != 0;
  const bool is_asking = !map.on_discard.empty();
  FrameBuilder frame((is_resumed ? 12 : 10) + (is_asking ? 1 : 0), "map", request);
  frame.field("image", map.image)
      .field("mode", map.mode)
      .field("access", map.access)
      .field("image_id", map.image_id)
      .field("address", map.address)
      .field("length_bytes", map.length_bytes)
      .field("offset_bytes", map.offset_bytes)
      .field("window_bytes", map.window_bytes);
  if (is_resumed) frame.field("region", map.region).field("image_key", map.image_key);
  if (is_asking) frame.field("on_discard", map.on_discard);
  return frame.take();
}

Frame prefault_frame(std::uint32_t request, const RegionRange &range) {
  return FrameBuilder(5, "prefault", request)
      .field("region", range.region)
      .field("offset_bytes", range.offset_bytes)
      .field("length_bytes", range.length_bytes)
      .take();
}

Frame reset_frame(std::uint32_t request, std::uint64_t region) {
  return FrameBuilder(3, "reset", request).field("region", region).take();
}

Frame choose_discard_frame(std::uint32_t request, std::uint64_t region,
                           std::string_view on_discard) {
  return FrameBuilder(4, "choose_discard", request)
      .field("region", region)
      .field("on_discard", on_discard)
      .take();
}

Frame unmap_frame(std::uint32_t request, std::uint64_t region) {
  return FrameBuilder(3, "unmap", request).field("region", region).take();
}

Frame bye_frame(std::uint32_t request) {
  return FrameBuilder(2, "bye", request).take();
}

}  // namespace pagerd::client
