// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/plugin_under_test.hpp>

#include <dlfcn.h>

namespace sluice::testing {
namespace {

// Runs one of the optional steps of a component's life.
template <class Step>
Result<void> run_step(Step step, void* self) {
  ErrorPlace place;
  place.error.status = SLUICE_OK;
  const Status status = step(self, place.raw());
  if (status == SLUICE_OK) return {};
  place.error.status = status;
  return place.error;
}

}  // namespace

Result<const sluice_plugin*> load_plugin(const std::string& file) {
  void* image = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!image) return Error{SLUICE_E_CONFIG, "the plugin cannot be loaded", ::dlerror(), file};
  const auto main = reinterpret_cast<sluice_plugin_main_fn>(::dlsym(image, SLUICE_PLUGIN_MAIN));
  if (!main) return Error{SLUICE_E_CONFIG, "no " SLUICE_PLUGIN_MAIN " in the file", {}, file};
  const sluice_plugin* plugin = main(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR);
  if (!plugin) return Error{SLUICE_E_CONFIG, "the plugin does not serve this ABI", {}, file};
  return plugin;
}

const sluice_component* find_component(const sluice_plugin& plugin, std::uint32_t kind,
                                       std::string_view type) {
  for (std::uint32_t i = 0; i < plugin.component_count; ++i) {
    const auto* component = plugin.components[i];
    if (component->kind == kind && to_view(component->type) == type) return component;
  }
  return nullptr;
}

Result<std::unique_ptr<TestInstance>> TestInstance::make(const sluice_component& component,
                                                         FakeHost& host,
                                                         std::string_view settings_json) {
  ErrorPlace place;
  void* self = nullptr;
  const Status status =
      component.create(host.raw(), host.make_settings(settings_json), place.raw(), &self);
  if (status != SLUICE_OK) {
    place.error.status = status;
    return place.error;
  }
  return std::unique_ptr<TestInstance>(new TestInstance(component, self));
}

TestInstance::~TestInstance() {
  if (SLUICE_HAS(&component_, drain)) component_.drain(self_);
  if (SLUICE_HAS(&component_, stop)) component_.stop(self_);
  component_.destroy(self_);
}

Result<void> TestInstance::start() {
  if (!SLUICE_HAS(&component_, start)) return {};
  return run_step(component_.start, self_);
}

Result<void> TestInstance::check_health() {
  if (!SLUICE_HAS(&component_, health)) return {};
  return run_step(component_.health, self_);
}

Status TestInstance::authenticate(sluice_op* op, sluice_auth_out* out) const {
  const auto* api = static_cast<const sluice_authenticator*>(component_.api);
  return api->authenticate(self_, op, out);
}

Status TestInstance::execute(sluice_op* op, const sluice_query* query, sluice_rows* rows) const {
  const auto* api = static_cast<const sluice_data_source*>(component_.api);
  return api->execute(self_, op, query, rows);
}

}  // namespace sluice::testing
