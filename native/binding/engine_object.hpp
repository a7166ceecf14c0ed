#pragma once

#include <napi.h>

#include <map>
#include <memory>
#include <optional>

#include "engine/engine.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::binding {

inline constexpr const char *busy_text = "too many requests wait for the engine: try again";

// A refusal that names a region says that there is none of that number. This one is served on.
inline constexpr std::uint32_t of_no_region = 0;

// The `Engine` class of manager/engine/native.ts. It checks what it is given, posts to the engine,
// and turns the engine's events into objects; no user function is ever called from a thread of the
// engine. Lives on the JS thread.
class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit EngineObject(const Napi::CallbackInfo &call);
  ~EngineObject() override;

 private:
  // One attached space, with its regions: kept here too, so that looking at counters takes no lock
  // of the fault path.
  struct Book {
    std::shared_ptr<engine::AddressSpace> space;
    std::map<std::uint32_t, std::shared_ptr<engine::RegionLife>> regions;
    bool is_detaching = false;
  };

  // engine_object.cpp
  Napi::Value take_events(const Napi::CallbackInfo &call);
  void close(const Napi::CallbackInfo &call);
  Napi::Value event_object(Napi::Env env, engine::Event &event);
  void put_child(Napi::Object &object, const engine::ForkedChild &child);
  void note_in_book(const engine::Event &event);
  void shut_down();

  // engine_images.cpp
  Napi::Value add_file_image(const Napi::CallbackInfo &call);
  Napi::Value add_descriptor_image(const Napi::CallbackInfo &call);
  Napi::Value add_source_image(const Napi::CallbackInfo &call);
  Napi::Value image_descriptor(const Napi::CallbackInfo &call);
  void load_image(const Napi::CallbackInfo &call);
  // Where an image is to be kept.
  struct Memory {
    image::ImageKind kind;
    int adopted;  // the caller's descriptor of a memfd to take over; -1: a new one
  };
  static sys::Result<image::Image> adopt(std::uint64_t length_bytes, const Memory &memory);
  Napi::Value add_file(Napi::Env env, const std::string &what,
                       sys::Result<image::FileSource> source, const Memory &memory);
  Napi::Value add_image(Napi::Env env, std::uint64_t length_bytes,
                        std::optional<image::FileSource> file, const Memory &memory);
  void remove_image(const Napi::CallbackInfo &call);
  void complete_fill(const Napi::CallbackInfo &call);
  void fail_fill(const Napi::CallbackInfo &call);
  std::shared_ptr<engine::FillJob> take_fill(const Napi::CallbackInfo &call);

  // engine_spaces.cpp
  // A userfaultfd that is the engine's from now on, and which layout events it has.
  struct Handed {
    sys::Descriptor uffd;
    std::uint64_t layout_features;
  };
  // Nothing, with an exception under way, and the descriptor closed, when it is none.
  std::optional<Handed> take_userfaultfd(const Napi::Value &number);
  Napi::Value attach(const Napi::CallbackInfo &call);
  void place(const Napi::CallbackInfo &call);
  void detach(const Napi::CallbackInfo &call);
  void map(const Napi::CallbackInfo &call);
  void unmap(const Napi::CallbackInfo &call);
  void prefault(const Napi::CallbackInfo &call);
  void note_reset(const Napi::CallbackInfo &call);
  void choose_discard(const Napi::CallbackInfo &call);
  void look_for_life(const Napi::CallbackInfo &call);
  void keep_child(const Napi::CallbackInfo &call);
  Napi::Value look_at_kept(const Napi::CallbackInfo &call);
  void leave_children(const Napi::CallbackInfo &call);
  Napi::Value enter(Napi::Env env, const std::shared_ptr<engine::AddressSpace> &space);

  // engine_populate.cpp
  void populate(const Napi::CallbackInfo &call);
  void unregister(const Napi::CallbackInfo &call);

  // engine_working_sets.cpp
  void replay(const Napi::CallbackInfo &call);
  Napi::Value absent_pages(const Napi::CallbackInfo &call);
  Napi::Value take_touches(const Napi::CallbackInfo &call);

  // engine_books.cpp
  Napi::Value adopt(const Napi::CallbackInfo &call);
  Napi::Value end_past(const Napi::CallbackInfo &call);
  Napi::Value layout_book_of(const Napi::CallbackInfo &call);
  Book *book_of(const Napi::CallbackInfo &call);
  void refuse(std::uint64_t space, std::uint32_t request, std::uint32_t region, const char *code,
              const std::string &text);

  // engine_snapshots.cpp
  Napi::Value ask_pulses(const Napi::CallbackInfo &call);
  Napi::Value engine_snapshot(const Napi::CallbackInfo &call);
  Napi::Value space_snapshot(const Napi::CallbackInfo &call);
  Napi::Value region_snapshots(const Napi::CallbackInfo &call);
  Napi::Value image_snapshot(const Napi::CallbackInfo &call);
  Napi::Value faults_after(const Napi::CallbackInfo &call);

  // engine_watchdog.cpp
  Napi::Value stuck_faults(const Napi::CallbackInfo &call);
  Napi::Value unwatched_spaces(const Napi::CallbackInfo &call);
  Napi::Value fault_queues(const Napi::CallbackInfo &call);
  void wake_faults(const Napi::CallbackInfo &call);
  void give_up_faults(const Napi::CallbackInfo &call);
  void put_oldest_fault(Napi::Object &object, const engine::AddressSpace &space);

  // False, with an exception under way, once the engine is closed.
  bool is_running(Napi::Env env);

  Napi::ThreadSafeFunction wake_;
  std::unique_ptr<engine::Engine> engine_;
  std::map<engine::SpaceId, Book> books_;
  std::map<std::uint32_t, std::shared_ptr<engine::FillJob>> fills_;
  // Removed by name, but kept by regions: their counters can still be looked at.
  std::map<std::uint32_t, std::weak_ptr<engine::ServedImage>> images_;
  std::uint32_t last_fill_ = 0;
};

void register_engine(Napi::Env env, Napi::Object exports);

}  // namespace pagerd::binding
