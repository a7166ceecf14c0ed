// native/sys/memory.hpp without a kernel: memory of this process, all zeros at first.
#include "sys/memory.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "descriptors.hpp"
#include "sys/page.hpp"

namespace pagerd::sys {

namespace {

void *zeroed_memory(std::size_t bytes) {
  void *start = std::aligned_alloc(page_bytes, pages_covering(bytes) * page_bytes);
  PAGERD_CHECK(start != nullptr);
  return std::memset(start, 0, bytes);
}

}  // namespace

Result<Mapping> Mapping::anonymous(std::size_t bytes) {
  return Mapping(zeroed_memory(bytes), bytes);
}

// No part of an image's file is mapped twice.
Result<Mapping> Mapping::shared(const Descriptor &, std::size_t bytes, std::uint64_t) {
  return Mapping(zeroed_memory(bytes), bytes);
}

Status Mapping::populate(std::size_t, std::size_t) const { return Nothing{}; }

Status Mapping::lock(std::size_t, std::size_t) const { return Nothing{}; }

Mapping::~Mapping() { std::free(start_); }

// Nothing outlives the model: its engine gets no layout book.
Result<Descriptor> create_memfd(const char *name, std::uint64_t, Opening) {
  if (std::string_view(name) == "pagerd-layout") return Error{EMFILE, "memfd_create"};
  return Result<Descriptor>(
      Descriptor(model::open_descriptor(std::make_shared<model::Open>())));
}

Result<Descriptor> reopen(const Descriptor &, Opening) {
  return create_memfd("", 0, Opening::for_reading);
}

Result<Descriptor> reopen_as_maker(const Descriptor &, std::uint64_t, Opening) {
  return Error{EBADF, "no memory is adopted here"};
}

Status punch_hole(const Descriptor &, std::uint64_t, std::uint64_t) { return Nothing{}; }

std::string MemfdIdentity::text() const { return ""; }
Result<MemfdIdentity> identity_of_memfd(const Descriptor &) { return MemfdIdentity{0, 0}; }

}  // namespace pagerd::sys
