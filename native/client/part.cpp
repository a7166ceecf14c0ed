#include "client/part.hpp"

#include "client/limits.hpp"

namespace pagerd::client {

namespace {

using Number = unsigned long long;  // what %llu takes

constexpr const char *mode_names[] = {"auto", "copy", "share", "cow"};

bool is_letter_or_digit(char character) {
  return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
         (character >= 'a' && character <= 'z');
}

bool is_name_character(char character) {
  return is_letter_or_digit(character) || character == '.' || character == '_' ||
         character == '/' || character == '-';
}

}  // namespace

Status check_image_name(std::string_view name) {
  bool is_good =
      !name.empty() && name.size() <= image_name_length_max && is_letter_or_digit(name[0]);
  for (const char character : name) is_good = is_good && is_name_character(character);
  if (is_good) return done();
  return failure("bad_argument",
                 "\"%.*s\" is no image name: wanted 1 to %zu of letters, digits and . _ / -, a "
                 "letter or digit first",
                 static_cast<int>(name.size() > 64 ? 64 : name.size()), name.data(),
                 image_name_length_max);
}

Status check_options(const pagerd_map_options &options) {
  if (options.mode < PAGERD_MODE_AUTO || options.mode > PAGERD_MODE_COW) {
    return failure("bad_argument", "Mode %d is none of pagerd.h's", static_cast<int>(options.mode));
  }
  if (options.offset_bytes % page_bytes != 0) {
    return failure("region_misaligned", "offset_bytes %llu is no multiple of the page size, %zu",
                   Number{options.offset_bytes}, page_bytes);
  }
  const std::uint32_t window = options.window_bytes;
  const bool is_power_of_two = (window & (window - 1)) == 0;
  if (window != 0 && (!is_power_of_two || window < window_bytes_min || window > window_bytes_max)) {
    return failure("bad_argument", "window_bytes is %u, wanted 0 or a power of two from %u to %u",
                   window, window_bytes_min, window_bytes_max);
  }
  if (options.access != PAGERD_ACCESS_PRIVATE && options.access != PAGERD_ACCESS_SHARED) {
    return failure("bad_argument", "Access %d is none of pagerd.h's",
                   static_cast<int>(options.access));
  }
  if (options.on_discard != PAGERD_ON_DISCARD_IMAGE &&
      options.on_discard != PAGERD_ON_DISCARD_ZERO) {
    return failure("bad_argument", "on_discard %d is none of pagerd.h's",
                   static_cast<int>(options.on_discard));
  }
  if (options.reserve_bytes > region_bytes_max) {
    return failure("bad_argument", "reserve_bytes is %llu, wanted at most %llu",
                   Number{options.reserve_bytes}, Number{region_bytes_max});
  }
  return done();
}

Result<Part> choose_part(std::string_view image, std::uint64_t image_bytes,
                         const pagerd_map_options &options) {
  const int name_length = static_cast<int>(image.size());
  if (options.offset_bytes >= image_bytes) {
    return failure("region_beyond_image",
                   "Image %.*s has %llu bytes; offset_bytes %llu leaves nothing to map",
                   name_length, image.data(), Number{image_bytes}, Number{options.offset_bytes});
  }
  const std::uint64_t available = image_bytes - options.offset_bytes;
  const std::uint64_t wanted = options.length_bytes == 0 ? available : options.length_bytes;
  if (wanted > available) {
    return failure("region_beyond_image",
                   "Image %.*s has %llu bytes from offset %llu on; wanted were %llu", name_length,
                   image.data(), Number{available}, Number{options.offset_bytes}, Number{wanted});
  }
  if (wanted > region_bytes_max) {
    return failure("region_too_long", "A region of %llu bytes is over the limit of %llu",
                   Number{wanted}, Number{region_bytes_max});
  }
  return Part{options.offset_bytes, wanted, rounded_up_to_page(wanted)};
}

const char *mode_name(pagerd_mode mode) {
  return mode_names[mode];
}

const char *access_name(pagerd_access access) {
  return access == PAGERD_ACCESS_SHARED ? "shared" : "private";
}

const char *on_discard_name(pagerd_on_discard on_discard) {
  return on_discard == PAGERD_ON_DISCARD_ZERO ? "zero" : "image";
}

pagerd_mode mode_named(std::string_view name) {
  for (int mode = PAGERD_MODE_COPY; mode <= PAGERD_MODE_COW; ++mode) {
    if (name == mode_names[mode]) return static_cast<pagerd_mode>(mode);
  }
  return PAGERD_MODE_AUTO;
}

}  // namespace pagerd::client
