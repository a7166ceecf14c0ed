/*
 * pagerd.h: the C interface of libpagerd, the client library of the pagerd userfaultfd manager.
 *
 * A client connects to a manager, and maps or attaches images of the manager into its own memory;
 * from then on the pages arrive on first touch. Functions that return a pointer return NULL on
 * failure, those that return an int return -1; pagerd_error() then holds the reason. All functions
 * may be called from any thread; one region must not be unmapped while another thread still uses
 * it. Addresses and lengths are in bytes.
 *
 * A missing page never reads as zeros. While the manager is away whoever touches one waits; a page
 * that can never be had is poisoned, and touching it raises SIGBUS (a system call: EFAULT). Regions
 * of mode COW miss no page, and outlive the manager.
 *
 * A forked child inherits neither the session nor any region: the memory is not mapped there, also
 * that of attached regions, and stays so (MADV_DONTFORK) when the region has ended. In the child
 * all calls fail with code "forked"; only pagerd_disconnect() may be used, to close descriptors.
 */
#ifndef PAGERD_H
#define PAGERD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAGERD_API __attribute__((visibility("default")))

typedef struct pagerd_client pagerd_client;
typedef struct pagerd_region pagerd_region;

/* How a region is served.
     AUTO   lets the manager choose, and say which it took: the last of these that can be had.
     COPY   pages are copied into anonymous memory on first touch.
     SHARE  the image's own pages are shown on first touch, the same to all clients; one that is
            written becomes a copy. Memory that pagerd_attach() is given is replaced.
     COW    the same without any fault of the manager's, for images that are in memory as a whole:
            see pagerd_load(). */
enum pagerd_mode {
  PAGERD_MODE_AUTO = 0,
  PAGERD_MODE_COPY = 1,
  PAGERD_MODE_SHARE = 2,
  PAGERD_MODE_COW = 3
};

/* Whose writes a region shows. PRIVATE: its own, which nobody else sees. SHARED: those of all who
   map the image so, for images that were made writable. */
enum pagerd_access { PAGERD_ACCESS_PRIVATE = 0, PAGERD_ACCESS_SHARED = 1 };

/* What pages read as once this process has discarded them (MADV_DONTNEED, MADV_FREE).
     IMAGE  the image's bytes again.
     ZERO   zeros, as in memory of one's own, until pagerd_reset(). For mode COPY, which AUTO takes
            then: where a file is mapped the kernel gives back the file's page. The manager has to
            be told of each discard, so that a madvise() takes some ten microseconds in such a
            region, and longer while no manager is there: it waits for the next one, as a touch of
            a missing page does. Who must not wait for that must not discard. Other regions are
            as fast as ever: those of ZERO have a session and a userfaultfd of their own. */
enum pagerd_on_discard { PAGERD_ON_DISCARD_IMAGE = 0, PAGERD_ON_DISCARD_ZERO = 1 };

/* Zero-filled means all defaults. */
struct pagerd_map_options {
  enum pagerd_mode mode;
  uint64_t offset_bytes; /* start within the image; a multiple of the page size */
  uint64_t length_bytes; /* 0: up to the image's end */
  uint32_t window_bytes; /* fault-around window: 0 (default) or a power of two, 4 KiB to 2 MiB */
  enum pagerd_access access;
  uint64_t reserve_bytes; /* room for a heap behind the image, see pagerd_grow(); 0: none */
  enum pagerd_on_discard on_discard;
};

/* Connects to the manager listening at path. NULL: $PAGERD_SOCKET, else
   $XDG_RUNTIME_DIR/pagerd/pagerd.sock if it exists, else /run/pagerd/pagerd.sock. */
PAGERD_API pagerd_client *pagerd_connect(const char *path);

/* Maps an image into new memory of this process, page-aligned. Where the image ends within a page,
   the rest of that page is zeros. */
PAGERD_API pagerd_region *pagerd_map(pagerd_client *client, const char *image,
                                     const struct pagerd_map_options *options);

/* Puts an image in place of memory the caller already has: private anonymous memory, page-aligned,
   with room for the image (or the part options asks for) in whole pages; memory beyond that is left
   alone. What was there is discarded, unless the manager refuses. The addresses stay the caller's,
   also after pagerd_unmap().
   In mode COPY the memory stays as it is mapped, and other threads may go on touching it. In the
   other modes a mapping of the image's file takes its place: all of the memory given must then be
   readable and writable and not locked (else COPY is all there is, and pagerd_region_why() says
   what was in the way), and while the call lasts no other thread may touch it: for a moment it is
   inaccessible, and who touches it gets SIGSEGV (never zeros). */
PAGERD_API pagerd_region *pagerd_attach(pagerd_client *client, void *address, size_t length_bytes,
                                        const char *image,
                                        const struct pagerd_map_options *options);

/* Offers an open regular file as an image, to this user and root, until the session ends; regions
   that map it keep it. name_out, of name_bytes bytes, receives the name it got, which begins with
   "u<uid>/"; it may be NULL. */
PAGERD_API int pagerd_publish(pagerd_client *client, const char *name, int file, char *name_out,
                              size_t name_bytes);

/* Brings all bytes of an image into the manager's memory and returns when they are there. */
PAGERD_API int pagerd_load(pagerd_client *client, const char *image);

/* The length is that of the image's part, which need not end with a page, until pagerd_grow()
   changes it. */
PAGERD_API void *pagerd_address(const pagerd_region *region);
PAGERD_API size_t pagerd_length_bytes(const pagerd_region *region);

/* The mode the manager took (never PAGERD_MODE_AUTO), and its reason in words. The reason also says
   so when this system gave no userfaultfd that serves system calls: those then fail with EFAULT on
   a missing page instead of waiting for it. */
PAGERD_API enum pagerd_mode pagerd_region_mode(const pagerd_region *region);
PAGERD_API const char *pagerd_region_why(const pagerd_region *region);

/* Puts every page of the region back to the image's bytes; what the caller wrote is gone, also from
   pages that were swapped out. A few dirty pages are put back where they are, and all others stay
   mapped; beyond a limit the pages are dropped and come anew. Does not wait for the manager. Needs
   one, or fails with nothing changed, except in mode cow. Fails with unsupported_access for access
   shared. With PAGERD_ON_DISCARD_ZERO it drops all pages, and does wait for the manager; should
   that fail half-way, pages are the image's, also those that are discarded later. Nobody may touch
   the region meanwhile: he would see some of either, and what he writes may stay. Ends the heap:
   the length is the image's part again. */
PAGERD_API int pagerd_reset(pagerd_region *region);

/* Sets the length of a region that pagerd_map() made with reserve_bytes: the image's part, in whole
   pages, and a heap behind it. Between the length of the image's part and the whole pages of both;
   the heap ends with a page. It begins as zeros, is this process's alone, and what is cut off comes
   back as zeros. Touching what lies beyond the length, up to the end of the reserved addresses,
   raises SIGBUS. One system call, no change of the address space. */
PAGERD_API int pagerd_grow(pagerd_region *region, size_t length_bytes);

/* Installs the pages of a range now and returns when they are there; in mode COW that takes no
   manager. length_bytes 0: to the end of the image's part. Pages that are zeros since they were
   discarded are left out: they come when they are touched. */
PAGERD_API int pagerd_prefault(pagerd_region *region, size_t offset_bytes, size_t length_bytes);

/* Ends the region. Memory from pagerd_map() is unmapped. Attached memory keeps its bytes and is the
   caller's own from then on, private and anonymous: all of its pages are installed first, and where
   the image's file was mapped they are copied. -1 with the region still in place is the answer when
   one cannot be had. */
PAGERD_API int pagerd_unmap(pagerd_region *region);

/* Ends a region without keeping its bytes, at no cost to speak of, but keeps its addresses taken:
   whoever still holds a pointer into it crashes, and reads neither zeros nor what is mapped there
   next. pagerd_release() gives the addresses back later, with the region's former address and
   length; where there was room for a heap, the length is that of the image's part in whole pages
   and of reserve_bytes together. Attached memory is the caller's to unmap, or to map anew. */
PAGERD_API int pagerd_retire(pagerd_region *region);
PAGERD_API int pagerd_release(void *address, size_t length_bytes);

/* How many pages of the client's regions could not be had so far. text, of text_bytes bytes,
   receives the manager's words about the last of them ("" when there was none); it may be NULL. */
PAGERD_API uint64_t pagerd_poisoned(const pagerd_client *client, char *text, size_t text_bytes);

/* Ends the session and frees the client and all of its regions. Regions still mapped are unmapped;
   attached ones are treated as by pagerd_unmap(), and what cannot be kept is made inaccessible. */
PAGERD_API void pagerd_disconnect(pagerd_client *client);

/* Text of this thread's last failure; "" when there was none. Valid until the thread's next
   call. */
PAGERD_API const char *pagerd_error(void);

/* Machine-readable code of this thread's last failure; "" when there was none. One of the protocol,
   such as "unknown_image", or of the library:
     no_manager          nobody listens at the path, or not for this user
     manager_gone        the manager has gone, and no other came within PAGERD_WAIT_MS (30 s
                         unless set); or the session is over
     forked              this process was forked from the client
     bad_argument        an argument makes no sense, or a required one is NULL
     unsupported_memory  attached memory is not private, anonymous, of ordinary pages
     no_userfaultfd      this system gives this user no userfaultfd
     out_of_memory       no address space or memory
     system              a system call failed; the text says which */
PAGERD_API const char *pagerd_error_code(void);

/* Version of the library, such as "0.1.0". */
PAGERD_API const char *pagerd_version(void);

#ifdef __cplusplus
}
#endif

#endif
