#include "client/region_plan.hpp"

#include <array>
#include <cstdio>
#include <span>
#include <utility>

#include "client/limits.hpp"
#include "client/sys_mappings.hpp"

namespace pagerd::client {

namespace {

// The modes that can be had, by name.
class ModeList {
 public:
  explicit ModeList(const Abilities &abilities) {
    add(PAGERD_MODE_COPY);
    if (abilities.can_share) add(PAGERD_MODE_SHARE);
    if (abilities.can_cow) add(PAGERD_MODE_COW);
  }

  std::span<const std::string_view> names() const { return std::span(names_).first(count_); }

 private:
  void add(pagerd_mode mode) { names_[count_++] = mode_name(mode); }

  std::array<std::string_view, 3> names_;
  std::size_t count_ = 0;
};

// What cannot be had here is refused here, where the reason is known.
Status check_wish(const pagerd_map_options &options, const Abilities &abilities) {
  const bool is_shared = options.access == PAGERD_ACCESS_SHARED;
  const bool needs_share = is_shared || options.mode == PAGERD_MODE_SHARE;
  const bool needs_cow = options.mode == PAGERD_MODE_COW;
  if ((!needs_share || abilities.can_share) && (!needs_cow || abilities.can_cow)) return done();
  return failure("unsupported_mode", "Cannot have %s %s here: %s", is_shared ? "access" : "mode",
                 is_shared ? "shared" : mode_name(options.mode), abilities.reason.c_str());
}

Status check_answer(const Message &found, const pagerd_map_options &options) {
  const pagerd_mode mode = mode_named(found.mode);
  const bool is_as_wished = options.mode == PAGERD_MODE_AUTO || options.mode == mode;
  if (mode == PAGERD_MODE_AUTO || !is_as_wished) {
    return failure("unsupported_mode", "The manager took mode \"%s\", wanted %s",
                   found.mode.c_str(), mode_name(options.mode));
  }
  if (options.access == PAGERD_ACCESS_SHARED && mode != PAGERD_MODE_SHARE) {
    return failure("unsupported_access", "The manager took mode %s; access shared needs share",
                   mode_name(mode));
  }
  if (mode == PAGERD_MODE_COPY || found.file) return done();
  return failure("unsupported_mode", "The manager took mode %s and gave no file of the image",
                 mode_name(mode));
}

Failure no_room_for_file() {
  return failure("system",
                 "The image's file could not be received: this process has as many files open as "
                 "it may (ulimit -n)");
}

// Whoever touches a mapping behind its file's end dies of it.
Status check_length(const ImageFile &file, const Part &part) {
  if (file.length_bytes() >= part.offset_bytes + part.padded_bytes) return done();
  return failure("unsupported_file",
                 "The image's file has %llu bytes; the part at offset %llu needs %llu",
                 static_cast<unsigned long long>(file.length_bytes()),
                 static_cast<unsigned long long>(part.offset_bytes),
                 static_cast<unsigned long long>(part.padded_bytes));
}

// What keeps a mapping from being replaced by a file's, in words; nullptr: nothing.
const char *obstacle_in(const Mapping &mapping) {
  if (mapping.has_file || mapping.is_shared) return "a shared or file mapping";
  if (!mapping.is_readable || !mapping.is_writable) return "not readable and writable";
  // The caller wanted pages that are always in memory; an image's are not his to lock.
  if (is_locked_at(mapping.range.start)) return "locked in memory";
  return nullptr;
}

}  // namespace

Abilities abilities_in(Range room) {
  for (std::uintptr_t at = room.start; at < room.end();) {
    Result<Mapping> mapping = mapping_at(at);
    if (!mapping.ok()) return {false, false, mapping.error().text};
    if (const char *obstacle = obstacle_in(mapping.value())) {
      char reason[128];
      std::snprintf(reason, sizeof(reason), "the memory at %#lx cannot be replaced, it is %s", at,
                    obstacle);
      return {false, false, reason};
    }
    at = mapping.value().range.end();
  }
  return {true, true, ""};
}

Result<RegionPlan> plan_region(Session &session, ImageFiles &files, std::string_view image,
                               const pagerd_map_options &options, const Abilities &abilities) {
  if (Status good = check_image_name(image); !good.ok()) return good.error();
  if (Status good = check_options(options); !good.ok()) return good.error();
  if (Status good = check_wish(options, abilities); !good.ok()) return good.error();
  const ModeList modes(abilities);
  const ImageRequest wish = {
      .image = image,
      .mode = mode_name(options.mode),
      .modes = modes.names(),
      .access = access_name(options.access),
  };
  Result<Message> answer =
      session.exchange(image_frame(session.next_request(), wish), "image_found");
  if (!answer.ok()) return answer.error();
  Message &found = answer.value();
  if (Status good = check_answer(found, options); !good.ok()) return good.error();
  Result<Part> part = choose_part(image, found.length_bytes, options);
  if (!part.ok()) return part.error();

  RegionPlan plan = {
      .part = part.value(),
      .image_id = found.image_id,
      .image_key = found.image_key.substr(0, image_key_length_max),
      .mode = mode_named(found.mode),
      .access = options.access,
      .on_discard = options.on_discard,
      .why = found.why,
      .file = nullptr,
  };
  if (plan.mode == PAGERD_MODE_COPY && options.mode == PAGERD_MODE_AUTO &&
      !abilities.reason.empty()) {
    plan.why += "; " + abilities.reason;
  }
  if (!found.file) return plan;
  if (!found.descriptor.is_open()) return no_room_for_file();
  auto kept = files.keep(std::move(found.descriptor), options.access);
  if (!kept.ok()) return kept.error();
  plan.file = kept.take();
  if (Status long_enough = check_length(*plan.file, plan.part); !long_enough.ok())
    return long_enough.error();
  return plan;
}

}  // namespace pagerd::client
