#include "client/image_file.hpp"

#include <utility>

#include "client/part.hpp"

namespace pagerd::client {

Result<std::shared_ptr<const ImageFile>> ImageFiles::keep(sys::Descriptor descriptor,
                                                          pagerd_access access) {
  Result<FileStatus> status = status_of(descriptor);
  if (!status.ok()) return status.error();
  const FileStatus &found = status.value();
  const bool must_be_writable = access == PAGERD_ACCESS_SHARED;
  if (!found.is_readable || (must_be_writable && !found.is_writable)) {
    return failure("unexpected_message", "The manager handed over a file that cannot be %s, for %s",
                   must_be_writable ? "read and written" : "read", access_name(access));
  }
  const std::lock_guard held(lock_);
  std::erase_if(files_, [](const auto &entry) { return entry.second.expired(); });
  std::weak_ptr<const ImageFile> &place = files_[{found.device, found.number, access}];
  if (std::shared_ptr<const ImageFile> known = place.lock()) return known;
  auto file = std::make_shared<const ImageFile>(std::move(descriptor), found.length_bytes);
  place = file;
  return file;
}

}  // namespace pagerd::client
