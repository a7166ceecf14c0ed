#include <algorithm>

#include "client/client.hpp"
#include "client/limits.hpp"
#include "client/region.hpp"
#include "client/sys_mappings.hpp"
#include "client/sys_memory_copy.hpp"

// How regions end. A manager that is gone or has forgotten the region must not keep it from ending,
// and no page may turn to zeros on the way.
using namespace pagerd::client;

// The manager is told first, so that none of its installs can still be under way to addresses that
// are then others'.
Status pagerd_region::end_untouchable() {
  ask_to_stop();
  return make_untouchable();
}

// Memory that maps the image's file cannot be left so: the manager may take pages out of the file
// when it needs room, and they would become zeros. Its bytes move to memory of the caller's own.
Status pagerd_region::end_attached() {
  if (plan_.mode != PAGERD_MODE_COW) {
    if (Status completed = complete(); !completed.ok()) return completed;
  }
  if (shows_file()) {
    if (Status replaced = replace_by_copy(range_); !replaced.ok()) return replaced;
    ask_to_stop();
    return done();
  }
  ask_to_stop();
  return client_.userfault().unregister(range_);
}

void pagerd_region::end_for_disconnect() {
  if (memory_ == RegionMemory::mapped) {
    if (end_untouchable().ok() && give_back(whole_range()).ok()) return;
  } else {
    if (end_attached().ok()) return;
    const Status kept = shows_file() ? keep_what_is_there() : forbid_what_is_missing();
    ask_to_stop();
    // Those who wait for a page that is gone now.
    if (client_.userfault().is_open()) client_.userfault().wake(range_);
    if (kept.ok() && (shows_file() || client_.userfault().unregister(range_).ok())) return;
  }
  // Its closing would turn what is missing into zeros. A descriptor that is never closed is the
  // smaller evil.
  client_.keep_userfault_open_for_ever();
}

void pagerd_region::ask_to_stop() {
  client_.session().end_region(id_);
}

// Whoever waits for a page of the range gets SIGSEGV, as does everyone who comes later.
Status pagerd_region::make_untouchable() {
  const Userfault &userfault = client_.userfault();
  Status sealed = Seal().put_over(whole_range());
  if (!sealed.ok()) sealed = forbid(whole_range());
  if (sealed.ok() && userfault.is_open()) userfault.wake(range_);
  return sealed;
}

// Installs every page, and does not take the manager's word for it: a page that was installed can
// have been dropped again without a trace, and unregistering would then make it zeros. Where zeros
// are what discarded pages are to be, all that is missing after a prefault has been discarded.
Status pagerd_region::complete() {
  if (has_zeros()) return prefault_range(range_);
  for (int round = 0; round < completion_rounds_max; ++round) {
    Result<std::optional<Range>> missing = first_missing_run(range_);
    if (!missing.ok()) return missing.error();
    if (!missing.value()) return done();
    const std::uintptr_t start = missing.value()->start;
    if (Status prefaulted = prefault_range({start, range_.end() - start}); !prefaulted.ok())
      return prefaulted;
  }
  return failure(
      "prefault_failed",
      "Pages of the region at %p are missing again and again: does another thread reset it?",
      range_.address());
}

Status pagerd_region::forbid_what_is_missing() {
  const Seal seal;
  const Result<std::optional<Range>> nothing{std::optional<Range>()};
  Range rest = range_;
  int failures = 0;
  for (;;) {
    Result<std::optional<Range>> run = first_missing_run(rest);
    if (!run.ok()) return forbid(rest);
    if (!run.value()) return done();
    const Range missing = *run.value();
    // One bad page stops a prefault; those after it may still be had. But each failure takes the
    // manager's time for tries.
    const bool is_tried = failures < last_prefaults_max;
    const bool is_whole = is_tried && prefault_range(missing).ok();
    if (is_tried && !is_whole) failures += 1;
    // What is missing then was discarded, and is to be zeros.
    const bool is_settled = is_whole && has_zeros();
    Result<std::optional<Range>> still = is_settled ? nothing : first_missing_run(missing);
    if (!still.ok()) return forbid(rest);
    if (still.value()) {
      const std::uintptr_t from = still.value()->start;
      // Every seal within a mapping splits it, and the number of mappings has a limit.
      if (!seal.put_over({from, missing.end() - from}).ok()) {
        return forbid({from, range_.end() - from});
      }
    }
    rest = {missing.end(), range_.end() - missing.end()};
  }
}

// For memory that maps the image's file. Afterwards all of it is the caller's own or inaccessible.
Status pagerd_region::keep_what_is_there() {
  if (plan_.mode != PAGERD_MODE_COW) {
    if (Status forbidden = forbid_what_is_missing(); !forbidden.ok()) return make_untouchable();
  }
  const Seal seal;
  Status kept = done();
  for (std::uintptr_t at = range_.start; at < range_.end();) {
    Result<Mapping> mapping = mapping_at(at);
    if (!mapping.ok()) return make_untouchable();
    const std::uintptr_t end = std::min(mapping.value().range.end(), range_.end());
    const Range piece = {at, end - at};
    const Status settled =
        mapping.value().is_readable ? keep_or_seal(piece, seal) : seal.put_over(piece);
    if (!settled.ok()) kept = settled;
    at = end;
  }
  return kept;
}

// Halves what cannot be kept as a whole, until the pages that cannot be had are alone.
Status pagerd_region::keep_or_seal(Range range, const Seal &seal) {
  if (replace_by_copy(range).ok()) return done();
  if (range.length_bytes == page_bytes) return seal.put_over(range);
  const std::uint64_t half_bytes = rounded_up_to_page(range.length_bytes / 2);
  const Status first = keep_or_seal({range.start, half_bytes}, seal);
  const Status second =
      keep_or_seal({range.start + half_bytes, range.length_bytes - half_bytes}, seal);
  return first.ok() ? second : first;
}
