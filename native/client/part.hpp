#pragma once

#include <cstdint>
#include <string_view>

#include "client/failure.hpp"
#include "client/pagerd.h"

// What callers ask for, checked here so that a mistake costs a sentence and not the session: a
// manager ends the session of a client whose frames are malformed.
namespace pagerd::client {

// The part of an image a region shows.
struct Part {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;  // as asked for; the image may end within the last page
  std::uint64_t padded_bytes = 0;  // whole pages
};

Status check_image_name(std::string_view name);
Status check_options(const pagerd_map_options &options);
Result<Part> choose_part(std::string_view image, std::uint64_t image_bytes,
                         const pagerd_map_options &options);

// The protocol's words for a mode, an access and a choice, and a mode's back; AUTO stands for every
// word that is none.
const char *mode_name(pagerd_mode mode);
const char *access_name(pagerd_access access);
const char *on_discard_name(pagerd_on_discard on_discard);
pagerd_mode mode_named(std::string_view name);

}  // namespace pagerd::client
