#include "client/client.hpp"
#include "client/limits.hpp"
#include "client/region.hpp"
#include "client/sys_pagemap.hpp"

// How a region goes back to its image. Few dirty pages are put back where they are: no fault
// follows, nobody waits, and clean pages stay. Many are dropped. Whatever is in doubt is dropped
// too, which is always right.
using namespace pagerd::client;

// Does not wait for the manager.
Status pagerd_region::reset() {
  if (plan_.access == PAGERD_ACCESS_SHARED) {
    return failure("unsupported_access",
                   "Cannot reset the region at %p: with access shared its pages are also those of "
                   "all others who map the image",
                   range_.address());
  }
  // With the manager gone for good the pages that are here are all there are; in mode cow the
  // kernel has the others.
  Session &session = client_.session();
  if (plan_.mode != PAGERD_MODE_COW) {
    if (Status found = session.await_manager(); !found.ok()) return found;
  }

  if (has_zeros()) return reset_and_note();
  if (Status forgotten = forget_heap(); !forgotten.ok()) return forgotten;
  Result<Range> rest = put_back_dirty_pages();
  if (!rest.ok()) return rest.error();
  if (rest.value().length_bytes == 0) return done();
  if (Status dropped = drop_pages(rest.value()); !dropped.ok()) return dropped;
  session.tell(reset_frame(session.next_request(), id_));
  return done();
}

// Where discarded pages are zeros. The manager hears of what is dropped here, too, and must not
// take it for a discard; and a page that is here need never have had the image's bytes, so none
// is put back where it is. Whatever fails on the way leaves the image's bytes, never zeros.
Status pagerd_region::reset_and_note() {
  Session &session = client_.session();
  if (Status chosen = choose_discard(PAGERD_ON_DISCARD_IMAGE); !chosen.ok()) return chosen;
  if (Status forgotten = forget_heap(); !forgotten.ok()) return forgotten;
  if (Status dropped = drop_pages(range_); !dropped.ok()) return dropped;
  session.tell(reset_frame(session.next_request(), id_));
  return choose_discard(PAGERD_ON_DISCARD_ZERO);
}

// Returns what has to be dropped: from the page on where the limit was passed, or everything where
// the kernel cannot say which pages are dirty. So no more private pages than the limit survive.
Result<Range> pagerd_region::put_back_dirty_pages() {
  if (plan_.file == nullptr) return range_;
  const Wanted wanted =
      plan_.mode == PAGERD_MODE_COPY ? Wanted::all : Wanted::private_copies;
  std::uint64_t pages_left = put_back_pages_max;
  PageRuns found;
  Range rest = range_;
  while (rest.length_bytes > 0) {
    if (!client_.pagemap().find(rest, wanted, found).ok()) return rest;
    std::uint64_t pages = 0;
    for (std::size_t index = 0; index < found.count; ++index) {
      const PageRun &run = found.runs[index];
      pages += run.is_zero ? 1 : run.range.length_bytes / page_bytes;
    }
    if (pages > pages_left) return rest;
    pages_left -= pages;
    for (std::size_t index = 0; index < found.count; ++index) {
      if (Status back = put_back(found.runs[index]); !back.ok()) return back.error();
    }
    rest = found.rest;
  }
  return rest;
}

// The image's bytes come from its file. That they are there follows from the page being here: it
// was shown when the manager had its bytes, and nothing takes bytes out of an image's file as long
// as there is no eviction. Eviction will have to keep a page's bytes, or tell its clients, before
// it punches the hole: this would otherwise put zeros in place of the image.
Status pagerd_region::put_back(const PageRun &run) {
  const int file = plan_.file->number();
  const std::uint64_t offset_bytes = plan_.part.offset_bytes + (run.range.start - range_.start);
  // A page of zeros may also be one that somebody zeroed, where the image has bytes.
  if (run.is_zero && is_hole(file, offset_bytes, run.range.length_bytes)) return done();
  std::uint64_t at = read_into(run.range, file, offset_bytes);
  while (at < run.range.length_bytes) {
    // A poisoned page, which heals by it, or one that the caller protected against writing.
    const Range page = {rounded_down_to_page(run.range.start + at), page_bytes};
    if (Status dropped = drop_pages(page); !dropped.ok()) return dropped;
    const Range rest = {page.end(), run.range.end() - page.end()};
    at = page.end() - run.range.start;
    at += read_into(rest, file, offset_bytes + at);
  }
  return done();
}
