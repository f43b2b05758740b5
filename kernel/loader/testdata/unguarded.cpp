// SPDX-License-Identifier: Apache-2.0
// A plugin in C++ over the bare table, which lets exceptions out of every function.
#include <sluice/abi.h>

#include <stdexcept>

namespace {

sluice_status create(const sluice_host*, const sluice_node*, sluice_err*, void**) {
  throw std::runtime_error("thrown without a guard");
}
void destroy(void*) {}
sluice_status execute(void*, sluice_op*, const sluice_query*, sluice_rows*) {
  throw std::runtime_error("never called");
}

const sluice_data_source kApi{sizeof(sluice_data_source), 0, &execute, nullptr, nullptr};
const sluice_component kComponent{sizeof(sluice_component),
                                  SLUICE_KIND_DATA_SOURCE,
                                  SLUICE_STR("unguarded"),
                                  SLUICE_STR("Unguarded"),
                                  SLUICE_STR(""),
                                  SLUICE_STR("{}"),
                                  SLUICE_EXEC_WORKER,
                                  1,
                                  &kApi,
                                  &create,
                                  nullptr,
                                  nullptr,
                                  nullptr,
                                  &destroy,
                                  nullptr,
                                  nullptr};
const sluice_component* const kComponents[] = {&kComponent};
const sluice_plugin kPlugin{sizeof(sluice_plugin),
                            SLUICE_ABI_MAJOR,
                            SLUICE_ABI_MINOR,
                            0,
                            SLUICE_STR("org.example.unguarded"),
                            SLUICE_STR("1.0.0"),
                            SLUICE_STR("Example"),
                            SLUICE_STR("Apache-2.0"),
                            SLUICE_STR("none"),
                            kComponents,
                            1,
                            0,
                            nullptr};

}  // namespace

SLUICE_NOTE_ATTR extern const sluice_note sluice_note_v1 = SLUICE_NOTE_INIT(1);
extern "C" SLUICE_EXPORT const sluice_plugin* sluice_plugin_main(std::uint32_t, std::uint32_t) {
  return &kPlugin;
}
