/* SPDX-License-Identifier: Apache-2.0
 *
 * A complete data source in plain C: the numbers from 0 and their squares.
 *
 * It exists to show and to test that the boundary needs nothing but a C compiler: settings,
 * arguments, typed rows, a catalogue, the inline budget and errors.
 *
 *   squares ?1    rows (n, square) for n in 0 .. ?1 - 1; square is NULL from 2^31 on
 *   echo ?1       one row with the text ?1
 */
#include <sluice/abilities.h>
#include <sluice/abi.h>

#include <stdlib.h>
#include <string.h>

SLUICE_NOTE_ATTR const sluice_note sluice_note_v1 = SLUICE_NOTE_INIT(0x00010000u);

enum { kRowsBetweenCheckpoints = 8, kMostRows = 1000000 };

typedef struct Source {
  int64_t max_rows; /* of one answer */
} Source;

static int equals(sluice_str a, sluice_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static int contains(sluice_str text, sluice_str part) {
  for (size_t i = 0; i + part.n <= text.n; ++i) {
    const sluice_str here = {text.p + i, part.n};
    if (equals(here, part)) return 1;
  }
  return 0;
}

static sluice_status fail(sluice_op* op, sluice_status status, sluice_str text) {
  const sluice_str nothing = SLUICE_STR("");
  op->vt->fail(op, status, text, nothing);
  return status;
}

/* ------------------------------------------------------------------------------------------ life
 */

static sluice_status create(const sluice_host* host, const sluice_node* settings, sluice_err* err,
                            void** self) {
  const sluice_str key = SLUICE_STR("max_rows");
  const sluice_node* node = host->node_member(settings, key);
  int64_t max_rows = 1000;
  if (node) {
    max_rows = host->node_int(node);
    if (host->node_type(node) != 2 || max_rows < 1 || max_rows > kMostRows) {
      const sluice_str where = SLUICE_STR("/max_rows");
      const sluice_str why = SLUICE_STR("must be a whole number between 1 and 1000000");
      host->fail(err, SLUICE_E_CONFIG, where, why);
      return SLUICE_E_CONFIG;
    }
  }
  Source* source = malloc(sizeof *source);
  if (!source) return SLUICE_E_INTERNAL;
  source->max_rows = max_rows;
  *self = source;
  return SLUICE_OK;
}

/* ----------------------------------------------------------------------------------------- calls
 */

static sluice_status push_squares(const Source* source, sluice_op* op, const sluice_query* query,
                                  sluice_rows* rows) {
  const sluice_column columns[2] = {{SLUICE_STR("n"), SLUICE_T_INT64, 0, 0},
                                    {SLUICE_STR("square"), SLUICE_T_INT64, 1, 0}};
  if (query->arg_count != 1 || query->args[0].type != SLUICE_T_INT64 || query->args[0].v.i < 0) {
    const sluice_str why = SLUICE_STR("squares takes one argument: how many, 0 or more");
    return fail(op, SLUICE_E_ARGUMENT, why);
  }
  const int64_t wanted = query->args[0].v.i;
  if (wanted > source->max_rows) {
    const sluice_str why = SLUICE_STR("more rows than the setting max_rows allows");
    return fail(op, SLUICE_E_TOO_LARGE, why);
  }
  sluice_status status = rows->vt->begin(rows, columns, 2);
  for (int64_t n = 0; n < wanted && status == SLUICE_OK; ++n) {
    if (query->max_rows && (uint64_t)n >= query->max_rows) break;
    if (n % kRowsBetweenCheckpoints == 0) {
      status = op->vt->checkpoint(op);
      if (status != SLUICE_OK) break;
    }
    sluice_cell row[2] = {{SLUICE_T_INT64, 0, {0}}, {SLUICE_T_NULL, 0, {0}}};
    row[0].v.i = n;
    if (n < INT64_C(0x80000000)) {
      row[1].type = SLUICE_T_INT64;
      row[1].v.i = n * n;
    }
    status = rows->vt->push(rows, row, 1);
  }
  return status;
}

static sluice_status push_echo(sluice_op* op, const sluice_query* query, sluice_rows* rows) {
  const sluice_column columns[1] = {{SLUICE_STR("text"), SLUICE_T_TEXT, 0, 0}};
  if (query->arg_count != 1 || query->args[0].type != SLUICE_T_TEXT) {
    const sluice_str why = SLUICE_STR("echo takes one argument, a text");
    return fail(op, SLUICE_E_ARGUMENT, why);
  }
  const sluice_status status = rows->vt->begin(rows, columns, 1);
  return status == SLUICE_OK ? rows->vt->push(rows, query->args, 1) : status;
}

static sluice_status execute(void* self, sluice_op* op, const sluice_query* query,
                             sluice_rows* rows) {
  const sluice_str squares = SLUICE_STR("squares ?1"), echo = SLUICE_STR("echo ?1");
  const sluice_status status = op->vt->checkpoint(op);
  if (status != SLUICE_OK) return status;
  if (equals(query->text, squares)) return push_squares(self, op, query, rows);
  if (equals(query->text, echo)) return push_echo(op, query, rows);
  const sluice_str why = SLUICE_STR("only \"squares ?1\" and \"echo ?1\" are understood");
  return fail(op, SLUICE_E_ARGUMENT, why);
}

/* --------------------------------------------------------------------------------------- catalog
 */

static const sluice_str kTable = SLUICE_STR("squares");

static sluice_status list_tables(void* self, sluice_op* op, sluice_str search,
                                 sluice_catalog_out* out) {
  const sluice_table_info info = {sizeof info, 0, SLUICE_STR("squares"), SLUICE_STR("")};
  (void)self, (void)op;
  return contains(kTable, search) ? out->vt->table(out, &info) : SLUICE_OK;
}

static sluice_status describe_table(void* self, sluice_op* op, sluice_str table,
                                    sluice_catalog_out* out) {
  const sluice_column_info columns[2] = {{sizeof columns[0], SLUICE_T_INT64, SLUICE_STR("n"),
                                          SLUICE_STR("int64"), SLUICE_STR(""), 0, 1},
                                         {sizeof columns[0], SLUICE_T_INT64, SLUICE_STR("square"),
                                          SLUICE_STR("int64"), SLUICE_STR(""), 1, 0}};
  (void)self;
  if (!equals(table, kTable)) {
    const sluice_str why = SLUICE_STR("there is one table: squares");
    return fail(op, SLUICE_E_NOT_FOUND, why);
  }
  const sluice_status status = out->vt->column(out, &columns[0]);
  return status == SLUICE_OK ? out->vt->column(out, &columns[1]) : status;
}

static const sluice_catalog kCatalog = {sizeof kCatalog, 0, list_tables, describe_table};

static const void* extension(void* self, const char* id) {
  (void)self;
  return strcmp(id, SLUICE_CATALOG_ID) == 0 ? &kCatalog : NULL;
}

/* ------------------------------------------------------------------------- what the plugin shows
 */

static const sluice_data_source kApi = {sizeof kApi, 0, execute, NULL, NULL};

static const sluice_component kComponent = {
    sizeof kComponent,
    SLUICE_KIND_DATA_SOURCE,
    SLUICE_STR("squares"),
    SLUICE_STR("Squares"),
    SLUICE_STR("Numbers and their squares, from plain C."),
    SLUICE_STR("{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"max_rows\":"
               "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000}}}"),
    SLUICE_EXEC_INLINE_FIRST,
    0,
    &kApi,
    create,
    NULL,
    NULL,
    NULL,
    free,
    NULL,
    extension};

static const sluice_component* const kComponents[] = {&kComponent};

static const sluice_plugin kPlugin = {sizeof kPlugin,
                                      SLUICE_ABI_MAJOR,
                                      SLUICE_ABI_MINOR,
                                      0,
                                      SLUICE_STR("org.sluice.test.squares"),
                                      SLUICE_STR("1.0.0"),
                                      SLUICE_STR("Sluice"),
                                      SLUICE_STR("Apache-2.0"),
                                      SLUICE_STR("none"),
                                      kComponents,
                                      1,
                                      0,
                                      NULL};

SLUICE_EXPORT const sluice_plugin* sluice_plugin_main(uint32_t major, uint32_t minor);
SLUICE_EXPORT const sluice_plugin* sluice_plugin_main(uint32_t major, uint32_t minor) {
  (void)minor;
  return major == SLUICE_ABI_MAJOR ? &kPlugin : NULL;
}
