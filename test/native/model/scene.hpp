#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "process.hpp"

namespace pagerd::model {

// What a script is played on.
struct Setting {
  unsigned pages = 2;        // of the region, from page 0 of both on
  unsigned image_pages = 0;  // 0: as many
  bool is_resident = true;   // otherwise each page has to be asked for
  bool is_answered = true;   // otherwise fills come to nothing as long as threads wait
  unsigned window_pages = 2;
  std::uint64_t layout_features = 0;
  engine::Backing backing = engine::Backing::anonymous;
  unsigned fault_threads = 1;
  std::set<std::uint64_t> bad_pages{};  // of the image: their source fails for good
  unsigned lacks = 0;                   // so many installs find no memory
  bool is_mapped = true;                // from the beginning on, as region 1
  // Its threads race in ways that may be beyond telling: then it is given up, and nobody is served.
  bool may_be_given_up = false;
  engine::OnDiscard on_discard = engine::OnDiscard::zeros;
  bool raises_late = false;  // see Memory
};

// One run of a script: the real engine, one client, and the control plane.
class Scene {
 public:
  Scene(engine::Engine &engine, const Setting &setting);

  // A thread of the client, or of a child of it.
  Fiber &thread(const char *name, std::function<void()> body);
  // Something that the control plane does at some moment.
  void control(const char *name, std::function<void()> body);

  Process &client() { return *client_; }
  engine::Engine &engine() { return engine_; }
  // What the client does when it forks; the child's pages are looked at in the end like its own.
  std::shared_ptr<Process> fork();

  // For control(). Region 1 is the one of the setting.
  void map_region(std::uint32_t id, unsigned first, unsigned count, std::uint64_t of);
  // The client hears of the end before it goes on.
  void end_region(std::uint32_t id);
  // Why it failed, or nothing.
  std::string await_answer(std::uint32_t request);
  void prefault(std::uint32_t id, unsigned first, unsigned count);
  // Of a region that nobody has discarded anything of, and nobody discards meanwhile.
  // False: its client is let go.
  bool choose_discard(std::uint32_t id, engine::OnDiscard on_discard);
  // Populates region 1, and lets the client go if nothing is missing: from then on no engine has
  // anything to do with it.
  void let_go();
  void detach();
  void look_for_death();

  // Lets everything happen that can, and looks at what it came to.
  void play();

 private:
  void note_choice(std::uint32_t id, engine::OnDiscard on_discard);
  void note_end(std::uint32_t id);
  void take_events();
  void take_event(engine::Event event);
  void answer(const std::shared_ptr<engine::FillJob> &fill);
  void expect_quiet();
  void leave();

  engine::Engine &engine_;
  const Setting setting_;
  std::shared_ptr<Process> client_;
  std::vector<std::shared_ptr<Process>> processes_;
  std::vector<Fiber *> threads_;
  std::shared_ptr<engine::ServedImage> image_;
  std::shared_ptr<engine::AddressSpace> space_;
  std::vector<std::shared_ptr<engine::AddressSpace>> children_;
  std::map<std::uint32_t, std::pair<unsigned, unsigned>> regions_;  // first page, count
  std::map<std::uint32_t, std::string> answered_;  // with why it failed, or nothing
  std::uint32_t last_request_ = 0;
  bool is_letting_go_ = false;
  bool is_answering_;
  std::vector<std::shared_ptr<engine::FillJob>> held_;
  bool is_left_ = false;
};

// The engine calls this from any of its threads.
void note_wake();

}  // namespace pagerd::model
