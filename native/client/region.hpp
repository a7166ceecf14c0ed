#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "client/failure.hpp"
#include "client/image_file.hpp"
#include "client/pagerd.h"
#include "client/part.hpp"
#include "client/sys_memory.hpp"

// Whose memory a region is in: ours from pagerd_map(), or the caller's, given to pagerd_attach().
enum class RegionMemory { mapped, attached };

// What a region shows and how, settled before it begins.
struct RegionPlan {
  pagerd::client::Part part;
  pagerd_mode mode = PAGERD_MODE_COPY;
  pagerd_access access = PAGERD_ACCESS_PRIVATE;
  std::string why;  // the manager's reason for the mode
  // Null when the manager handed over none: then only copies can be had.
  std::shared_ptr<const pagerd::client::ImageFile> file;
};

// One range of this process's memory that shows a part of an image. Owned by its client's book. The
// caller sees to it that a region which is being ended is used by nobody else.
struct pagerd_region {
 public:
  pagerd_region(pagerd_client &client, RegionMemory memory, pagerd::client::Range range,
                RegionPlan plan);

  // Registers the range and asks the manager to serve it. After a failure the range is unregistered
  // again, and in attached memory everything is as it was.
  pagerd::client::Status begin(std::string_view image, const pagerd_map_options &options);

  pagerd::client::Status reset();
  pagerd::client::Status prefault(std::uint64_t offset_bytes, std::uint64_t length_bytes);

  // Ends the region. The addresses of a mapped one stay taken, and nobody may touch them.
  pagerd::client::Status end_mapped();
  pagerd::client::Status end_attached();
  // The same for a client that goes away: what cannot be had is made inaccessible, so that it
  // always succeeds.
  void end_for_disconnect();

  pagerd_client &client() const { return client_; }
  RegionMemory memory() const { return memory_; }
  pagerd::client::Range range() const { return range_; }
  std::uint64_t length_bytes() const { return plan_.part.length_bytes; }
  pagerd_mode mode() const { return plan_.mode; }
  const char *why() const { return why_.c_str(); }

 private:
  pagerd::client::Status ask_to_serve(std::string_view image, const pagerd_map_options &options);
  pagerd::client::Status put_image_in_place();
  void ask_to_stop();
  pagerd::client::Status prefault_range(pagerd::client::Range range);
  pagerd::client::Status make_untouchable();
  pagerd::client::Status complete();
  pagerd::client::Status forbid_what_is_missing();

  pagerd_client &client_;
  const RegionMemory memory_;
  const pagerd::client::Range range_;
  const RegionPlan plan_;
  std::uint64_t id_ = 0;  // the manager's number for it
  std::string why_;
};

namespace pagerd::client {
using Region = ::pagerd_region;
}
