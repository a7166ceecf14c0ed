#include "engine/engine.hpp"
#include "sys/uapi.hpp"

// How address spaces come to an engine.
namespace pagerd::engine {

namespace {

// Without one the space is served all the same: for the next engine its layout is unknown.
std::shared_ptr<LayoutBook> new_book() {
  auto book = LayoutBook::create();
  return book.ok() ? book.take() : nullptr;
}

}  // namespace

std::shared_ptr<AddressSpace> Engine::attach(sys::Descriptor uffd,
                                             std::uint64_t layout_features, int cpu,
                                             std::uint32_t uid, bool is_held_back) {
  SpacePlan plan{.layout_features = layout_features,
                 .forks = this,
                 .owner = &owners_.of(uid),
                 .is_held_back = is_held_back};
  if (layout_features != 0) plan.book = new_book();
  return open(std::move(uffd), std::move(plan), cpu);
}

std::shared_ptr<AddressSpace> Engine::adopt(sys::Descriptor uffd, std::uint64_t layout_features,
                                            int cpu, std::optional<AdoptedBook> book, Kin is,
                                            std::uint32_t uid) {
  SpacePlan plan{.layout_features = layout_features, .forks = this, .owner = &owners_.of(uid)};
  if (book) {
    plan.book = std::move(book->book);
    plan.past = std::move(book->past);
  }
  plan.is_layout_lost = !plan.book && (layout_features & sys::uapi::feature_event_remap) != 0;
  if (is == Kin::client) return open(std::move(uffd), std::move(plan), cpu);
  // Here it begins a family, of which it is counted.
  plan.family = std::make_shared<Family>();
  plan.family->children.store(1);
  auto child = create_child(std::move(plan), uffd);
  // To drop it here would make zeros of what is missing.
  if (!child) [[maybe_unused]] const bool is_bounded = keep(std::move(uffd));
  // Nothing but such commands is queued yet.
  if (child) PAGERD_CHECK(watch(child, cpu));
  return child;
}

std::shared_ptr<AddressSpace> Engine::open(sys::Descriptor uffd, SpacePlan plan, int cpu) {
  if (spaces_open_ >= options_.spaces_max) return nullptr;
  auto space = spaces_.create([&](SpaceId id) {
    return std::make_shared<AddressSpace>(id, std::move(uffd), std::move(plan), outbox_);
  });
  if (!space) return nullptr;
  if (!watch(space, cpu)) {
    spaces_.remove(space->id());
    return nullptr;
  }
  ++spaces_open_;
  return space;
}

std::shared_ptr<AddressSpace> Engine::open_child(const AddressSpace &parent,
                                                 const std::shared_ptr<Family> &family,
                                                 sys::Descriptor &uffd) {
  // What is not known of the parent is not known of the child.
  const bool is_known = parent.book() != nullptr;
  return create_child({.layout_features = parent.layout_features(),
                       .forks = this,
                       .family = family,
                       .owner = &parent.owner(),
                       .book = is_known ? new_book() : nullptr},
                      uffd);
}

std::shared_ptr<AddressSpace> Engine::create_child(SpacePlan plan, sys::Descriptor &uffd) {
  if (children_open_.fetch_add(1) < limits::children_max) {
    const auto child = spaces_.create([&](SpaceId id) {
      return std::make_shared<AddressSpace>(id, std::move(uffd), std::move(plan), outbox_);
    });
    if (child) return child;
  }
  children_open_.fetch_sub(1);
  return nullptr;
}

std::size_t Engine::look_at_kept() {
  const std::size_t count = kept_children_.count();
  // Without room it is asked again in the next round.
  if (count > 0) mailbox_->post({.kind = CommandKind::drop_gone});
  return count;
}

bool Engine::look_for_life(const std::shared_ptr<AddressSpace> &space) {
  return mailbox_->post({.kind = CommandKind::look_for_life, .space = space});
}

bool Engine::end_past(const std::shared_ptr<AddressSpace> &space) {
  return mailbox_->post({.kind = CommandKind::end_past, .space = space});
}

}  // namespace pagerd::engine
