#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "client/failure.hpp"
#include "client/pagerd.h"
#include "client/image_file.hpp"
#include "client/part.hpp"
#include "client/region_plan.hpp"
#include "client/region_book.hpp"
#include "client/session.hpp"
#include "client/sys_pagemap.hpp"
#include "client/sys_uffd.hpp"

// One client of a manager: a session, one userfaultfd for all of its regions, and the regions.
// Owned by whoever connected; its functions may be called from any thread. Regions whose discarded
// pages are zeros are another client's, which it makes and owns: in memory of a userfaultfd that
// tells of discards each madvise() waits for the manager, where others take a microsecond.
struct pagerd_client {
 public:
  using Tells = pagerd::client::Tells;

  explicit pagerd_client(std::unique_ptr<pagerd::client::Session> session,
                         Tells tells = Tells::nothing)
      : session_(std::move(session)), tells_(tells) {}
  // Ends all regions and the session.
  ~pagerd_client();

  pagerd::client::Result<pagerd_region *> map(std::string_view image,
                                              const pagerd_map_options &options);
  pagerd::client::Result<pagerd_region *> attach(pagerd::client::Range room, std::string_view image,
                                                 const pagerd_map_options &options);
  // The name the image got.
  pagerd::client::Result<std::string> publish(std::string_view name, int file);
  pagerd::client::Status load(std::string_view image);
  // Ends a region and forgets it; on failure it stays in place.
  pagerd::client::Status unmap(pagerd_region *region);
  pagerd::client::Status retire(pagerd_region *region);

  // Its pages that could not be had.
  pagerd::client::PoisonNotice poisoned() const;
  // Ends its connections at once.
  void give_up();
  // For a forked child: closes its copies of the descriptors and leaves everything else to the
  // parent.
  static void abandon(pagerd_client *client);

  // For regions.
  pagerd::client::Session &session() const { return *session_; }
  const pagerd::client::Userfault &userfault() const { return userfault_; }
  const pagerd::client::Pagemap &pagemap();
  void keep_userfault_open_for_ever() { userfault_.keep_open_for_ever(); }

 private:
  // Settles with the manager how an image would be shown, given what can be done in the memory.
  pagerd::client::Result<pagerd::client::RegionPlan> plan_region(std::string_view image,
                                                                 const pagerd_map_options &options,
                                                                 pagerd::client::Abilities here);
  pagerd::client::Status make_userfault();
  // The client for those options; made with the first region that needs one of its own.
  pagerd::client::Result<pagerd_client *> client_for(const pagerd_map_options &options);
  pagerd::client::Result<pagerd_region *> map_here(std::string_view image,
                                                   const pagerd_map_options &options);
  pagerd::client::Result<pagerd_region *> attach_here(pagerd::client::Range room,
                                                      std::string_view image,
                                                      const pagerd_map_options &options);
  pagerd::client::Result<pagerd_region *> begin(std::unique_ptr<pagerd_region> region,
                                                std::string_view image,
                                                const pagerd_map_options &options);

  const std::unique_ptr<pagerd::client::Session> session_;
  const Tells tells_;
  std::mutex told_lock_;  // held while told_ is made, which waits for the manager
  std::atomic<pagerd_client *> told_ = nullptr;
  std::mutex userfault_lock_;
  pagerd::client::Userfault
      userfault_;  // made once, under userfault_lock_, before the first region
  std::once_flag pagemap_once_;
  pagerd::client::Pagemap pagemap_;
  pagerd::client::ImageFiles files_;
  pagerd::client::RegionBook book_;
};
