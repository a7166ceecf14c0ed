#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/address_space.hpp"
#include "engine/fills.hpp"
#include "image/file_source.hpp"
#include "image/image.hpp"

namespace pagerd::engine {

class PrefaultJob;

// Who is to be served when a page's bytes are there: a blocked thread, or a prefault on its way.
struct Waiter {
  std::shared_ptr<AddressSpace> space;
  Fault fault;
  std::shared_ptr<PrefaultJob> prefault;  // null: a fault
  std::uint64_t image_page = 0;
  std::uint32_t region = 0;
};

enum class Ask {
  ready,    // its bytes are there
  waiting,  // the waiter is kept, and served when they are
  lost,     // the source is gone for good: poison
  busy,     // too many fills under way: ask again later
};

// An image together with its source, what is being fetched of it, and who waits for that.
class ServedImage : public std::enable_shared_from_this<ServedImage> {
 public:
  // Without a file, its bytes come from a page source of the control plane.
  ServedImage(std::uint32_t id, image::Image image, std::optional<image::FileSource> file);

  std::uint32_t id() const { return id_; }
  image::Image &image() { return image_; }
  const image::FileSource *file() const { return file_ ? &*file_ : nullptr; }

  // Asks for the bytes of `waiter.image_page`, and with them for those neighbours in [low, high)
  // that nobody has asked for. The waiter's fault says how many attempts have failed before.
  Ask ask(Waiter waiter, std::uint64_t low, std::uint64_t high, Urgency urgency, FillDesk &desk);
  // Asks for the absent pages of a range ahead of anybody's need.
  void prefetch(std::uint64_t first, std::uint64_t end, FillDesk &desk, unsigned attempts = 0);

  // The job's pages are there, or will not be: returns who waits for them.
  std::vector<Waiter> settle(const FillJob &job);
  // Takes off the list who waits on behalf of a region that has ended, and returns them.
  std::vector<Waiter> forget(const AddressSpace &space, std::uint32_t region);
  // The same of threads that wait at addresses where the region is no more.
  std::vector<Waiter> forget(const AddressSpace &space, std::uint32_t region, Window vacated);

  // For those who look after faults that wait too long.
  bool has_waiter(const AddressSpace &space, std::uint64_t address) const;
  std::optional<Fault> take_waiter(const AddressSpace &space, std::uint64_t address);

  // Somebody has asked for the page's bytes, and they are on their way.
  bool is_requested(std::uint64_t page) const;
  // Why the last fill that failed did; "" while none has.
  std::string last_failure() const;

  // For good: every page not yet resident can no longer be had.
  void mark_lost(const std::string &reason);
  // "" while all is well. Written once, before is_lost_.
  const std::string &lost_reason() const;

  Counter bytes_read;
  Counter fills;
  Counter fill_failures;
  // Of those, fills that were asked for as bulk.
  Counter bulk_fill_failures;
  std::atomic<std::uint64_t> regions{0};

 private:
  // Under mutex_.
  bool open_fill(image::Run run, Urgency urgency, FillDesk &desk, unsigned attempts);
  void raise_fill_of(std::uint64_t page, FillDesk &desk);

  const std::uint32_t id_;
  image::Image image_;
  const std::optional<image::FileSource> file_;

  mutable std::mutex mutex_;
  image::Bitmap requested_;
  // Theirs is whoever works at them: they hold the image, and not the other way round.
  std::vector<std::weak_ptr<FillJob>> open_fills_;
  std::vector<Waiter> waiters_;
  std::string last_failure_;
  std::string lost_reason_;
  std::atomic<bool> is_lost_{false};
};

}  // namespace pagerd::engine
