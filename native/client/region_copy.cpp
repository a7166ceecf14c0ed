#include "client/client.hpp"
#include "client/region.hpp"

using namespace pagerd::client;

// Mode copy: anonymous memory, in which the manager installs copies of the image's pages. The order
// is what keeps a page from ever reading as zeros in place of the image:
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
//
// Where discarded pages are to be zeros the manager hears of step 3 as well, so that this is chosen
// only after it.
Status pagerd_region::begin_copy(const MapRequest &request) {
  const Userfault &userfault = client_.userfault();
  if (Status registered = userfault.register_missing(range_); !registered.ok()) return registered;
  if (Status served = ask_to_serve(request); !served.ok()) {
    (void)userfault.unregister(range_);
    return served;
  }
  // Some pages may be dropped and others stale then. Neither may be read.
  if (Status placed = drop_and_wake(); !placed.ok()) return give_up_memory(placed.error());
  if (!has_zeros()) return done();
  const Status chosen = choose_discard(PAGERD_ON_DISCARD_ZERO);
  return chosen.ok() ? done() : Status(give_up_memory(chosen.error()));
}

Status pagerd_region::drop_and_wake() {
  if (Status kept = keep_from_children(range_); !kept.ok()) return kept;
  if (Status dropped = drop_pages(range_); !dropped.ok()) return dropped;
  client_.userfault().wake(range_);
  return done();
}
