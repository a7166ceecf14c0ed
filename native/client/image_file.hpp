#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "client/failure.hpp"
#include "client/pagerd.h"
#include "client/sys_image_file.hpp"
#include "sys/descriptor.hpp"

namespace pagerd::client {

// The file an image's bytes are in, as the manager handed it over: readable, and for shared access
// writable. All regions of a client that show the image hold the same one, so that ten thousand of
// them cost one descriptor.
class ImageFile {
 public:
  ImageFile(sys::Descriptor descriptor, std::uint64_t length_bytes)
      : descriptor_(std::move(descriptor)), length_bytes_(length_bytes) {}

  int number() const { return descriptor_.get(); }
  std::uint64_t length_bytes() const { return length_bytes_; }

 private:
  const sys::Descriptor descriptor_;
  const std::uint64_t length_bytes_;
};

// The files a client's regions hold. Owned by the client.
class ImageFiles {
 public:
  // The client's one object for the file; a second descriptor of it is closed. Fails for what is no
  // file, or may not be used for the access.
  Result<std::shared_ptr<const ImageFile>> keep(sys::Descriptor descriptor, pagerd_access access);

 private:
  using Key = std::tuple<std::uint64_t, std::uint64_t, pagerd_access>;

  std::mutex lock_;  // a leaf
  std::map<Key, std::weak_ptr<const ImageFile>> files_;
};

}  // namespace pagerd::client
