#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "client/extension.hpp"
#include "client/failure.hpp"
#include "client/messages.hpp"
#include "client/pagerd.h"
#include "client/region_plan.hpp"
#include "client/sys_memory.hpp"
#include "client/sys_pagemap.hpp"

// Whose memory a region is in: ours from pagerd_map(), or the caller's, given to pagerd_attach().
enum class RegionMemory { mapped, attached };

// One range of this process's memory that shows a part of an image. Owned by its client's book. The
// caller sees to it that a region which is being ended is used by nobody else.
struct pagerd_region {
 public:
  pagerd_region(pagerd_client &client, RegionMemory memory, pagerd::client::Range range,
                pagerd::client::RegionPlan plan);

  // Puts the image in place and asks the manager to serve it. After a refusal attached memory is as
  // it was; after a failure of this system it may be inaccessible, and the text then says so.
  pagerd::client::Status begin(std::string_view image, const pagerd_map_options &options);

  // Makes a heap of length 0, before the region begins, of addresses that follow its range.
  pagerd::client::Status reserve_heap(std::uint64_t heap_bytes);
  // Sets the length of image and heap together.
  pagerd::client::Status grow(std::uint64_t length_bytes);

  // Puts all pages back to the image's bytes, without waiting for the manager.
  pagerd::client::Status reset();
  pagerd::client::Status prefault(std::uint64_t offset_bytes, std::uint64_t length_bytes);

  // Ends the region. Its addresses stay taken, and nobody may touch them.
  pagerd::client::Status end_untouchable();
  // Ends a region in attached memory, which keeps its bytes and is the caller's again.
  pagerd::client::Status end_attached();
  // The same for a client that goes away: what cannot be had is made inaccessible, so that it
  // always succeeds.
  void end_for_disconnect();

  pagerd_client &client() const { return client_; }
  RegionMemory memory() const { return memory_; }
  // The image's part, in whole pages; and that with the room behind it.
  pagerd::client::Range range() const { return range_; }
  pagerd::client::Range whole_range() const;
  std::uint64_t length_bytes() const { return length_bytes_; }
  pagerd_mode mode() const { return plan_.mode; }
  const char *why() const { return why_.c_str(); }

 private:
  // One for each mode, in a file of its own.
  pagerd::client::Status begin_copy(const pagerd::client::MapRequest &request);
  pagerd::client::Status begin_share(const pagerd::client::MapRequest &request);
  pagerd::client::Status begin_cow(const pagerd::client::MapRequest &request);
  pagerd::client::Status ask_to_serve(const pagerd::client::MapRequest &request);
  pagerd::client::Status drop_and_wake();
  pagerd::client::Status choose_discard(pagerd_on_discard on_discard);
  pagerd::client::Status require_nobody_elses() const;
  pagerd::client::Status map_file(pagerd::client::FileAccess access) const;
  pagerd::client::Status open_file_to_touch();
  pagerd::client::Failure give_up_memory(const pagerd::client::Failure &cause);

  pagerd::client::Status prefault_range(pagerd::client::Range range);
  pagerd::client::Status forget_heap();
  pagerd::client::Result<pagerd::client::Range> put_back_dirty_pages();
  pagerd::client::Status put_back(const pagerd::client::PageRun &run);

  pagerd::client::Status reset_and_note();

  bool has_zeros() const { return plan_.on_discard == PAGERD_ON_DISCARD_ZERO; }
  bool shows_file() const { return plan_.mode != PAGERD_MODE_COPY; }
  void ask_to_stop();
  pagerd::client::Status make_untouchable();
  pagerd::client::Status complete();
  pagerd::client::Status forbid_what_is_missing();
  pagerd::client::Status keep_what_is_there();
  pagerd::client::Status keep_or_seal(pagerd::client::Range range,
                                      const pagerd::client::Seal &seal);

  pagerd_client &client_;
  const RegionMemory memory_;
  const pagerd::client::Range range_;
  const pagerd::client::RegionPlan plan_;
  std::mutex heap_lock_;  // a leaf: the heap's length and length_bytes_ change together
  std::unique_ptr<pagerd::client::Extension> heap_;
  std::atomic<std::uint64_t> length_bytes_;
  std::uint64_t id_ = 0;  // the manager's number for it
  std::string why_;
};

namespace pagerd::client {
using Region = ::pagerd_region;
}
