#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/image_file.hpp"
#include "client/messages.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::client {

// What a manager has to be told to serve a region that an earlier one served.
struct ServedRegion {
  std::string image;
  std::string image_key;
  MapRequest request;  // its `image` and `image_key` are set when it is asked again
  // Keeps the image's memory in being, which the next manager goes on with.
  std::shared_ptr<const ImageFile> file;
};

// What a session's manager serves, as the manager has said: the session tells it to the next one.
// Written by the agent and struck from by callers; it knows nothing of the memory itself.
class ServedBook {
 public:
  void note(std::uint64_t region, ServedRegion served);
  void strike(std::uint64_t region);
  // By number.
  std::vector<std::pair<std::uint64_t, ServedRegion>> regions() const;

  void note_published(const std::string &name, std::shared_ptr<const sys::Descriptor> file);
  std::vector<std::pair<std::string, std::shared_ptr<const sys::Descriptor>>> published() const;

 private:
  mutable std::mutex lock_;  // a leaf
  std::map<std::uint64_t, ServedRegion> regions_;
  std::map<std::string, std::shared_ptr<const sys::Descriptor>> published_;
};

}  // namespace pagerd::client
