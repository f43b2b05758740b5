/* SPDX-License-Identifier: Apache-2.0
 *
 * sluice/abi.h - the boundary between the Sluice gateway ("the host") and its plugins, ABI 1.
 *
 * Plain C11, and the only thing that crosses. Both sides usually write C++ over it: the classes of
 * sluice/sdk.hpp are compiled into the plugin and never reach the host.
 *
 * Five laws
 *  1 BORROWED IN, PUSHED OUT. An argument is lent: until the call returns or, when it hangs off a
 *    sluice_op, until that op completes. Results leave through callbacks that copy or consume them
 *    before they return. Neither side frees, resizes or keeps memory of the other.
 *  2 NOTHING UNWINDS. No exception, longjmp or thread exit crosses a function pointer of this file.
 *  3 SIZE FIRST. A struct that may grow begins with `uint32_t size`, filled by the side that made
 *    it. A field exists when it lies inside `size` and, if it is a function, is not NULL.
 *  4 EXACTLY ONCE. A call that returned SLUICE_PENDING is completed exactly once, cancelled or not.
 *  5 THREADS AS TAGGED. [any] from any thread, concurrently. [ctl] one at a time for an instance,
 *    never on an I/O thread. [run] as the component's execution class says, concurrently unless
 *    max_concurrency is set. [io] only on the I/O thread of the present call; must not block.
 *
 * Strings are UTF-8 with a length and no terminator. Times are stated with their clock and unit.
 */
#ifndef SLUICE_ABI_H
#define SLUICE_ABI_H
#include <stddef.h>
#include <stdint.h>

#define SLUICE_ABI_MAJOR 1u
#define SLUICE_ABI_MINOR 0u

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------ values */

typedef struct sluice_str { /* frozen */
  const char* p;
  size_t n;
} sluice_str;
#define SLUICE_STR(literal) \
  { "" literal, sizeof(literal) - 1 }

typedef struct sluice_pair { /* frozen: a header, a parameter, an attribute */
  sluice_str name, value;
} sluice_pair;

typedef int32_t sluice_status;
enum {
  SLUICE_OK = 0,
  SLUICE_PENDING = 1,         /* asynchronous: sluice_op_vt.complete() will follow */
  SLUICE_RETRY_ON_WORKER = 2, /* inline attempt given up: drop its output, run it on a worker */
  SLUICE_PAUSE = 3,           /* from a sink: taken, but push nothing more before resume() */
  SLUICE_SKIP = 4,            /* from an authenticator: no credential of my kind was sent */

  SLUICE_E_INTERNAL = -1,
  SLUICE_E_CONFIG = -2,
  SLUICE_E_ARGUMENT = -3,
  SLUICE_E_NOT_FOUND = -4,
  SLUICE_E_UNAUTHENTICATED = -5,
  SLUICE_E_FORBIDDEN = -6,
  SLUICE_E_UNSUPPORTED = -7,
  SLUICE_E_UNAVAILABLE = -8, /* cannot be reached, opened or read now */
  SLUICE_E_BUSY = -9,        /* a bound is reached: later may work */
  SLUICE_E_TIMEOUT = -10,
  SLUICE_E_CANCELLED = -11,
  SLUICE_E_TOO_LARGE = -12,
  SLUICE_E_CONFLICT = -13 /* somebody else changed it first */
};

enum { /* cell types; a producer pushes only those in sluice_rows_vt.types */
       SLUICE_T_NULL = 0,
       SLUICE_T_BOOL,
       SLUICE_T_INT64,
       SLUICE_T_DOUBLE,
       SLUICE_T_TEXT,
       SLUICE_T_BYTES,
       SLUICE_T_TIMESTAMP,
       SLUICE_T_DECIMAL,
       SLUICE_T_JSON
};

typedef struct sluice_cell { /* 24 bytes, frozen */
  uint32_t type;
  int32_t scale; /* DECIMAL: digits after the point; otherwise 0 */
  union {
    int64_t i;    /* BOOL 0 or 1, INT64, TIMESTAMP (microseconds since 1970 UTC) */
    double f;     /* DOUBLE */
    sluice_str s; /* TEXT, BYTES, JSON */
    struct {
      uint64_t lo;
      int64_t hi;
    } d; /* DECIMAL: unscaled 128-bit two's complement */
  } v;
} sluice_cell;

typedef struct sluice_column { /* frozen */
  sluice_str name;
  uint32_t type;     /* declared type; 0 = varies from row to row */
  uint32_t nullable; /* 0 or 1 */
  uint64_t reserved;
} sluice_column;

typedef struct sluice_node sluice_node; /* the host's: one node of parsed, checked settings */
typedef struct sluice_err sluice_err;   /* the host's: a place for one error */

/* --------------------------------------------------------------------- the host, per instance */

typedef struct sluice_host sluice_host;
struct sluice_host {
  uint32_t size, abi_major, abi_minor, reserved;
  sluice_str version;  /* of the gateway */
  sluice_str instance; /* name of this instance, as logs and metrics show it */
  /* [any] A table offered beside the core, by id; NULL when this host has none. */
  const void* (*extension)(const sluice_host*, const char* id);
  /* [any] level: 0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 critical. Never log a secret. */
  void (*log)(const sluice_host*, int32_t level, sluice_str text);
  /* [ctl] Fill an error place. where: JSON pointer into the settings, or empty. */
  void (*fail)(sluice_err*, sluice_status, sluice_str where, sluice_str text);
  /* [ctl] Reading settings. Types: 0 null 1 bool 2 integer 3 number 4 string 5 array 6 object.
   * Everything is the host's and lives until create() returns. */
  int32_t (*node_type)(const sluice_node*);
  size_t (*node_count)(const sluice_node*);
  const sluice_node* (*node_member)(const sluice_node*, sluice_str key); /* NULL when absent */
  const sluice_node* (*node_item)(const sluice_node*, size_t i, sluice_str* key_or_null);
  int64_t (*node_int)(const sluice_node*); /* bool and integer; otherwise 0 */
  double (*node_num)(const sluice_node*);
  sluice_str (*node_text)(const sluice_node*); /* a string's text; otherwise its JSON */
};

/* ------------------------------------------------------------------------- one call in flight */

typedef struct sluice_request sluice_request;
typedef struct sluice_request_vt {
  uint32_t size, reserved;
  /* [run] First value of a header, spaces around it removed; empty when absent. Name in lower case.
   */
  sluice_str (*header)(const sluice_request*, sluice_str lower_name);
  /* [run] How many header lines have that name; a repeated credential is an attack. */
  size_t (*header_count)(const sluice_request*, sluice_str lower_name);
  /* [run] The i-th header line in wire order, name as sent. 0 past the end, otherwise 1. */
  int32_t (*header_at)(const sluice_request*, size_t i, sluice_str* name, sluice_str* value);
  sluice_str (*body)(const sluice_request*); /* [run] whole, decoded from chunks */
} sluice_request_vt;
struct sluice_request {
  uint32_t size, reserved;
  const sluice_request_vt* vt;
  sluice_str method;    /* as sent */
  sluice_str path;      /* raw, percent-encoding kept: the text that routing and signatures use */
  sluice_str query;     /* raw, without '?' */
  sluice_str peer;      /* address of the client, without port */
  sluice_str authority; /* the Host header */
};

/* A credential that the snapshot found by its lookup key. Everything is the host's, valid until the
 * op completes. What `secret` and `attributes` hold is between the authenticator and its consumers'
 * records; for api-key: secret = SHA-256 of the key (32 bytes), attribute "source" = its place. */
typedef struct sluice_credential {
  uint32_t size, reserved;
  sluice_str id;       /* of the credential, for the audit; never a secret */
  sluice_str consumer; /* its owner */
  sluice_str secret;
  const sluice_pair* attributes;
  size_t attribute_count;
  uint64_t valid_from_ns;  /* CLOCK_REALTIME; 0 = always */
  uint64_t valid_until_ns; /* CLOCK_REALTIME; 0 = no end */
  /* Names this record in this process: another secret, attribute or owner has another revision, and
   * none is used twice. What an authenticator derives from the record (a parsed key, a verified
   * token) is cached under it. Never 0. */
  uint64_t revision;
  uint64_t rank; /* its place in the configuration's order, which decides when several would do */
} sluice_credential;

typedef struct sluice_principal {
  uint32_t size;
  /* 1: `parameters` are the parameters of query and form as the signature covers them (auth.md
   * 4.3). The API binds those and no others of them. A body of another media type is no part of the
   * signed text: it is read as ever, and replaces no parameter that was signed. 0: bind from the
   * request. */
  uint32_t parameters_verified;
  sluice_str consumer;
  sluice_str credential_id;
  const sluice_pair* parameters;
  size_t parameter_count;
  const sluice_pair* claims; /* handed on to the data service and the log */
  size_t claim_count;
  uint64_t valid_until_ns; /* CLOCK_REALTIME; 0 = this request only */
} sluice_principal;

enum { SLUICE_RUN_INLINE = 0, SLUICE_RUN_WORKER = 1 };
typedef struct sluice_op sluice_op;
typedef struct sluice_op_vt {
  uint32_t size, reserved;
  /* [any] The one cooperative point: cancellation, deadline and inline budget at once. Call it
   * about every 10 us of work. Anything but SLUICE_OK: stop, and return (or complete with) that
   * value. */
  sluice_status (*checkpoint)(sluice_op*);
  /* [any] What went wrong. `text` may be shown to the caller of the API: no SQL, no path, no
   * secret. `internal` goes to the log only. */
  void (*fail)(sluice_op*, sluice_status, sluice_str text, sluice_str internal);
  /* [any] Ends an asynchronous call; the op and all it lent are dead after. Keep op->ticket from
   * before PENDING was returned: a late or second completion is told by it, logged and ignored. */
  void (*complete)(sluice_op*, uint64_t ticket, sluice_status);
  /* [run] Memory of the call, aligned to 16, freed by the host when the op completes. NULL at the
   * call's bound: answer SLUICE_E_TOO_LARGE. */
  void* (*scratch)(sluice_op*, size_t bytes);
  /* [run] A credential of the call's snapshot. kind: the authenticator's component type; key: bytes
   * as the authenticator stores them. Fills *out (whose size the caller set) and answers SLUICE_OK,
   * or SLUICE_E_NOT_FOUND. Disabled consumers and revoked credentials are not found. */
  sluice_status (*find_credential)(sluice_op*, sluice_str kind, sluice_str key,
                                   sluice_credential* out);
  /* [run] The n-th credential, from 0 and in the order of their ranks, of those that share one
   * key. Authenticators whose keys are unique never need it. */
  sluice_status (*find_nth_credential)(sluice_op*, sluice_str kind, sluice_str key, size_t n,
                                       sluice_credential* out);
  /* [run] 1 when that consumer is authorised for the API of this call, now. Only for choosing
   * between several consumers whose credentials all hold (auth.md 3.7): authorisation itself is the
   * host's step, after the principal is accepted. */
  int32_t (*is_granted)(sluice_op*, sluice_str consumer);
  /* [any] What was done for this call, a name and a text: the job's number, the method used. Shown
   * to whoever tests a draft, dropped otherwise. Never a secret. */
  void (*note)(sluice_op*, sluice_str name, sluice_str value);
  /* [any] With an error that passes by itself (E_BUSY, E_UNAVAILABLE): when to try again. */
  void (*retry_after)(sluice_op*, uint64_t ms);
} sluice_op_vt;
struct sluice_op {
  uint32_t size, mode; /* mode: SLUICE_RUN_* of this attempt */
  const sluice_op_vt* vt;
  uint64_t ticket;
  uint64_t deadline_ns; /* CLOCK_MONOTONIC; UINT64_MAX = none */
  uint64_t now_ns;      /* CLOCK_REALTIME at the call's start: the only wall clock for checks */
  const sluice_request* request;
  const sluice_principal* principal; /* NULL before authentication, and for anonymous calls */
  sluice_str request_id;
  sluice_str trace_parent;
};

/* -------------------------------------------------------------------------------------- sinks */

/* Typed rows: the host or a serializer implements it, a data source pushes into it. */
typedef struct sluice_rows sluice_rows;
typedef struct sluice_rows_vt {
  uint32_t size;
  uint32_t types; /* bit (1u << SLUICE_T_x) for every type it takes */
  /* [run] Columns, once, before the first row. */
  sluice_status (*begin)(sluice_rows*, const sluice_column*, size_t n);
  /* [run] rows >= 1, row-major. Nothing of the cells is kept. Anything but OK and PAUSE: stop. */
  sluice_status (*push)(sluice_rows*, const sluice_cell* row_major, size_t rows);
  const void* (*extension)(sluice_rows*, const char* id); /* optional */
} sluice_rows_vt;
struct sluice_rows {
  const sluice_rows_vt* vt;
};

/* Bytes of a response body. Write at cur, move cur, never past end. */
typedef struct sluice_out sluice_out;
struct sluice_out {
  uint8_t *cur, *end;
  /* [run] Make end - cur >= need, perhaps by sending what lies before cur: never look back.
   * Anything but OK: stop and return it. */
  sluice_status (*reserve)(sluice_out*, size_t need);
};

/* ------------------------------------------------------------------------------ authenticators */

typedef struct sluice_refusal {
  uint32_t size;
  int32_t http_status;        /* 400, 401, 403, 413 or 503; anything else is sent as 401 */
  sluice_str code;            /* X-Ca-Error-Code, e.g. "A401IK" */
  sluice_str message;         /* X-Ca-Error-Message and errMsg; the host escapes it */
  const sluice_pair* headers; /* WWW-Authenticate challenges and others, one pair a line */
  size_t header_count;
  sluice_str internal; /* for the log only */
} sluice_refusal;

typedef struct sluice_auth_out sluice_auth_out;
typedef struct sluice_auth_out_vt {
  uint32_t size, reserved;
  void (*accept)(sluice_auth_out*, const sluice_principal*);
  void (*refuse)(sluice_auth_out*, const sluice_refusal*);
} sluice_auth_out_vt;
struct sluice_auth_out {
  const sluice_auth_out_vt* vt;
};

typedef struct sluice_authenticator {
  uint32_t size, reserved;
  /* [run] Judges only its own kind of credential. OK after accept(); SLUICE_SKIP when none was
   * sent, E_UNAUTHENTICATED (or another error) when it was sent and is no good, both after refuse()
   * said what to answer. An answer of OK without accept() is refused by the host. */
  sluice_status (*authenticate)(void* self, sluice_op*, sluice_auth_out*);
  void (*cancel)(void* self, sluice_op*); /* [any] optional: hurry up and complete */
} sluice_authenticator;

/* --------------------------------------------------------------------------------- data sources */

typedef struct sluice_query {
  uint32_t size, reserved;
  sluice_str text;     /* in the source's dialect, values as placeholders */
  sluice_str resource; /* what it is about (a table), for logs and metrics */
  const sluice_cell* args;
  size_t arg_count;
  uint64_t max_rows; /* stop after so many; 0 = no bound */
  /* A method of the source's sluice.acceleration/1; empty, or not there: the source's own choice. */
  sluice_str acceleration;
} sluice_query;

typedef struct sluice_data_source {
  uint32_t size, reserved;
  /* [run] begin() on the sink once, then push() the rows. An INLINE_FIRST source can be run again.
   */
  sluice_status (*execute)(void* self, sluice_op*, const sluice_query*, sluice_rows*);
  void (*cancel)(void* self, sluice_op*); /* [any] optional: stop the work at the source */
  void (*resume)(void* self,
                 sluice_op*); /* [any] after SLUICE_PAUSE; asynchronous sources need it */
} sluice_data_source;

/* ---------------------------------------------------------------------------------- serializers */

enum { SLUICE_SHAPE_SINGLE = 0, SLUICE_SHAPE_LIST = 1, SLUICE_SHAPE_PAGE = 2 };
enum { SLUICE_ENVELOPE_DEFAULT = 0, SLUICE_ENVELOPE_FULL = 1, SLUICE_ENVELOPE_BARE = 2 };

/* How one result is to look; fixed when the API was designed, never by how many rows there are. */
typedef struct sluice_render {
  uint32_t size;
  uint32_t shape;           /* SLUICE_SHAPE_* */
  uint32_t envelope;        /* SLUICE_ENVELOPE_* */
  uint32_t int64_as_string; /* 0 or 1 */
  int64_t total_num;        /* PAGE: rows in all; -1 = not counted */
  int64_t page_size, page_num; /* PAGE; page_num 0 = pages are not numbered */
  sluice_str request_id;
  /* PAGE: where the next page's cursor stands when close() is called; no text: this was the last
   * page. NULL: pages are not found by cursor. */
  const sluice_str* next_cursor;
} sluice_render;

typedef struct sluice_serializer {
  uint32_t size, reserved;
  sluice_str media_type; /* Content-Type of what it writes */
  /* [run] A writer for one response. It may live in op scratch memory. */
  sluice_status (*open)(void* self, sluice_op*, const sluice_render*, sluice_out*,
                        sluice_rows** writer);
  /* [run] OK: the rows are complete, write the tail. Otherwise release only: a broken body must not
   * look whole. Called exactly once for every open() that answered OK. */
  sluice_status (*close)(void* self, sluice_rows* writer, sluice_status why);
} sluice_serializer;

/* ------------------------------------------------------------------------------------- backends */

typedef struct sluice_response sluice_response;
typedef struct sluice_response_vt {
  uint32_t size, reserved;
  void (*status)(sluice_response*, int32_t http_status);
  void (*header)(sluice_response*, sluice_str name, sluice_str value);
  sluice_status (*body)(sluice_response*, const void* p, size_t n); /* OK, PAUSE or an error */
} sluice_response_vt;
struct sluice_response {
  const sluice_response_vt* vt;
};

typedef struct sluice_backend { /* an upstream: request in, response out */
  uint32_t size, reserved;
  sluice_status (*handle)(void* self, sluice_op*, sluice_response*); /* [run] */
  void (*cancel)(void* self, sluice_op*);                            /* [any] optional */
  void (*resume)(void* self, sluice_op*);                            /* [any] optional */
} sluice_backend;

/* --------------------------------------------------------------------------- what a plugin shows
 */

enum {
  SLUICE_KIND_AUTHENTICATOR = 1,
  SLUICE_KIND_DATA_SOURCE = 2,
  SLUICE_KIND_SERIALIZER = 3,
  SLUICE_KIND_BACKEND = 4
  /* 0x1000 and up: draft kinds, see sluice/draft/ */
};
enum {
  SLUICE_EXEC_INLINE = 0, /* never blocks, below 50 us: called on the I/O thread */
  SLUICE_EXEC_WORKER = 1, /* may block: called on a worker thread */
  SLUICE_EXEC_ASYNC = 2,  /* called on the I/O thread, returns PENDING at once */
  SLUICE_EXEC_INLINE_FIRST =
      3 /* tried inline under a budget; on RETRY_ON_WORKER again on a worker */
};

/* Life of an instance: create -> start -> (calls) -> drain -> stop -> destroy. Several instances of
 * one component live side by side. destroy() follows every create() that answered OK. */
typedef struct sluice_component {
  uint32_t size, kind;
  sluice_str type;           /* "api-key": what settings and APIs name */
  sluice_str title, summary; /* for people */
  sluice_str
      settings_schema; /* JSON Schema text; the host checks settings with it before create() */
  uint32_t exec, max_concurrency; /* SLUICE_EXEC_*; calls at once, 0 = any number */
  const void* api;                /* const sluice_authenticator * ... by kind */
  /* [ctl] Checks settings and builds state: no thread, no socket, no file written. */
  sluice_status (*create)(const sluice_host*, const sluice_node* settings, sluice_err*,
                          void** self);
  sluice_status (*start)(void* self, sluice_err*);  /* [ctl] optional: connect, spawn */
  void (*drain)(void* self);                        /* [ctl] optional: no new call will come */
  void (*stop)(void* self);                         /* [ctl] optional: join threads; no op left */
  void (*destroy)(void* self);                      /* [ctl] */
  sluice_status (*health)(void* self, sluice_err*); /* [any] optional; may block, on a worker */
  const void* (*extension)(void* self, const char* id); /* [any] optional: abilities, by id */
} sluice_component;

typedef struct sluice_plugin {
  uint32_t size, abi_major, abi_minor; /* what it was built against */
  uint32_t min_host_minor;             /* the oldest host it can live with */
  sluice_str id, version, vendor, license, sdk;
  const sluice_component* const* components;
  uint32_t component_count, reserved;
  sluice_status (*load)(const sluice_host*, sluice_err*); /* [ctl] optional, once per image */
} sluice_plugin;

/* The one exported symbol. A static table, or NULL: cannot serve this host. */
typedef const sluice_plugin* (*sluice_plugin_main_fn)(uint32_t host_major, uint32_t host_minor);
#define SLUICE_PLUGIN_MAIN "sluice_plugin_main"

/* An ELF note (owner "sluice", type 1) that the loader reads before any code of the plugin runs. */
typedef struct sluice_note { /* frozen */
  uint32_t namesz, descsz, type;
  char owner[8];
  uint32_t abi_major, abi_minor, sdk, reserved;
} sluice_note;
#define SLUICE_NOTE_INIT(sdk) \
  { 7, 16, 1, "sluice", SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, (sdk), 0 }
#define SLUICE_EXPORT __attribute__((visibility("default")))
#define SLUICE_NOTE_ATTR __attribute__((section(".note.sluice"), used, aligned(4)))

/* Is the field there? FIELD: inside the maker's size. HAS: a pointer or function, and not NULL. */
#define SLUICE_FIELD(s, f) ((s)->size >= offsetof(__typeof__(*(s)), f) + sizeof((s)->f))
#define SLUICE_HAS(s, f) (SLUICE_FIELD(s, f) && (s)->f)

/* Evolution
 *  free     a function or field at the END of a size-first struct (SLUICE_ABI_MINOR rises); a new
 *           extension id; a new optional keyword in a settings schema.
 *  guarded  a new cell type (only to a sink with its bit); a new status (an old reader takes an
 *           unknown positive value for E_INTERNAL); a new kind or execution class (min_host_minor).
 *  never    reorder, retype, remove, insert; touch what is marked frozen; change what a call means;
 *           leave padding (a field that slid into old padding would seem to be inside `size`).
 *           That is ABI 2, under the symbol sluice_plugin_main2, both served for two releases. */
#ifdef __cplusplus
}
#endif
#endif
