#pragma once

#include <cstddef>
#include <cstdint>

// The figures of protocol/limits.ts, and those of this library alone. A test compares the two
// files.
namespace pagerd::client {

static_assert(sizeof(void *) == 8,
              "libpagerd is for 64-bit machines: images are larger than 4 GiB");

inline constexpr std::uint64_t protocol_version = 1;
inline constexpr std::size_t frame_bytes_max = 65'536;
inline constexpr std::size_t image_name_length_max = 255;
inline constexpr std::size_t session_name_length_max = 64;
inline constexpr std::size_t image_key_length_max = 64;
inline constexpr std::uint64_t region_bytes_max = std::uint64_t{1} << 44;
inline constexpr std::uint32_t window_bytes_min = 4'096;
inline constexpr std::uint32_t window_bytes_max = 2 * 1024 * 1024;
inline constexpr std::size_t page_bytes = 4'096;

// Largest frame this library sends: every field of `map` at its longest fits.
inline constexpr std::size_t request_bytes_max = 1'024;
// Requests of one session that may await their answers at once; further callers wait for a place.
inline constexpr std::size_t requests_in_flight_max = 64;
// Descriptors taken out of one packet at most; the protocol sends one, and all others are closed.
inline constexpr std::size_t descriptors_per_frame_max = 4;
// How long a manager may take to say `welcome`. Later answers have no limit: bytes may be slow to
// come.
inline constexpr int welcome_timeout_ms = 30'000;
// How long a client that leaves waits for the manager to have noticed.
inline constexpr int goodbye_timeout_ms = 1'000;
// How long a call waits for managers that are away, unless PAGERD_WAIT_MS says otherwise.
inline constexpr int manager_wait_default_ms = 30'000;
// Pauses between two looks for the next manager.
inline constexpr int resume_pause_min_ms = 1;
inline constexpr int resume_pause_max_ms = 1'000;
// A manager that was there for less has not been there at all.
inline constexpr int steady_link_ms = 1'000;
// Regions that the next manager is told of before its answers are read.
inline constexpr std::size_t resume_requests_max = 32;
// Rounds of "prefault what is still missing" before attached memory is called incomplete.
inline constexpr int completion_rounds_max = 4;
// Failed prefaults after which a client that leaves no longer asks for what its memory still lacks.
inline constexpr int last_prefaults_max = 8;
// Dirty pages (in mode copy: installed ones) that a reset puts back where they are; with more it
// drops the range. About there a reset in place begins to take longer than one that drops. Measured
// by test/bench/reference/reset_ways.c, heap of 64 MiB, microseconds of the reset and, in brackets,
// of the reset and of dirtying the same pages again:
//   pages side by side  mode copy, 16 pages   share, 16 pages       share, single pages
//      64, in place          15   (15)             17   (17)             70   (70)
//      64, dropped           19   (89)             18  (174)            172 (1067)
//    2048, in place         544  (564)            637  (656)           2182 (2208)
//    2048, dropped          526 (3238)            537 (6353)           3194 (20172)
//    8192, in place        4570 (4671)           4844 (4944)           8030 (8142)
//    8192, dropped         2283 (13574)          2487 (27665)          4349 (35966)
// Mode cow is as share, its dropped pages come back in a third of the time. In place is cheaper for
// who dirties the same pages again, whatever their number; the limit also bounds the memory that a
// worker keeps between two tenants, to 8 MiB.
inline constexpr std::uint64_t put_back_pages_max = 2'048;

constexpr std::uint64_t rounded_up_to_page(std::uint64_t bytes) {
  return (bytes + page_bytes - 1) & ~std::uint64_t{page_bytes - 1};
}

constexpr std::uint64_t rounded_down_to_page(std::uint64_t bytes) {
  return bytes & ~std::uint64_t{page_bytes - 1};
}

}  // namespace pagerd::client
