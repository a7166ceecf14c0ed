#include "client/foreign.h"

#include <cstdio>

#include "client/client.hpp"

namespace {

void copy_cut(char *target, std::size_t target_bytes, const char *source) {
  std::snprintf(target, target_bytes, "%s", source);
}

// Called on the thread the call was made on, right after it.
void report(pagerd_failure *failure, bool has_failed) {
  copy_cut(failure->code, sizeof(failure->code), has_failed ? pagerd_error_code() : "");
  copy_cut(failure->text, sizeof(failure->text), has_failed ? pagerd_error() : "");
}

template <typename T>
T *reported(T *result, pagerd_failure *failure) {
  report(failure, result == nullptr);
  return result;
}

int reported(int result, pagerd_failure *failure) {
  report(failure, result != 0);
  return result;
}

}  // namespace

pagerd_client *pagerd_foreign_connect(const char *path, pagerd_failure *failure) {
  return reported(pagerd_connect(path), failure);
}

pagerd_region *pagerd_foreign_map(pagerd_client *client, const char *image,
                                  const pagerd_map_options *options, pagerd_failure *failure) {
  return reported(pagerd_map(client, image, options), failure);
}

pagerd_region *pagerd_foreign_attach(pagerd_client *client, void *address, size_t length_bytes,
                                     const char *image, const pagerd_map_options *options,
                                     pagerd_failure *failure) {
  return reported(pagerd_attach(client, address, length_bytes, image, options), failure);
}

int pagerd_foreign_publish(pagerd_client *client, const char *name, int file, char *name_out,
                           size_t name_bytes, pagerd_failure *failure) {
  return reported(pagerd_publish(client, name, file, name_out, name_bytes), failure);
}

int pagerd_foreign_load(pagerd_client *client, const char *image, pagerd_failure *failure) {
  return reported(pagerd_load(client, image), failure);
}

int pagerd_foreign_reset(pagerd_region *region, pagerd_failure *failure) {
  return reported(pagerd_reset(region), failure);
}

int pagerd_foreign_prefault(pagerd_region *region, size_t offset_bytes, size_t length_bytes,
                            pagerd_failure *failure) {
  return reported(pagerd_prefault(region, offset_bytes, length_bytes), failure);
}

int pagerd_foreign_unmap(pagerd_region *region, pagerd_failure *failure) {
  return reported(pagerd_unmap(region), failure);
}

int pagerd_foreign_retire(pagerd_region *region, pagerd_failure *failure) {
  return reported(pagerd_retire(region), failure);
}

void pagerd_foreign_give_up(pagerd_client *client) {
  client->give_up();
}
