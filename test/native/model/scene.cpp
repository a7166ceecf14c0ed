#include "scene.hpp"

#include <algorithm>
#include <cstring>

#include "failure.hpp"
#include "scheduler.hpp"

namespace pagerd::model {

namespace {

using engine::Event;
using engine::EventKind;
using sys::page_bytes;

// The engine has events for the control plane.
bool has_events = false;

// Pages [first, end) of an image: their number at both ends.
std::vector<std::byte> bytes_of(std::uint64_t first, std::uint64_t end) {
  std::vector<std::byte> bytes((end - first) * page_bytes);
  for (std::uint64_t page = first; page < end; ++page) {
    const Value value = of_image(page);
    std::byte *at = bytes.data() + (page - first) * page_bytes;
    std::memcpy(at, &value, sizeof value);
    std::memcpy(at + page_bytes - sizeof value, &value, sizeof value);
  }
  return bytes;
}

}  // namespace

void note_wake() {
  has_events = true;
  scheduler().note_act();
}

Scene::Scene(engine::Engine &engine, const Setting &setting)
    : engine_(engine),
      setting_(setting),
      client_(std::make_shared<Process>(std::make_shared<Memory>())),
      is_answering_(setting.is_answered) {
  processes_.push_back(client_);
  client_->memory().lacks = setting.lacks;
  client_->memory().raises_late = setting.raises_late;
  client_->memory().layout_features = setting.layout_features;
  for (const std::uint64_t page : setting.bad_pages) client_->poisonable.insert(of_image(page));
  const unsigned image_pages = std::max(setting.image_pages, setting.pages);
  auto image = image::Image::create(image_pages * page_bytes);
  PAGERD_CHECK(image.ok());
  if (setting.is_resident) image.value().commit(0, bytes_of(0, image_pages));
  image_ = engine.add_image(image.take(), std::nullopt);
  if (setting.backing == engine::Backing::image_private) {
    client_->memory().has_in_file = [this](Value value) {
      return image_->image().state(value - of_image(0)) == image::PageState::resident;
    };
  }
  client_->map(0, setting.pages, 0);

  const int cpu = setting.fault_threads == 1 ? 0 : -1;
  sys::Descriptor uffd(open_descriptor(client_->shared_memory()));
  space_ = engine.attach(std::move(uffd), setting.layout_features, cpu);
  PAGERD_CHECK(space_ != nullptr);
  scheduler().spawn("control", Role::control, [this] {
    while (!is_left_) {
      scheduler().block("", [this] { return has_events || is_left_; });
      take_events();
    }
  });
  if (setting.is_mapped) {
    scheduler().spawn("map", Role::control, [this] { map_region(1, 0, setting_.pages, 0); });
  }
  scheduler().settle();
}

Fiber &Scene::thread(const char *name, std::function<void()> body) {
  Fiber &fiber = scheduler().spawn(name, Role::client, std::move(body));
  threads_.push_back(&fiber);
  return fiber;
}

void Scene::control(const char *name, std::function<void()> body) {
  threads_.push_back(&scheduler().spawn(name, Role::control, std::move(body)));
}

std::shared_ptr<Process> Scene::fork() {
  auto child = client_->fork();
  processes_.push_back(child);
  return child;
}

void Scene::map_region(std::uint32_t id, unsigned first, unsigned count, std::uint64_t of) {
  const engine::RegionPlan plan{.id = id,
                                .start = address_of(first),
                                .length_bytes = count * page_bytes,
                                .image_offset_bytes = of * page_bytes,
                                .window_bytes = setting_.window_pages * page_bytes,
                                .window_bytes_default = page_bytes,
                                .backing = setting_.backing,
                                .on_discard = setting_.on_discard};
  for (unsigned i = 0; i < count; ++i) {
    Page &page = client_->memory().pages[first + i];
    page.has_ended = false;
    if (page.state == Page::State::missing) page.wanted = of_image(of + i);
  }
  regions_[id] = {first, count};
  note_choice(id, setting_.on_discard);
  const std::uint32_t request = ++last_request_;
  PAGERD_CHECK(engine_.map(space_, std::make_shared<engine::Region>(plan, image_), request));
  await_answer(request);
}

bool Scene::choose_discard(std::uint32_t id, engine::OnDiscard on_discard) {
  if (!space_) return false;
  const std::uint32_t request = ++last_request_;
  PAGERD_CHECK(engine_.choose_discard(space_, id, on_discard, request));
  if (!await_answer(request).empty()) return false;
  note_choice(id, on_discard);
  return true;
}

// Where pages have not been moved or written.
void Scene::note_choice(std::uint32_t id, engine::OnDiscard on_discard) {
  if (setting_.backing != engine::Backing::anonymous) return;
  const auto [first, count] = regions_.at(id);
  for (unsigned i = first; i < first + count; ++i) {
    Page &page = client_->memory().pages[i];
    page.emptied = on_discard == engine::OnDiscard::image ? page.wanted : zeros;
  }
}

void Scene::end_region(std::uint32_t id) {
  const std::uint32_t request = ++last_request_;
  PAGERD_CHECK(engine_.unmap(space_, id, request));
  await_answer(request);
}

// From here on the client may do with its memory what it likes.
void Scene::note_end(std::uint32_t id) {
  const auto [first, count] = regions_.at(id);
  for (unsigned i = first; i < first + count; ++i) {
    Page &page = client_->memory().pages[i];
    page.has_ended = true;
    if (page.state == Page::State::present) page.wanted = page.value;
  }
}

void Scene::prefault(std::uint32_t id, unsigned first, unsigned count) {
  const std::uint32_t request = ++last_request_;
  const engine::Window range{address_of(first), address_of(first + count)};
  PAGERD_CHECK(engine_.prefault(space_, id, range, request));
  await_answer(request);
}

void Scene::let_go() {
  constexpr std::uint64_t any_rate = std::uint64_t{1} << 40;
  is_letting_go_ = true;
  const auto [first, count] = regions_.at(1);
  const engine::Window range{address_of(first), address_of(first + count)};
  std::uint32_t request = ++last_request_;
  PAGERD_CHECK(engine_.populate(space_, 1, range, any_rate, request));
  const bool is_populated = await_answer(request).empty();
  request = ++last_request_;
  PAGERD_CHECK(engine_.unregister(space_, request));
  const bool is_let_go = await_answer(request).empty();
  if (is_let_go && !is_populated) fail("a client is let go that misses pages");
  if (is_let_go) detach();
}

void Scene::detach() {
  engine_.detach(std::exchange(space_, nullptr));
}

void Scene::look_for_death() {
  scheduler().block("", [this] { return client_->memory().is_dead; });
  detach();
}

std::string Scene::await_answer(std::uint32_t request) {
  scheduler().block("an answer", [this, request] { return answered_.contains(request); });
  return answered_.at(request);
}

void Scene::take_events() {
  has_events = false;
  engine_.rearm();
  Event event;
  while (engine_.take_event(event)) take_event(std::exchange(event, Event{}));
}

void Scene::take_event(Event event) {
  switch (event.kind) {
    case EventKind::fill:
      return answer(event.fill);
    case EventKind::unmapped:
      note_end(event.region);
      [[fallthrough]];
    case EventKind::mapped:
    case EventKind::prefaulted:
    case EventKind::discard_chosen:
    case EventKind::unregistered:
      answered_.emplace(event.request, event.text);
      return;
    case EventKind::forked:
      children_.push_back(event.forked->space);
      return;
    case EventKind::poisoned:
      if (setting_.bad_pages.empty()) fail("a page is poisoned: " + event.text);
      return;
    case EventKind::misbehaved:
      if (!setting_.may_be_given_up) fail("the client is given up: " + event.text);
      client_->end();
      return detach();
    case EventKind::starved:
      if (setting_.lacks == 0) fail("the engine finds no memory");
      return;
    case EventKind::refused:
      if (!is_letting_go_) fail("the engine says: " + event.text);
      answered_.emplace(event.request, event.text);
      return;
    case EventKind::forgotten:
    case EventKind::unserved_child:
      return fail("the engine says: " + event.text);
    default:
      return;
  }
}

void Scene::answer(const std::shared_ptr<engine::FillJob> &fill) {
  if (!is_answering_) return held_.push_back(fill);
  scheduler().yield("answering");
  if (is_told()) {
    tell("answers the fill of image pages " + std::to_string(fill->first) + " to " +
         std::to_string(fill->end));
  }
  const auto bad = setting_.bad_pages.lower_bound(fill->first);
  if (bad != setting_.bad_pages.end() && *bad < fill->end) {
    return engine_.fail_fill(fill, "a page is bad", fill->attempts + 1);
  }
  engine_.complete_fill(fill, bytes_of(fill->first, fill->end));
}

void Scene::play() {
  scheduler().is_choosing = true;
  scheduler().settle();
  scheduler().is_choosing = false;
  expect_quiet();
  is_answering_ = true;
  for (const auto &fill : std::exchange(held_, {})) answer(fill);
  // And every page as its client would find it from now on.
  for (const auto &process : processes_) {
    thread("all pages", [process] { process->touch_all(); });
    scheduler().settle();
  }
  expect_quiet();
  leave();
}

// Nobody can go on: then everybody has come to an end, and nothing is kept for anybody.
void Scene::expect_quiet() {
  for (const Fiber *thread : threads_) {
    if (!thread->is_over) fail(thread->name + " waits for ever");
  }
  if (space_ && space_->pending.count() > 0) fail("a fault is pending that nobody waits for");
  for (const auto &child : children_) {
    if (child->pending.count() > 0) fail("a child's fault is pending that nobody waits for");
  }
}

void Scene::leave() {
  if (space_) detach();
  for (const auto &child : children_) engine_.detach(child);
  children_.clear();
  engine_.remove_image(image_->id());
  scheduler().settle();
  is_left_ = true;
  scheduler().settle();
  const std::weak_ptr<engine::ServedImage> image = image_;
  image_.reset();
  if (!image.expired()) fail("something still holds the image");
}

}  // namespace pagerd::model
