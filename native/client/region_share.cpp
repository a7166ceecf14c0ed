#include "client/client.hpp"
#include "client/region.hpp"

using namespace pagerd::client;

// Mode share: the image's own file is mapped, privately, or with access shared as the writable
// memory of all who map it so. The file has holes where the image's bytes have not come yet, and
// the manager may be about to write where there is none; the kernel would show either to whoever
// looks. So nobody may look before the pages are registered:
//
// 1. `map`. Nothing of the caller's is lost yet, so a refusal leaves everything as it was. The
//    manager serves a range whose faults it cannot get yet.
// 2. Map the file over the range, in one step, with no access for anybody. From here to 5 a touch
//    is a SIGSEGV. The caller's own bytes are gone, unless this step fails, which leaves them.
// 3. Keep it from children: a child that is forked later has no registration, and would read the
//    holes as zeros.
// 4. Register, for pages that the file lacks (missing) and for pages that it has but the manager
//    has not shown here yet (minor). Only the manager knows which of the latter are whole.
// 5. Allow access. Every page faults on its first touch.
//
// Processes that lock all of their memory (mlockall) are no exception: the kernel fills a locked
// mapping when it becomes accessible, but it cannot wait for a userfault there, and leaves
// registered pages alone.
Status pagerd_region::begin_share(const MapRequest &request) {
  if (Status free = require_nobody_elses(); !free.ok()) return free;
  if (Status served = ask_to_serve(request); !served.ok()) return served;
  if (Status mapped = map_file(FileAccess::none); !mapped.ok()) {
    ask_to_stop();
    return mapped;
  }
  if (Status opened = open_file_to_touch(); !opened.ok()) return give_up_memory(opened.error());
  return done();
}

Status pagerd_region::open_file_to_touch() {
  if (Status kept = keep_from_children(range_); !kept.ok()) return kept;
  const Status registered = client_.userfault().register_missing_and_minor(range_);
  return registered.ok() ? permit(range_) : registered;
}

// Mode cow: all of the image's bytes are in its file, so that the kernel serves every fault and the
// manager has only to know that the file is in use. There is nothing to wait for, and no moment at
// which a touch would show anything but what the caller had there or the image.
Status pagerd_region::begin_cow(const MapRequest &request) {
  if (Status free = require_nobody_elses(); !free.ok()) return free;
  if (Status served = ask_to_serve(request); !served.ok()) return served;
  if (Status mapped = map_file(FileAccess::read_and_write); !mapped.ok()) {
    ask_to_stop();
    return mapped;
  }
  if (Status kept = keep_from_children(range_); !kept.ok()) return give_up_memory(kept.error());
  return done();
}

Status pagerd_region::map_file(FileAccess access) const {
  const FileView view = {
      .number = plan_.file->number(),
      .offset_bytes = plan_.part.offset_bytes,
      .access = access,
      .is_shared = plan_.access == PAGERD_ACCESS_SHARED,
  };
  return map_file_over(range_, view);
}

// Attached memory that another userfaultfd serves is somebody's region. Mapping a file over it
// would end that without a word, where registering is refused.
Status pagerd_region::require_nobody_elses() const {
  const Userfault &userfault = client_.userfault();
  if (memory_ == RegionMemory::mapped || !userfault.is_open()) return done();
  if (Status registered = userfault.register_missing(range_); !registered.ok()) return registered;
  return userfault.unregister(range_);
}
