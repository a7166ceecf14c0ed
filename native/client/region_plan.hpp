#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "client/failure.hpp"
#include "client/image_file.hpp"
#include "client/pagerd.h"
#include "client/part.hpp"
#include "client/session.hpp"
#include "client/sys_memory.hpp"

namespace pagerd::client {

// What can be done in the memory a region is to be in, besides copying.
struct Abilities {
  bool can_share = false;
  bool can_cow = false;
  std::string reason;  // in words, why something of this cannot be done
};

// What a region shows and how, settled with the manager before anything is done to its memory.
struct RegionPlan {
  Part part;
  std::uint64_t image_id = 0;  // the manager's, of the image and not of its name
  std::string image_key;       // that of its bytes, for every manager
  pagerd_mode mode = PAGERD_MODE_COPY;
  pagerd_access access = PAGERD_ACCESS_PRIVATE;
  pagerd_on_discard on_discard = PAGERD_ON_DISCARD_IMAGE;
  std::string why;  // the manager's reason for the mode, and ours
  // Null when the manager handed over none: then only copies can be had.
  std::shared_ptr<const ImageFile> file;
};

// Of memory that the caller has already.
Abilities abilities_in(Range room);

// Asks the manager for an image, and how a region of it would be served.
Result<RegionPlan> plan_region(Session &session, ImageFiles &files, std::string_view image,
                               const pagerd_map_options &options, const Abilities &abilities);

}  // namespace pagerd::client
