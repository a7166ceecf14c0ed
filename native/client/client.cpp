#include "client/client.hpp"

#include "client/limits.hpp"

using namespace pagerd::client;

namespace {

// New memory for a region, with room for a heap behind it.
Result<Range> make_room(const RegionPlan &plan, std::uint64_t heap_bytes) {
  const std::uint64_t image_bytes = plan.part.padded_bytes;
  const bool is_copy = plan.mode == PAGERD_MODE_COPY;
  if (heap_bytes == 0) return is_copy ? map_anonymous(image_bytes) : reserve(image_bytes);
  Result<Range> room = reserve(image_bytes + heap_bytes);
  if (!room.ok() || !is_copy) return room;
  const Status permitted = permit({room.value().start, image_bytes});
  if (permitted.ok()) return room;
  (void)give_back(room.value());
  return permitted.error();
}

}  // namespace

pagerd_client::~pagerd_client() {
  delete told_.load();
  session_->stop_waiting();
  while (Region *region = book_.any()) {
    region->end_for_disconnect();
    book_.strike(region);
  }
  session_->say_goodbye();
}

void pagerd_client::abandon(pagerd_client *client) {
  // Not freed: threads of the parent may have been inside its locks at the fork, and destroying
  // those could hang.
  if (pagerd_client *told = client->told_.load()) abandon(told);
  client->userfault_ = Userfault();
  client->pagemap_ = Pagemap();
  client->session_->close_copies_of_child();
}

PoisonNotice pagerd_client::poisoned() const {
  PoisonNotice notice = session_->poisoned();
  if (const pagerd_client *told = told_.load()) {
    PoisonNotice others = told->poisoned();
    notice.pages += others.pages;
    if (!others.text.empty()) notice.text = std::move(others.text);
  }
  return notice;
}

void pagerd_client::give_up() {
  session_->give_up();
  if (pagerd_client *told = told_.load()) told->give_up();
}

Result<pagerd_client *> pagerd_client::client_for(const pagerd_map_options &options) {
  if (options.on_discard != PAGERD_ON_DISCARD_ZERO) return this;
  if (Status good = check_options(options); !good.ok()) return good.error();
  if (Status here = session_->usable(); !here.ok()) return here.error();
  const std::lock_guard held(told_lock_);
  if (told_.load() == nullptr) {
    auto session = Session::connect(session_->path());
    if (!session.ok()) return session.error();
    told_ = new pagerd_client(session.take(), Tells::discards);
  }
  return told_.load();
}

Result<Region *> pagerd_client::map(std::string_view image, const pagerd_map_options &options) {
  Result<pagerd_client *> client = client_for(options);
  return client.ok() ? client.value()->map_here(image, options) : client.error();
}

Result<Region *> pagerd_client::attach(Range room, std::string_view image,
                                       const pagerd_map_options &options) {
  Result<pagerd_client *> client = client_for(options);
  return client.ok() ? client.value()->attach_here(room, image, options) : client.error();
}

Result<Region *> pagerd_client::map_here(std::string_view image,
                                         const pagerd_map_options &options) {
  const Abilities here = {true, true, ""};
  Result<RegionPlan> plan = plan_region(image, options, here);
  if (!plan.ok()) return plan.error();
  const std::uint64_t heap_bytes = rounded_up_to_page(options.reserve_bytes);
  Result<Range> room = make_room(plan.value(), heap_bytes);
  if (!room.ok()) return room.error();
  const Range shown = {room.value().start, plan.value().part.padded_bytes};
  auto region = std::make_unique<Region>(*this, RegionMemory::mapped, shown, plan.take());
  const Status extended = heap_bytes == 0 ? done() : region->reserve_heap(heap_bytes);
  Result<Region *> begun = extended.ok() ? begin(std::move(region), image, options)
                                         : Result<Region *>(extended.error());
  if (!begun.ok()) (void)give_back(room.value());
  return begun;
}

Result<Region *> pagerd_client::attach_here(Range room, std::string_view image,
                                            const pagerd_map_options &options) {
  if (room.start % page_bytes != 0) {
    return failure("region_misaligned",
                   "Cannot attach at %p: wanted a multiple of the page size, %zu", room.address(),
                   page_bytes);
  }
  if (options.reserve_bytes != 0) {
    return failure("bad_argument",
                   "reserve_bytes is %llu, wanted 0: only regions of pagerd_map() can have a heap",
                   static_cast<unsigned long long>(options.reserve_bytes));
  }
  Result<RegionPlan> plan = plan_region(image, options, abilities_in(room));
  if (!plan.ok()) return plan.error();
  const Range range = {room.start, plan.value().part.padded_bytes};
  if (range.length_bytes > room.length_bytes) {
    return failure("region_too_long",
                   "The image needs %llu bytes in whole pages, and the memory at %p has %llu",
                   static_cast<unsigned long long>(range.length_bytes), room.address(),
                   static_cast<unsigned long long>(room.length_bytes));
  }
  return begin(std::make_unique<Region>(*this, RegionMemory::attached, range, plan.take()), image,
               options);
}

Result<std::string> pagerd_client::publish(std::string_view name, int file) {
  if (Status good = check_image_name(name); !good.ok()) return good.error();
  const Frame frame = publish_frame(session_->next_request(), name);
  Result<Message> answer = session_->publish(frame, std::string(name), file);
  if (!answer.ok()) return answer.error();
  return answer.value().image;
}

Status pagerd_client::unmap(Region *region) {
  const Range range = region->whole_range();
  const bool is_mapped = region->memory() == RegionMemory::mapped;
  if (Status ended = is_mapped ? region->end_untouchable() : region->end_attached(); !ended.ok()) {
    return ended;
  }
  // In this order: once the addresses are given back, another thread's region may lie there. If
  // they cannot be, they stay taken; the region has ended all the same.
  book_.strike(region);
  if (is_mapped) (void)give_back(range);
  return done();
}

Status pagerd_client::retire(Region *region) {
  Status ended = region->end_untouchable();
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
                                              const pagerd_map_options &options, Abilities here) {
  // Regions of mode cow have no faults, and can be had where there is no userfaultfd.
  Status userfault = make_userfault();
  const bool may_be_cow = options.mode == PAGERD_MODE_AUTO || options.mode == PAGERD_MODE_COW;
  if (!userfault.ok() && !may_be_cow) return userfault.error();
  if (tells_ == Tells::discards) {
    here = {false, false, "discarded pages are to read as zeros, and a file's would come back"};
  } else if (!userfault.ok() || !userfault_.serves_files()) {
    here.can_share = false;
    here.reason = userfault.ok() ? "this system's userfaultfd serves no files"
                                 : userfault.error().text;
  }
  Result<RegionPlan> plan = pagerd::client::plan_region(*session_, files_, image, options, here);
  if (!plan.ok() || userfault.ok() || plan.value().mode == PAGERD_MODE_COW) return plan;
  return userfault.error();
}

Status pagerd_client::make_userfault() {
  const std::lock_guard held(userfault_lock_);
  if (userfault_.is_open()) return done();
  Result<Userfault> made = Userfault::create(session_->device(), tells_);
  if (!made.ok()) return made.error();
  userfault_ = made.take();
  session_->note_userfault(userfault_.number());
  return done();
}

const Pagemap &pagerd_client::pagemap() {
  std::call_once(pagemap_once_, [this] { pagemap_ = Pagemap::open(); });
  return pagemap_;
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
