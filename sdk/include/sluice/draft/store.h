/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/draft/store.h - DRAFT, kernel-internal: where metadata lives, behind the same boundary.
 *
 * A small revisioned document store. It knows documents, not workspaces or APIs: the laws are in
 * the kernel. Draft: built against one release of the gateway, may change in the next.
 *
 * A document is (kind, key) -> body, an UTF-8 text (JSON). Every commit that writes raises the
 * store's revision by one and stamps it on the documents written, so `changes` tells what is new.
 */
#ifndef SLUICE_DRAFT_STORE_H
#define SLUICE_DRAFT_STORE_H
#include <sluice/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SLUICE_KIND_STORE = 0x1001 };

typedef struct sluice_store_doc {
  uint32_t size, deleted; /* deleted: 1 in `changes` for a document that is gone (body empty) */
  sluice_str kind, key, body;
  uint64_t revision;
} sluice_store_doc;

enum { SLUICE_STORE_PUT = 0, SLUICE_STORE_DELETE = 1 };
#define SLUICE_STORE_ANY UINT64_MAX /* no expectation */
#define SLUICE_STORE_NONE 0u        /* the document must not exist */

typedef struct sluice_store_write {
  uint32_t size, action; /* SLUICE_STORE_PUT or _DELETE */
  sluice_str kind, key, body;
  uint64_t expected; /* revision the document must have; SLUICE_STORE_ANY or _NONE */
} sluice_store_write;

typedef struct sluice_store_out sluice_store_out;
typedef struct sluice_store_out_vt {
  uint32_t size, reserved;
  /* One document; everything is lent for the call. Anything but OK: stop. */
  sluice_status (*doc)(sluice_store_out*, const sluice_store_doc*);
} sluice_store_out_vt;
struct sluice_store_out {
  const sluice_store_out_vt* vt;
};

typedef struct sluice_store {
  uint32_t size, reserved;
  /* [run] All writes or none, durable before OK is answered. E_CONFLICT: an expectation does not
   * hold; *failed (when not NULL) is the index of the first such write. *revision: the new one. */
  sluice_status (*commit)(void* self, sluice_op*, const sluice_store_write*, size_t n,
                          uint64_t* revision, size_t* failed);
  /* [run] One document; E_NOT_FOUND when there is none. */
  sluice_status (*get)(void* self, sluice_op*, sluice_str kind, sluice_str key, sluice_store_out*);
  /* [run] Documents of one kind (empty: of every kind) in (kind, key) order, of one revision. */
  sluice_status (*scan)(void* self, sluice_op*, sluice_str kind, sluice_store_out*);
  /* [run] Documents written after `since`, in revision order, deleted ones too. */
  sluice_status (*changes)(void* self, sluice_op*, uint64_t since, sluice_store_out*);
  sluice_status (*revision)(void* self, sluice_op*, uint64_t*); /* [run] the newest */
  /* [run] Documents of every kind but this one, in (kind, key) order, of one revision. */
  sluice_status (*scan_others)(void* self, sluice_op*, sluice_str kind, sluice_store_out*);
  /* [run] Documents of one kind whose keys lie between `first` and `last`, both included, in key
   * order; backwards != 0: from the last to the first. */
  sluice_status (*range)(void* self, sluice_op*, sluice_str kind, sluice_str first, sluice_str last,
                         uint32_t backwards, sluice_store_out*);
} sluice_store;

#ifdef __cplusplus
}
#endif
#endif
