#include "client/region.hpp"

#include <utility>

#include "client/client.hpp"
#include "client/limits.hpp"
#include "client/part.hpp"

using namespace pagerd::client;

pagerd_region::pagerd_region(pagerd_client &client, RegionMemory memory, Range range,
                             RegionPlan plan)
    : client_(client), memory_(memory), range_(range), plan_(std::move(plan)) {}

// The order is what keeps a page from ever reading as zeros in place of the image:
//
// 1. Register. Pages that are present stay as they are; absent ones fault from now on instead of
//    becoming zeros.
// 2. `map`. Nothing of the caller's is lost yet, so a refusal is undone by unregistering. Once the
//    manager has said `mapped` it answers every fault in the range with the image, and its
//    fault-around may already have installed some pages where none were.
// 3. Drop all pages. The stale ones go, and with them those that were installed meanwhile. Every
//    page is then absent *and* registered, and its next touch faults. An install that runs at the
//    same time lands either before the drop, and is dropped, or after it, and is the image's: both
//    are right, because a fault is what counts as absence.
// 4. Wake. A thread that touched an absent page between 1 and 2 may have been reported to a manager
//    that knew no such region, and nobody would report it again. Woken, it faults anew. (Our own
//    manager wakes the range too when it takes the region; this does not depend on that.)
//
// So a touch sees what the caller had there (until 3) or the image, and nothing else. Dropping
// before `mapped` would leave nothing to go back to after a refusal; dropping before 1 would let
// absent pages turn to zeros. Memory of our own goes the same way: where the process locks all of
// its memory (mlockall), mmap fills it with zeros.
Status pagerd_region::begin(std::string_view image, const pagerd_map_options &options) {
  const Userfault &userfault = client_.userfault();
  if (Status registered = userfault.register_missing(range_); !registered.ok()) return registered;
  if (Status served = ask_to_serve(image, options); !served.ok()) {
    (void)userfault.unregister(range_);
    return served;
  }
  if (Status placed = put_image_in_place(); !placed.ok()) {
    // Some pages may be dropped and others stale. Neither may be read.
    ask_to_stop();
    (void)make_untouchable();
    return failure("system", "%s. The memory at %p was made inaccessible",
                   placed.error().text.c_str(), range_.address());
  }
  return done();
}

Status pagerd_region::ask_to_serve(std::string_view image, const pagerd_map_options &options) {
  const MapRequest request = {
      .image = image,
      .mode = mode_name(plan_.mode),
      .access = access_name(plan_.access),
      .address = range_.start,
      .length_bytes = range_.length_bytes,
      .offset_bytes = plan_.part.offset_bytes,
      .window_bytes = options.window_bytes,
  };
  Result<Message> answer = client_.request_map(request);
  if (!answer.ok()) return answer.error();
  id_ = answer.value().region;
  why_ = plan_.why;
  if (mode_named(answer.value().mode) != plan_.mode) {
    ask_to_stop();
    return failure("unsupported_mode", "The manager took mode \"%s\", wanted %s",
                   answer.value().mode.c_str(), mode_name(plan_.mode));
  }
  if (!client_.userfault().serves_system_calls()) {
    why_ += "; system calls that meet a missing page fail with EFAULT: no full userfaultfd here";
  }
  return done();
}

Status pagerd_region::put_image_in_place() {
  if (Status kept = keep_from_children(range_); !kept.ok()) return kept;
  if (Status dropped = drop_pages(range_); !dropped.ok()) return dropped;
  client_.userfault().wake(range_);
  return done();
}

// Does not wait: the pages are dropped whatever the manager writes down, and the next touch faults.
Status pagerd_region::reset() {
  // With the manager gone the pages that are here are all there are.
  if (Status usable = client_.session().usable(); !usable.ok()) return usable;
  if (Status dropped = drop_pages(range_); !dropped.ok()) return dropped;
  Session &session = client_.session();
  session.tell(reset_frame(session.next_request(), id_));
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
