/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin in C that is right, or wrong in the one way that the build names by FAULT_*.
 */
#include <sluice/abi.h>

#if defined(FAULT_ABI_TOO_NEW)
#define NOTE_ABI 2
#elif defined(FAULT_ABI_TOO_OLD)
#define NOTE_ABI 0
#else
#define NOTE_ABI SLUICE_ABI_MAJOR
#endif

#ifndef FAULT_NO_NOTE
SLUICE_NOTE_ATTR const sluice_note sluice_note_v1 = {7, 16, 1, "sluice", NOTE_ABI, 0, 1, 0};
#endif

#ifdef FAULT_UNIQUE_SYMBOL /* as g++ makes them of template statics; spelt out, so clang does too \
                            */
__asm__(
    ".pushsection .data\n"
    ".globl shared_by_all\n"
    ".type shared_by_all, @gnu_unique_object\n"
    ".size shared_by_all, 4\n"
    "shared_by_all: .long 0\n"
    ".popsection\n");
#endif

#ifdef FAULT_CALLS_OUT
int sluice_needed(void);
#endif

static sluice_status authenticate(void* self, sluice_op* op, sluice_auth_out* out) {
  (void)self;
  (void)op;
  (void)out;
  return SLUICE_SKIP;
}
static sluice_status create(const sluice_host* host, const sluice_node* settings, sluice_err* err,
                            void** self) {
  (void)host;
  (void)settings;
  (void)err;
  (void)self; /* it needs no state */
  return SLUICE_OK;
}
static void destroy(void* self) { (void)self; }

static const sluice_authenticator kApi = {
#ifdef FAULT_NO_FUNCTION
    .size = offsetof(sluice_authenticator, authenticate),
#else
    .size = sizeof(sluice_authenticator),
#endif
    .authenticate = authenticate,
};

static const sluice_component kComponent = {
#if defined(FAULT_SMALL_TABLE)
    .size = offsetof(sluice_component, create),
#elif defined(FAULT_SMALL_BUT_RIGHT)
    .size = offsetof(sluice_component, health), /* as if health had not been invented yet */
#else
    .size = sizeof(sluice_component),
#endif
#ifdef FAULT_BAD_KIND
    .kind = 99,
#else
    .kind = SLUICE_KIND_AUTHENTICATOR,
#endif
#if defined(FAULT_SMALL_BUT_RIGHT)
    .type = SLUICE_STR("small"),
#else
    .type = SLUICE_STR("c-auth"),
#endif
    .title = SLUICE_STR("An authenticator in C"),
#ifdef FAULT_BAD_SCHEMA
    .settings_schema = SLUICE_STR("{\"type\":"),
#else
    .settings_schema = SLUICE_STR("{\"type\":\"object\"}"),
#endif
    .api = &kApi,
    .create = create,
#ifndef FAULT_NO_DESTROY
    .destroy = destroy,
#endif
};
static const sluice_component* const kComponents[] = {
    &kComponent,
#ifdef FAULT_TWICE_IN_ITSELF
    &kComponent,
#endif
};

#ifdef FAULT_LOAD_FAILS
static sluice_status load(const sluice_host* host, sluice_err* err) {
  const sluice_str where = SLUICE_STR("");
  const sluice_str text = SLUICE_STR("no licence server");
  host->fail(err, SLUICE_E_UNAVAILABLE, where, text);
  return SLUICE_E_UNAVAILABLE;
}
#endif

static const sluice_plugin kPlugin = {
#ifdef FAULT_SMALL_BUT_RIGHT
    .size = offsetof(sluice_plugin, reserved), /* no load yet */
#else
    .size = sizeof(sluice_plugin),
#endif
    .abi_major = SLUICE_ABI_MAJOR,
    .abi_minor = SLUICE_ABI_MINOR,
#ifdef FAULT_MIN_HOST_MINOR
    .min_host_minor = 9,
#endif
    .id = SLUICE_STR("org.example.fixture"),
    .version = SLUICE_STR("1.2.3"),
    .vendor = SLUICE_STR("Example"),
    .license = SLUICE_STR("Apache-2.0"),
    .sdk = SLUICE_STR("none"),
    .components = kComponents,
#ifndef FAULT_NO_COMPONENTS
    .component_count = sizeof kComponents / sizeof *kComponents,
#endif
#ifdef FAULT_LOAD_FAILS
    .load = load,
#endif
};

#ifndef FAULT_NO_ENTRY
SLUICE_EXPORT const sluice_plugin* sluice_plugin_main(uint32_t major, uint32_t minor);
const sluice_plugin* sluice_plugin_main(uint32_t major, uint32_t minor) {
  (void)minor;
#ifdef FAULT_CALLS_OUT
  if (sluice_needed() == 0) return 0;
#endif
#ifdef FAULT_DECLINES
  major = 0;
#endif
  return major == SLUICE_ABI_MAJOR ? &kPlugin : 0;
}
#endif
