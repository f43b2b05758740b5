/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/abilities.h - conversations beside the core tables, asked for by id.
 *
 * A component offers the first three through sluice_component.extension(self, id); the host offers
 * the last one through sluice_host.extension(host, id). All are optional: absence has a meaning,
 * written next to the id.
 */
#ifndef SLUICE_ABILITIES_H
#define SLUICE_ABILITIES_H
#include <sluice/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- "sluice.catalog/1", data source
 * What tables there are and what they are made of. Absent: tables are typed by hand. */
#define SLUICE_CATALOG_ID "sluice.catalog/1"

typedef struct sluice_table_info {
  uint32_t size, is_view;
  sluice_str name, comment;
} sluice_table_info;

typedef struct sluice_column_info {
  uint32_t size;
  uint32_t type; /* SLUICE_T_*, what the column's values are sent as */
  sluice_str name;
  sluice_str declared; /* the source's own word: "BIGINT", "varchar(20)" */
  sluice_str comment;
  uint32_t nullable;
  uint32_t primary_key; /* 0 = no part of it; otherwise its place in it, from 1 */
} sluice_column_info;

typedef struct sluice_index_info {
  uint32_t size, unique;
  sluice_str name;
  const sluice_str* columns;
  size_t column_count;
} sluice_index_info;

typedef struct sluice_catalog_out sluice_catalog_out;
typedef struct sluice_catalog_out_vt {
  uint32_t size, reserved;
  sluice_status (*table)(sluice_catalog_out*, const sluice_table_info*);
  sluice_status (*column)(sluice_catalog_out*, const sluice_column_info*);
  sluice_status (*index)(sluice_catalog_out*, const sluice_index_info*);
} sluice_catalog_out_vt;
struct sluice_catalog_out {
  const sluice_catalog_out_vt* vt;
};

typedef struct sluice_catalog {
  uint32_t size, reserved;
  /* [run], always on a worker. Tables whose name contains `search` (empty: all), in name order. */
  sluice_status (*list_tables)(void* self, sluice_op*, sluice_str search, sluice_catalog_out*);
  /* [run], always on a worker. Columns in table order, then indexes. E_NOT_FOUND: no such table. */
  sluice_status (*describe_table)(void* self, sluice_op*, sluice_str table, sluice_catalog_out*);
} sluice_catalog;

/* ---------------------------------------------------------------- "sluice.explain/1", data source
 * The source's own plan. Absent: no hint about indexes is given (R090). */
#define SLUICE_EXPLAIN_ID "sluice.explain/1"

typedef struct sluice_explain_out sluice_explain_out;
typedef struct sluice_explain_out_vt {
  uint32_t size, reserved;
  /* One step of the plan; full_scan 1 when the step reads every row of a table. */
  sluice_status (*step)(sluice_explain_out*, sluice_str text, uint32_t full_scan);
} sluice_explain_out_vt;
struct sluice_explain_out {
  const sluice_explain_out_vt* vt;
};

typedef struct sluice_explain {
  uint32_t size, reserved;
  /* [run], always on a worker. Runs nothing: only plans. */
  sluice_status (*explain)(void* self, sluice_op*, const sluice_query*, sluice_explain_out*);
} sluice_explain;

/* ---------------------------------------------------------------- "sluice.dialect/1", data source
 * How a query over one table is written. Absent: wizard mode is not offered for the source. */
#define SLUICE_DIALECT_ID "sluice.dialect/1"

enum { SLUICE_PLACEHOLDER_QUESTION = 0 /* ?1 ?2 */, SLUICE_PLACEHOLDER_DOLLAR = 1 /* $1 $2 */ };
enum {
  SLUICE_LIMIT_OFFSET = 0 /* LIMIT n OFFSET m */,
  SLUICE_FETCH_FIRST = 1 /* OFFSET m ROWS ... */
};

typedef struct sluice_dialect { /* a constant of the component, valid as long as the instance */
  uint32_t size;
  uint32_t placeholder; /* SLUICE_PLACEHOLDER_* */
  uint32_t limit;       /* SLUICE_LIMIT_OFFSET or SLUICE_FETCH_FIRST */
  uint32_t reserved;
  sluice_str quote_open, quote_close; /* around identifiers; a quote_close inside is doubled */
} sluice_dialect;

/* ------------------------------------------------------------------------- "sluice.io-pass/1",
 * host Work shared by all calls that one I/O thread serves in one pass of its event loop, such as
 * one read transaction. Absent: every call stands alone. */
#define SLUICE_IO_PASS_ID "sluice.io-pass/1"

typedef struct sluice_io_pass {
  uint32_t size, reserved;
  /* [io] Only while running an op whose mode is SLUICE_RUN_INLINE: `fn(user)` runs on this thread
   * when the present pass ends, once, before the thread waits for anything. 0 when the pass has no
   * room left (then do not keep the shared work open), otherwise 1. */
  int32_t (*at_end)(const sluice_host*, void (*fn)(void* user), void* user);
} sluice_io_pass;

#ifdef __cplusplus
}
#endif
#endif
