/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/abilities.h - conversations beside the core tables, asked for by id.
 *
 * Whether a component has an ability must not depend on its settings: it is also asked for with
 * self = NULL, to tell what can be made of a type.
 *
 * A component offers the first six through sluice_component.extension(self, id); the host offers
 * the others through sluice_host.extension(host, id). All are optional: absence has a meaning,
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

/* -------------------------------------------------------------- "sluice.statement/1", data source
 * What a statement would answer, told without running it: how script mode finds its response
 * parameters. Absent: they are written by hand, and the first test shows whether they are right. */
#define SLUICE_STATEMENT_ID "sluice.statement/1"

typedef struct sluice_statement_out sluice_statement_out;
typedef struct sluice_statement_out_vt {
  uint32_t size, reserved;
  /* The columns of the answer in order; `type` is SLUICE_T_NULL, and `declared` empty, where the
   * source knows them only once it runs. nullable 1 and primary_key 0 unless it knows better. */
  sluice_status (*column)(sluice_statement_out*, const sluice_column_info*);
  /* Beside an error: what the source says against the statement, for whoever writes it, and at
   * which byte of the text (UINT64_MAX: it does not say). Its own words, but no secret. */
  void (*fault)(sluice_statement_out*, sluice_str text, uint64_t offset);
} sluice_statement_out_vt;
struct sluice_statement_out {
  const sluice_statement_out_vt* vt;
};

typedef struct sluice_statement {
  uint32_t size, reserved;
  /* [run], always on a worker. Prepares and runs nothing. E_ARGUMENT or E_NOT_FOUND: the source
   * would refuse it, above all when it is not one statement that only reads. */
  sluice_status (*describe)(void* self, sluice_op*, const sluice_query*, sluice_statement_out*);
} sluice_statement;

/* ---------------------------------------------------------------- "sluice.dialect/1", data source
 * How a query over one table is written. Absent: wizard mode is not offered for the source. */
#define SLUICE_DIALECT_ID "sluice.dialect/1"

enum { SLUICE_PLACEHOLDER_QUESTION = 0 /* ?1 ?2 */, SLUICE_PLACEHOLDER_DOLLAR = 1 /* $1 $2 */ };
enum {
  SLUICE_LIMIT_OFFSET = 0 /* LIMIT n OFFSET m */,
  SLUICE_FETCH_FIRST = 1 /* OFFSET m ROWS ... */
};

enum { /* sluice_dialect.traits */
       /* SELECT … UNION ALL SELECT … ORDER BY 2, 3 LIMIT ?1 is understood; its parts are read in
        * order, each from its own place in an index, and no further than the limit. Then a page that
        * begins behind (a, b) is asked for so, and not by an OR. */
       SLUICE_DIALECT_MERGES_UNIONS = 1,
       /* NULL comes after every value in ascending order; otherwise before */
       SLUICE_DIALECT_NULLS_HIGH = 2,
       /* LIKE takes \ for its escape by itself; otherwise ESCAPE '!' is written behind it */
       SLUICE_DIALECT_LIKE_BACKSLASH = 4
};

typedef struct sluice_dialect { /* a constant of the component, valid as long as the instance */
  uint32_t size;
  uint32_t placeholder; /* SLUICE_PLACEHOLDER_* */
  uint32_t limit;       /* SLUICE_LIMIT_OFFSET or SLUICE_FETCH_FIRST */
  uint32_t reserved;
  sluice_str quote_open, quote_close; /* around identifiers; a quote_close inside is doubled */
  uint64_t traits;                    /* bits SLUICE_DIALECT_* */
} sluice_dialect;

/* ------------------------------------------------------------ "sluice.acceleration/1", data source
 * Ways of running one query that differ in speed, cost and freshness (R082). An API over such a
 * source names one; it comes with each query (sluice_query.acceleration). Asked for with
 * self = NULL: it belongs to the component, not to an instance. Absent: there is one way only, and
 * an API that names a method is refused. */
#define SLUICE_ACCELERATION_ID "sluice.acceleration/1"

typedef struct sluice_acceleration_method {
  uint32_t size, reserved;
  sluice_str name;           /* "cache": what definitions hold; ASCII, up to 64 bytes */
  sluice_str title, summary; /* for people */
  sluice_str warning;        /* told to whoever chooses it; empty: nothing to warn of */
} sluice_acceleration_method;

typedef struct sluice_acceleration { /* a constant of the component */
  uint32_t size;
  uint32_t required; /* 1: an API over such a source without a method is not complete */
  const sluice_acceleration_method* const* methods;
  size_t method_count;
} sluice_acceleration;

/* ----------------------------------------------------- "sluice.credential-maker/1", authenticator
 * Turns what a person gives (or nothing: then it makes a secret) into the record that the
 * authenticator will look up. The host keeps the record and shows the secret once; it knows nothing
 * of the scheme. Asked for with self = NULL: it belongs to the component, not to an instance.
 * Absent: credentials of this type cannot be made, only the plugin itself knows its callers. */
#define SLUICE_CREDENTIAL_MAKER_ID "sluice.credential-maker/1"

typedef struct sluice_made_credential {
  uint32_t size;
  uint32_t is_unique;        /* 1: no credential of another consumer may have any of these lookups */
  sluice_str secret;         /* what proves it; the store keeps it encrypted, the snapshot has it */
  sluice_str display;        /* how people tell it from others; not enough to use it */
  const sluice_str* lookups; /* 1 to 8 keys of up to 512 bytes, for find_credential() */
  size_t lookup_count;
  const sluice_pair* attributes; /* up to 32, kept and shown in the clear */
  size_t attribute_count;
  const sluice_pair* shown; /* up to 8: told to whoever asked, once, and not kept */
  size_t shown_count;
} sluice_made_credential;

typedef struct sluice_made_credential_out sluice_made_credential_out;
typedef struct sluice_made_credential_out_vt {
  uint32_t size, reserved;
  void (*made)(sluice_made_credential_out*, const sluice_made_credential*); /* copies it */
} sluice_made_credential_out_vt;
struct sluice_made_credential_out {
  const sluice_made_credential_out_vt* vt;
};

typedef struct sluice_credential_maker { /* a constant of the component */
  uint32_t size, reserved;
  sluice_str schema; /* JSON Schema of `given`; the host checks it before make() */
  /* [ctl] Pure but for randomness. `given` lives until it returns. Not OK: after host->fail(), whose
   * `where` points into `given`. */
  sluice_status (*make)(const sluice_host*, const sluice_node* given, sluice_err*,
                        sluice_made_credential_out*);
} sluice_credential_maker;

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

/* ---------------------------------------------------------------------- "sluice.http-client/1", host
 * Outgoing HTTP over the gateway's own client: pooled connections, verified TLS, one guard against
 * private addresses. Absent: this host makes no outgoing calls. */
#define SLUICE_HTTP_CLIENT_ID "sluice.http-client/1"

enum {
  /* Loopback, private, link-local and other addresses that are not public are refused when the
   * connection is made, after the name was resolved, unless this is set. */
  SLUICE_HTTP_ALLOW_PRIVATE = 1
};

typedef struct sluice_http_request {
  uint32_t size;
  uint32_t flags; /* SLUICE_HTTP_* */
  sluice_str method, url, body; /* url: http:// or https:// */
  const sluice_pair* headers;   /* Host and Content-Length are the client's */
  size_t header_count;
  uint64_t body_bytes_max; /* of the answer, decoded from chunks; more: E_TOO_LARGE */
  uint64_t deadline_ns;    /* CLOCK_MONOTONIC; the earlier of this and the op's holds */
} sluice_http_request;

/* All on one thread of the host, one after another; none may block. */
typedef struct sluice_http_events {
  uint32_t size, reserved;
  void (*head)(void* user, int32_t http_status, const sluice_pair* headers, size_t header_count);
  /* Not OK: the call is given up. But SLUICE_PAUSE, which only a client with resume() knows: taken,
   * and nothing more comes before resume(). */
  sluice_status (*data)(void* user, const void* bytes, size_t n);
  void (*end)(void* user, sluice_status, sluice_str why);         /* exactly once, last */
} sluice_http_events;

typedef struct sluice_http_client {
  uint32_t size, reserved;
  /* [any] Everything is copied before it returns. op: NULL, or the call whose deadline is
   * inherited; when that call is cancelled the plugin cancels what it sent. OK: end() will follow, and *id names the request until
   * then. Otherwise nothing was begun: E_ARGUMENT a URL or header that cannot be sent,
   * E_BUSY at the bound of requests in flight. Redirects are answers, never followed. */
  sluice_status (*send)(const sluice_host*, sluice_op* op_or_null, const sluice_http_request*,
                        const sluice_http_events*, void* user, uint64_t* id);
  /* [any] Gives a request up: end() follows with E_CANCELLED, unless it came already. */
  void (*cancel)(const sluice_host*, uint64_t id);
  /* [any] Once after each SLUICE_PAUSE; it may come while data() is about to answer so. The deadline
   * goes on meanwhile. */
  void (*resume)(const sluice_host*, uint64_t id);
} sluice_http_client;

#ifdef __cplusplus
}
#endif
#endif
