// SPDX-License-Identifier: Apache-2.0
#include "loader/registry.hpp"

#include "config/settings_tree.hpp"
#include "loader/host_table.hpp"

#include <exception>

namespace sluice::loader {

namespace {

constexpr std::size_t kLogBytesMax = 8'192;

// The SDK stops exceptions inside the plugin. One that was built without it, and without noexcept
// functions, is caught here; a noexcept function that throws ends the process, as C++ has it.
template <class Call>
Status run_guarded(ErrorPlace& error, Call call) noexcept {
  try {
    return call();
  } catch (const std::exception& e) {
    error.text = e.what();
  } catch (...) {
    error.text = "the plugin threw";
  }
  error.status = SLUICE_E_INTERNAL;
  return SLUICE_E_INTERNAL;
}

Error to_error(Status status, ErrorPlace place, const std::string& who, const char* code,
               const char* did) {
  if (status >= 0) status = SLUICE_E_INTERNAL;  // a positive status is no reason
  if (place.text.empty()) place.text = "the plugin gives no reason";
  std::string internal = std::string(code) + " " + who + " " + did +
                         (place.where.empty() ? "" : " at " + place.where) + ": " + place.text;
  return {status, std::move(place.text), std::move(internal), std::move(place.where)};
}

std::string describe(std::string_view name, const sluice_component& component) {
  return "'" + std::string(name) + "' (" + std::string(to_view(component.type)) + ")";
}

}  // namespace

// What the plugin holds as `const sluice_host*`; it lives as long as the instance.
struct Instance::HostSide final : sluice_host {
  HostSide(std::string instance_name, HostServices& host_services)
      : sluice_host(make_host_table(&write_log, &find_extension)),
        name(std::move(instance_name)),
        services(host_services) {
    instance = to_str(name);
  }

  static const HostSide& of(const sluice_host* host) noexcept {
    return *static_cast<const HostSide*>(host);
  }
  static void write_log(const sluice_host* host, std::int32_t level, sluice_str text) noexcept try {
    of(host).services.log(of(host).name, level, to_view(text).substr(0, kLogBytesMax));
  } catch (...) {
    // A log that fails must not fail what is being logged.
  }
  static const void* find_extension(const sluice_host* host, const char* id) noexcept try {
    return id ? of(host).services.find_extension(id) : nullptr;
  } catch (...) {
    return nullptr;
  }

  std::string name;
  HostServices& services;
};

Instance::Instance(const sluice_component& component, std::unique_ptr<HostSide> host_side)
    : component_(component), host_side_(std::move(host_side)) {}

Result<std::unique_ptr<Instance>> Instance::make(const sluice_component& component,
                                                 std::string name, std::string_view settings_json,
                                                 HostServices& services) {
  const std::string who = describe(name, component);
  auto settings = config::SettingsTree::parse(settings_json);
  if (!settings) {
    const std::string detail = "the settings text " + settings.error().detail;
    return Error{SLUICE_E_CONFIG, detail, "PLG-021 settings of " + who + ": " + detail, {}};
  }
  const auto faults = settings->check(to_view(component.settings_schema));
  if (!faults.empty()) {
    const std::string all = config::to_text(faults);
    return Error{SLUICE_E_CONFIG, all, "PLG-021 settings of " + who + " are wrong:\n" + all,
                 faults.front().pointer};
  }

  std::unique_ptr<Instance> made(
      new Instance(component, std::make_unique<HostSide>(std::move(name), services)));
  ErrorPlace error;
  const auto* root = reinterpret_cast<const sluice_node*>(settings->root());
  const Status status = run_guarded(error, [&] {
    return component.create(made->host_side_.get(), root, error.raw(), &made->self_);
  });
  if (status != SLUICE_OK) {
    made->self_ = nullptr;
    return to_error(status, std::move(error), who, "PLG-022", "refused its settings");
  }
  made->created_ = true;
  return made;
}

Instance::~Instance() {
  drain();
  stop();
  if (!created_) return;
  ErrorPlace ignored;
  run_guarded(ignored, [&] {
    component_.destroy(self_);
    return SLUICE_OK;
  });
}

Result<void> Instance::start() {
  if (started_) return {};
  ErrorPlace error;
  const Status status = run_guarded(error, [&] {
    return SLUICE_HAS(&component_, start) ? component_.start(self_, error.raw()) : SLUICE_OK;
  });
  if (status != SLUICE_OK) {
    return to_error(status, std::move(error), describe(name(), component_), "PLG-023",
                    "did not start");
  }
  started_ = true;
  return {};
}

// drain() and stop() follow a start() that worked; one that failed has cleaned up after itself.
void Instance::drain() {
  if (!started_ || drained_) return;
  drained_ = true;
  if (!SLUICE_HAS(&component_, drain)) return;
  ErrorPlace ignored;
  run_guarded(ignored, [&] {
    component_.drain(self_);
    return SLUICE_OK;
  });
}

void Instance::stop() {
  drain();
  if (!started_ || stopped_) return;
  stopped_ = true;
  if (!SLUICE_HAS(&component_, stop)) return;
  ErrorPlace ignored;
  run_guarded(ignored, [&] {
    component_.stop(self_);
    return SLUICE_OK;
  });
}

Result<void> Instance::check_health() const {
  if (!SLUICE_HAS(&component_, health)) return {};
  ErrorPlace error;
  const Status status = run_guarded(error, [&] { return component_.health(self_, error.raw()); });
  if (status == SLUICE_OK) return {};
  return to_error(status, std::move(error), describe(name(), component_), "PLG-024",
                  "is not healthy");
}

const std::string& Instance::name() const noexcept { return host_side_->name; }

const void* Instance::find_extension(const char* id) const noexcept {
  return SLUICE_HAS(&component_, extension) ? component_.extension(self_, id) : nullptr;
}

}  // namespace sluice::loader
