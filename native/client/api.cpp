#include <cstdio>
#include <cstring>
#include <string_view>

#include "client/client.hpp"
#include "client/failure.hpp"
#include "client/limits.hpp"
#include "client/pagerd.h"
#include "client/socket_path.hpp"

// The border of the library: C arguments are checked and turned into ours, and failures become the
// calling thread's last failure.
using namespace pagerd::client;

namespace {

constexpr pagerd_map_options default_options = {};

const pagerd_map_options &given_or_default(const pagerd_map_options *options) {
  return options == nullptr ? default_options : *options;
}

Failure missing_argument(const char *name) {
  return failure("bad_argument", "The argument %s is NULL", name);
}

int answer(const Status &status) {
  if (status.ok()) return 0;
  remember(status.error());
  return -1;
}

template <typename T>
T *answer(Result<T *> result) {
  if (result.ok()) return result.value();
  remember(result.error());
  return nullptr;
}

// A forked child has none of the regions: what is done to one would act on the parent's memory,
// through the userfaultfd, or on a stranger's that now lies where the region was.
Status check_region(const pagerd_region *region) {
  if (region == nullptr) return missing_argument("region");
  const Session &session = region->client().session();
  return session.is_in_forked_child() ? session.usable() : done();
}

}  // namespace

pagerd_client *pagerd_connect(const char *path) {
  Result<std::unique_ptr<Session>> session = Session::connect(socket_path(path));
  if (session.ok()) return new pagerd_client(session.take());
  remember(session.error());
  return nullptr;
}

pagerd_region *pagerd_map(pagerd_client *client, const char *image,
                          const pagerd_map_options *options) {
  if (client == nullptr) return answer(Result<Region *>(missing_argument("client")));
  if (image == nullptr) return answer(Result<Region *>(missing_argument("image")));
  return answer(client->map(image, given_or_default(options)));
}

pagerd_region *pagerd_attach(pagerd_client *client, void *address, size_t length_bytes,
                             const char *image, const pagerd_map_options *options) {
  if (client == nullptr) return answer(Result<Region *>(missing_argument("client")));
  if (address == nullptr) return answer(Result<Region *>(missing_argument("address")));
  if (image == nullptr) return answer(Result<Region *>(missing_argument("image")));
  const Range room = {reinterpret_cast<std::uintptr_t>(address), length_bytes};
  return answer(client->attach(room, image, given_or_default(options)));
}

int pagerd_publish(pagerd_client *client, const char *name, int file, char *name_out,
                   size_t name_bytes) {
  if (client == nullptr) return answer(missing_argument("client"));
  if (name == nullptr) return answer(missing_argument("name"));
  Result<std::string> published = client->publish(name, file);
  if (!published.ok()) return answer(published.error());
  if (name_out == nullptr) return 0;
  const std::string &got = published.value();
  if (got.size() >= name_bytes) {
    return answer(failure("bad_argument",
                          "The image was published as %s, which needs %zu bytes; name_out has %zu",
                          got.c_str(), got.size() + 1, name_bytes));
  }
  std::memcpy(name_out, got.c_str(), got.size() + 1);
  return 0;
}

int pagerd_load(pagerd_client *client, const char *image) {
  if (client == nullptr) return answer(missing_argument("client"));
  if (image == nullptr) return answer(missing_argument("image"));
  return answer(client->load(image));
}

void *pagerd_address(const pagerd_region *region) {
  return region->range().address();
}
size_t pagerd_length_bytes(const pagerd_region *region) {
  return region->length_bytes();
}
pagerd_mode pagerd_region_mode(const pagerd_region *region) {
  return region->mode();
}
const char *pagerd_region_why(const pagerd_region *region) {
  return region->why();
}

int pagerd_reset(pagerd_region *region) {
  if (Status good = check_region(region); !good.ok()) return answer(good);
  return answer(region->reset());
}

int pagerd_grow(pagerd_region *region, size_t length_bytes) {
  if (Status good = check_region(region); !good.ok()) return answer(good);
  return answer(region->grow(length_bytes));
}

int pagerd_prefault(pagerd_region *region, size_t offset_bytes, size_t length_bytes) {
  if (Status good = check_region(region); !good.ok()) return answer(good);
  return answer(region->prefault(offset_bytes, length_bytes));
}

int pagerd_unmap(pagerd_region *region) {
  if (Status good = check_region(region); !good.ok()) return answer(good);
  return answer(region->client().unmap(region));
}

int pagerd_retire(pagerd_region *region) {
  if (Status good = check_region(region); !good.ok()) return answer(good);
  return answer(region->client().retire(region));
}

int pagerd_release(void *address, size_t length_bytes) {
  return answer(
      give_back({reinterpret_cast<std::uintptr_t>(address), rounded_up_to_page(length_bytes)}));
}

uint64_t pagerd_poisoned(const pagerd_client *client, char *text, size_t text_bytes) {
  const PoisonNotice notice = client->poisoned();
  if (text != nullptr && text_bytes > 0) std::snprintf(text, text_bytes, "%s", notice.text.c_str());
  return notice.pages;
}

void pagerd_disconnect(pagerd_client *client) {
  if (client == nullptr) return;
  if (client->session().is_in_forked_child()) return pagerd_client::abandon(client);
  delete client;
}

const char *pagerd_error(void) {
  return last_text();
}
const char *pagerd_error_code(void) {
  return last_code();
}
