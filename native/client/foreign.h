/*
 * foreign.h: for callers in other languages whose runtime runs a call on a thread of its choosing,
 * such as the TypeScript client's. There pagerd_error() would be asked on another thread than the
 * one that failed. So these take the failure along: each does what its namesake in pagerd.h does,
 * and fills in *failure.
 */
#ifndef PAGERD_FOREIGN_H
#define PAGERD_FOREIGN_H

#include "client/pagerd.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both strings are cut to fit, and "" after a success. */
struct pagerd_failure {
  char code[64];
  char text[1024];
};

PAGERD_API pagerd_client *pagerd_foreign_connect(const char *path, struct pagerd_failure *failure);
PAGERD_API pagerd_region *pagerd_foreign_map(pagerd_client *client, const char *image,
                                             const struct pagerd_map_options *options,
                                             struct pagerd_failure *failure);
PAGERD_API pagerd_region *pagerd_foreign_attach(pagerd_client *client, void *address,
                                                size_t length_bytes, const char *image,
                                                const struct pagerd_map_options *options,
                                                struct pagerd_failure *failure);
PAGERD_API int pagerd_foreign_publish(pagerd_client *client, const char *name, int file,
                                      char *name_out, size_t name_bytes,
                                      struct pagerd_failure *failure);
PAGERD_API int pagerd_foreign_load(pagerd_client *client, const char *image,
                                   struct pagerd_failure *failure);
PAGERD_API int pagerd_foreign_reset(pagerd_region *region, struct pagerd_failure *failure);
PAGERD_API int pagerd_foreign_prefault(pagerd_region *region, size_t offset_bytes,
                                       size_t length_bytes, struct pagerd_failure *failure);
PAGERD_API int pagerd_foreign_unmap(pagerd_region *region, struct pagerd_failure *failure);
PAGERD_API int pagerd_foreign_retire(pagerd_region *region, struct pagerd_failure *failure);

/* Ends the connection at once, so that every call under way fails with manager_gone and gives its
   thread back. For a process that exits: a runtime may wait for its threads first. The client is
   not freed and its regions stay as they are. */
PAGERD_API void pagerd_foreign_give_up(pagerd_client *client);

#ifdef __cplusplus
}
#endif

#endif
