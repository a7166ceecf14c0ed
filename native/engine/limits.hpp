#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

// Every bound of the engine in one place. Full means back-pressure: the caller waits, defers or is
// refused.
namespace pagerd::engine::limits {

// Faults taken from one uffd before they are served.
inline constexpr std::size_t batch_faults_max = 64;

// Faults of one address space that wait for bytes or for another try. Beyond it no more
// are taken in until some are done; the rest stays with the kernel.
inline constexpr std::size_t pending_faults_max = 1024;

// Faults that met EAGAIN, over all address spaces. Beyond it a fault goes back to the kernel by a
// wake.
inline constexpr std::size_t deferred_faults_max = 4096;

// Faults of one address space that nothing of ours can end, of which the addresses are known.
inline constexpr std::size_t strays_max = 64;

// Faults of one address space that the watchdog gives up in one go.
inline constexpr std::size_t rescues_max = 64;

// Ranges being fetched. Beyond it a fault that needs one is deferred.
inline constexpr std::size_t fills_max = 4096;
// Of those, ranges that nobody is blocked on: bulk leaves room for demand.
inline constexpr std::size_t bulk_fills_max = fills_max / 2;
// Of those, one image's: a source that does not answer leaves room for others. Bulk leaves half.
inline constexpr std::size_t image_fills_max = fills_max / 4;

// Commands whose answers the control plane has not taken; beyond it, it is told "busy".
inline constexpr std::size_t commands_max = 4096;
// Prefaults, and loads of whole images.
inline constexpr std::size_t prefaults_max = 1024;

// Pages of one recording of a region's faults, and ranges of one replay: 4 GiB.
inline constexpr std::uint64_t touches_max = std::uint64_t{1} << 20;

// Pages in a row that a prefault could not have, before it gives up the rest: as many as one digest
// of a page source may cover.
inline constexpr std::size_t prefault_failures_max = 4096;

// Notices (poisoned pages) that may wait for the control plane.
inline constexpr std::size_t notices_max = 1024;

inline constexpr std::size_t spaces_max = 16384;
// Forked children that are served at once, whoever forked them, and those of one client with all
// that they have forked in their turn. Beyond it a child waits for its pages, and its descriptor is
// kept.
inline constexpr std::size_t children_max = 1024;
inline constexpr std::size_t children_per_client_max = 256;
// Children that are not served, of which the descriptor is kept so that they wait. Beyond it
// nothing more is read of who forks.
inline constexpr std::size_t children_kept_max = 4096;
// What a child may have of a fault thread's time when it is served no more.
inline constexpr std::uint64_t poison_rest_ns = 200'000'000;

// Parts that the regions of one address space are cut into by unmapping and moving, and those that
// the children of one client began with together. A client has at most 65,530 mappings unless its
// administrator says otherwise; each can leave zeros behind.
inline constexpr std::size_t parts_max = 262144;

// Every space may have to be detached whatever else is queued.
inline constexpr std::size_t mailbox_capacity = 32768;
static_assert(commands_max + spaces_max + children_max < mailbox_capacity);

// Events that may wait for the control plane: every fill, the answer to every command, notices, and
// of every space that its layout has changed, that it misbehaves and that it is over; of a child's
// also that it was forked and that its process is gone.
constexpr std::size_t outbox_capacity(std::size_t spaces) {
  return std::bit_ceil(fills_max + commands_max + notices_max + 3 * spaces + 5 * children_max);
}

// Threads of one kind, those included that wait in the kernel while others do their work.
inline constexpr std::size_t crew_max = 128;
// How long a thread may be about one thing of a client's, asleep, before another takes its place.
inline constexpr std::uint64_t held_ns = 50'000'000;
// Threads that one user's clients may hold up at a time. Beyond it none enters that user's spaces.
inline constexpr unsigned threads_held_max = 8;

// Work for fillers, either kind: every fill twice (raised from bulk to demand), its settling, every
// prefault, and what each that is held up has not settled yet.
inline constexpr std::size_t filler_queue_capacity = 16384;
static_assert(3 * fills_max + prefaults_max + crew_max <= filler_queue_capacity);

// Bulk work is done in slices, so that demand never waits long behind it.
inline constexpr std::uint64_t slice_bytes = 256 * 1024;
// Of zeros and shared pages, which the kernel installs that much faster.
inline constexpr std::uint64_t long_slice_bytes = 2 * 1024 * 1024;

// The same where faults wait for it: in a space with layout events, whose lock is held meanwhile.
inline constexpr std::uint64_t locked_slice_bytes = 64 * 1024;
// What bulk work leaves to those whom it kept waiting so: some faults' time.
inline constexpr std::uint64_t aside_ns = 250'000;

// Faults that one thread has begun and installs in slices. Beyond it windows are installed whole.
inline constexpr std::size_t cut_faults_max = 64;
// Windows up to this one are installed whole, whoever waits.
inline constexpr std::uint64_t whole_window_bytes = 64 * 1024;
// Slices of larger ones, each a matter of 5 us: the kernel copies a page in 0.9 us, and maps one of
// a file in 0.2.
inline constexpr std::uint64_t copied_slice_bytes = 16 * 1024;
inline constexpr std::uint64_t mapped_slice_bytes = 128 * 1024;

// What a fault thread does while others have the locks of all spaces with faults: it lets others go
// first so often, then sleeps each time. Locks are held for some microseconds, unless a client or
// the scheduler keeps their holder.
inline constexpr unsigned lock_yields_max = 16;
inline constexpr std::uint64_t lock_pause_ns = 50'000;

// The largest window, and so the largest fill.
inline constexpr std::uint64_t window_bytes_max = 2 * 1024 * 1024;
// How far the default window grows on a sequential streak.
inline constexpr std::uint64_t streak_window_bytes = 256 * 1024;
// The same where pages are shared: they cost neither memory nor copying.
inline constexpr std::uint64_t continue_streak_window_bytes = window_bytes_max;

// The rest of a space that has no memory left, which doubles while it goes on.
inline constexpr std::uint64_t starved_pause_ns = 1'000'000;
inline constexpr std::uint64_t starved_pause_ns_max = 250'000'000;

inline constexpr std::size_t fault_ring_records = 4096;
inline constexpr unsigned fault_threads_max = 64;

}  // namespace pagerd::engine::limits
