#include "client/client.hpp"

#include "client/limits.hpp"

using namespace pagerd::client;

namespace {

bool is_about_descriptor(const Failure &refusal) {
  return refusal.code == "not_userfaultfd" || refusal.code == "unsupported_features" ||
         refusal.code == "missing_descriptor";
}

}  // namespace

pagerd_client::~pagerd_client() {
  while (Region *region = book_.any()) {
    region->end_for_disconnect();
    book_.strike(region);
  }
  session_->say_goodbye();
}

void pagerd_client::abandon(pagerd_client *client) {
  // Not freed: threads of the parent may have been inside its locks at the fork, and destroying
  // those could hang.
  client->userfault_ = Userfault();
  client->session_->close_copies_of_child();
}

Result<Region *> pagerd_client::map(std::string_view image, const pagerd_map_options &options) {
  Result<RegionPlan> plan = plan_region(image, options);
  if (!plan.ok()) return plan.error();
  if (Status made = make_userfault(); !made.ok()) return made.error();
  Result<Range> range = map_anonymous(plan.value().part.padded_bytes);
  if (!range.ok()) return range.error();
  auto region = std::make_unique<Region>(*this, RegionMemory::mapped, range.value(), plan.take());
  Result<Region *> begun = begin(std::move(region), image, options);
  if (!begun.ok()) (void)give_back(range.value());
  return begun;
}

Result<Region *> pagerd_client::attach(Range room, std::string_view image,
                                       const pagerd_map_options &options) {
  if (room.start % page_bytes != 0) {
    return failure("region_misaligned",
                   "Cannot attach at %p: wanted a multiple of the page size, %zu", room.address(),
                   page_bytes);
  }
  Result<RegionPlan> plan = plan_region(image, options);
  if (!plan.ok()) return plan.error();
  const std::uint64_t padded_bytes = plan.value().part.padded_bytes;
  if (padded_bytes > room.length_bytes) {
    return failure("region_too_long",
                   "The image needs %llu bytes in whole pages, and the memory at %p has %llu",
                   static_cast<unsigned long long>(padded_bytes), room.address(),
                   static_cast<unsigned long long>(room.length_bytes));
  }
  const Range range = {room.start, padded_bytes};
  if (Status fit = require_private_anonymous(range); !fit.ok()) return fit.error();
  if (Status made = make_userfault(); !made.ok()) return made.error();
  return begin(std::make_unique<Region>(*this, RegionMemory::attached, range, plan.take()), image,
               options);
}

Result<std::string> pagerd_client::publish(std::string_view name, int file) {
  if (Status good = check_image_name(name); !good.ok()) return good.error();
  Result<Message> answer =
      session_->exchange(publish_frame(session_->next_request(), name), "published", file);
  if (!answer.ok()) return answer.error();
  return answer.value().image;
}

Status pagerd_client::unmap(Region *region) {
  const Range range = region->range();
  const bool is_mapped = region->memory() == RegionMemory::mapped;
  if (Status ended = is_mapped ? region->end_mapped() : region->end_attached(); !ended.ok()) {
    return ended;
  }
  // In this order: once the addresses are given back, another thread's region may lie there. If
  // they cannot be, they stay taken; the region has ended all the same.
  book_.strike(region);
  if (is_mapped) (void)give_back(range);
  return done();
}

Status pagerd_client::retire(Region *region) {
  if (region->memory() == RegionMemory::attached) {
    return failure("bad_argument",
                   "Attached memory is the caller's and cannot be retired: unmap the region");
  }
  Status ended = region->end_mapped();
  if (ended.ok()) book_.strike(region);
  return ended;
}

Status pagerd_client::load(std::string_view image) {
  if (Status good = check_image_name(image); !good.ok()) return good;
  Result<Message> answer =
      session_->exchange(load_frame(session_->next_request(), image), "loaded");
  if (!answer.ok()) return answer.error();
  return done();
}

Result<RegionPlan> pagerd_client::plan_region(std::string_view image,
                                              const pagerd_map_options &options) {
  if (Status good = check_image_name(image); !good.ok()) return good.error();
  if (Status good = check_options(options); !good.ok()) return good.error();
  const std::string_view modes[] = {"copy"};
  const ImageRequest wish = {
      .image = image,
      .mode = mode_name(options.mode),
      .modes = modes,
      .access = access_name(options.access),
  };
  Result<Message> answer =
      session_->exchange(image_frame(session_->next_request(), wish), "image_found");
  if (!answer.ok()) return answer.error();
  Message &found = answer.value();
  const pagerd_mode mode = mode_named(found.mode);
  if (mode == PAGERD_MODE_AUTO || (options.mode != PAGERD_MODE_AUTO && options.mode != mode)) {
    return failure("unsupported_mode", "The manager took mode \"%s\", wanted %s",
                   found.mode.c_str(), mode_name(options.mode));
  }
  Result<Part> part = choose_part(image, found.length_bytes, options);
  if (!part.ok()) return part.error();
  RegionPlan plan = {part.value(), mode, options.access, found.why, nullptr};
  if (found.file) {
    auto kept = files_.keep(std::move(found.descriptor), options.access);
    if (!kept.ok()) return kept.error();
    plan.file = kept.take();
  }
  return plan;
}

Status pagerd_client::make_userfault() {
  const std::lock_guard held(hand_over_lock_);
  if (userfault_.is_open()) return done();
  Result<Userfault> made = Userfault::create(session_->device());
  if (!made.ok()) return made.error();
  userfault_ = made.take();
  return done();
}

Result<Region *> pagerd_client::begin(std::unique_ptr<Region> region, std::string_view image,
                                      const pagerd_map_options &options) {
  Result<Region *> entered = book_.enter(std::move(region));
  if (!entered.ok()) return entered;
  if (Status begun = entered.value()->begin(image, options); !begun.ok()) {
    book_.strike(entered.value());
    return begun.error();
  }
  return entered;
}

Result<Message> pagerd_client::request_map(const MapRequest &request) {
  if (!is_handed_over_) return hand_over(request);
  return session_->exchange(map_frame(session_->next_request(), request), "mapped");
}

// The userfaultfd goes with the session's first `map` and with no other, so others wait until that
// is answered. A manager that refuses the map keeps the descriptor, unless that is what it refused.
Result<Message> pagerd_client::hand_over(const MapRequest &request) {
  const std::lock_guard held(hand_over_lock_);
  const int descriptor = is_handed_over_ ? -1 : userfault_.number();
  Result<Message> answer =
      session_->exchange(map_frame(session_->next_request(), request), "mapped", descriptor);
  is_handed_over_ = answer.ok() || !is_about_descriptor(answer.error());
  return answer;
}
