#include "client/extension.hpp"

#include "client/sys_heap_file.hpp"
#include "client/sys_memory.hpp"

namespace pagerd::client {

Result<std::unique_ptr<Extension>> Extension::create(Range room) {
  Result<sys::Descriptor> file = create_heap_file();
  if (!file.ok()) return file.error();
  if (Status mapped = map_heap_over(room, file.value()); !mapped.ok()) return mapped.error();
  if (Status kept = keep_from_children(room); !kept.ok()) return kept.error();
  return std::unique_ptr<Extension>(new Extension(room, file.take()));
}

Status Extension::resize(std::uint64_t length_bytes) {
  if (length_bytes == length_bytes_) return done();
  if (Status set = set_length(file_, length_bytes); !set.ok()) return set;
  length_bytes_ = length_bytes;
  return done();
}

}  // namespace pagerd::client
