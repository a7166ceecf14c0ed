#include "client/region.hpp"

#include <utility>

#include "client/client.hpp"
#include "client/limits.hpp"
#include "client/part.hpp"

using namespace pagerd::client;

pagerd_region::pagerd_region(pagerd_client &client, RegionMemory memory, Range range,
                             RegionPlan plan)
    : client_(client), memory_(memory), range_(range), plan_(std::move(plan)),
      length_bytes_(plan_.part.length_bytes) {}

Status pagerd_region::begin(std::string_view image, const pagerd_map_options &options) {
  const MapRequest request = {
      .image = image,
      .mode = mode_name(plan_.mode),
      .access = access_name(plan_.access),
      .image_id = plan_.image_id,
      .address = range_.start,
      .length_bytes = range_.length_bytes,
      .offset_bytes = plan_.part.offset_bytes,
      .window_bytes = options.window_bytes,
      // What the region's own beginning drops is no discard.
      .on_discard = has_zeros() ? on_discard_name(PAGERD_ON_DISCARD_IMAGE) : "",
  };
  if (memory_ == RegionMemory::attached) {
    if (Status fit = require_private_anonymous(range_); !fit.ok()) return fit;
  }
  if (plan_.mode == PAGERD_MODE_COW) return begin_cow(request);
  return plan_.mode == PAGERD_MODE_SHARE ? begin_share(request) : begin_copy(request);
}

Status pagerd_region::ask_to_serve(const MapRequest &request) {
  Session &session = client_.session();
  const ServedRegion served = {std::string(request.image), plan_.image_key, request, plan_.file};
  Result<Message> answer = session.map(map_frame(session.next_request(), request), served);
  if (!answer.ok()) return answer.error();
  id_ = answer.value().region;
  why_ = plan_.why;
  if (mode_named(answer.value().mode) != plan_.mode) {
    ask_to_stop();
    return failure("unsupported_mode", "The manager took mode \"%s\", wanted %s",
                   answer.value().mode.c_str(), mode_name(plan_.mode));
  }
  if (has_zeros() && answer.value().on_discard.empty()) {
    ask_to_stop();
    return failure("unsupported_discard",
                   "The manager does not know on_discard: it is older than this library, %s",
                   pagerd_version());
  }
  if (plan_.mode != PAGERD_MODE_COW && !client_.userfault().serves_system_calls()) {
    why_ += "; system calls that meet a missing page fail with EFAULT: no full userfaultfd here";
  }
  return done();
}

// The manager had accepted the region, but this system did not do the rest.
Failure pagerd_region::give_up_memory(const Failure &cause) {
  ask_to_stop();
  (void)make_untouchable();
  return failure("system", "%s. The memory at %p was made inaccessible", cause.text.c_str(),
                 range_.address());
}

// What was discarded until now is the image's again, what is from here on is as chosen.
Status pagerd_region::choose_discard(pagerd_on_discard on_discard) {
  Session &session = client_.session();
  const Frame frame =
      choose_discard_frame(session.next_request(), id_, on_discard_name(on_discard));
  Result<Message> answer = session.exchange(frame, "discard_chosen");
  if (!answer.ok()) return answer.error();
  return done();
}

Status pagerd_region::prefault(std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  const std::uint64_t limit = plan_.part.length_bytes;
  const bool is_within = offset_bytes <= limit && length_bytes <= limit - offset_bytes;
  if (!is_within) {
    return failure("bad_argument", "Cannot prefault %llu bytes at offset %llu: the region has %llu",
                   static_cast<unsigned long long>(length_bytes),
                   static_cast<unsigned long long>(offset_bytes),
                   static_cast<unsigned long long>(limit));
  }
  const std::uint64_t from = rounded_down_to_page(offset_bytes);
  const std::uint64_t to =
      rounded_up_to_page(length_bytes == 0 ? limit : offset_bytes + length_bytes);
  if (from == to) return done();
  if (plan_.mode == PAGERD_MODE_COW) {
    // All of it can be had at once, also where the kernel knows no such advice.
    (void)populate({range_.start + from, to - from});
    return done();
  }
  return prefault_range({range_.start + from, to - from});
}

Status pagerd_region::prefault_range(Range range) {
  Session &session = client_.session();
  const RegionRange wanted = {id_, range.start - range_.start, range.length_bytes};
  Result<Message> answer =
      session.exchange(prefault_frame(session.next_request(), wanted), "prefaulted");
  if (!answer.ok()) return answer.error();
  return done();
}
