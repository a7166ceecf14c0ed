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
// Rounds of "prefault what is still missing" before attached memory is called incomplete.
inline constexpr int completion_rounds_max = 4;
// Failed prefaults after which a client that leaves no longer asks for what its memory still lacks.
inline constexpr int last_prefaults_max = 8;

constexpr std::uint64_t rounded_up_to_page(std::uint64_t bytes) {
  return (bytes + page_bytes - 1) & ~std::uint64_t{page_bytes - 1};
}

constexpr std::uint64_t rounded_down_to_page(std::uint64_t bytes) {
  return bytes & ~std::uint64_t{page_bytes - 1};
}

}  // namespace pagerd::client
