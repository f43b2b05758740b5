// SPDX-License-Identifier: Apache-2.0
#include "snapshot/instances.hpp"

#include "problem/problem.hpp"

#include <sluice/abi.h>

namespace sluice::snapshot {
namespace {

std::string_view to_text(std::uint32_t kind) {
  switch (kind) {
    case SLUICE_KIND_AUTHENTICATOR:
      return "authenticator";
    case SLUICE_KIND_DATA_SOURCE:
      return "data source";
    case SLUICE_KIND_SERIALIZER:
      return "serializer";
    case SLUICE_KIND_BACKEND:
      return "backend";
    default:
      return "component";
  }
}

}  // namespace

Instances::~Instances() = default;

Result<std::shared_ptr<loader::Instance>> Instances::find_or_make(
    std::uint32_t kind, const std::string& type, const std::string& name,
    const std::string& settings_json) {
  const std::lock_guard lock(mutex_);
  Key key{kind, type, name, settings_json};
  if (const auto running = running_.find(key); running != running_.end()) return running->second;

  const sluice_component* component = registry_.find(kind, type);
  if (!component) {
    return Error{
        problem::kComponentMissing,
        std::string(to_text(kind)) + " '" + type +
            "' is not loaded; name its plugin under plugins.load in the node file and restart",
        {},
        {}};
  }
  if (auto right = files_.check(settings_json, to_view(component->settings_schema)); !right) {
    return right.error();
  }
  auto made = loader::Instance::make(*component, name, settings_json, services_);
  if (!made) return made.error();
  std::shared_ptr<loader::Instance> instance = std::move(*made);
  if (auto started = instance->start(); !started) return started.error();
  running_.emplace(std::move(key), instance);
  return instance;
}

Result<void> Instances::check_settings(const sluice_component& component, const std::string& name,
                                       const std::string& settings_json) const {
  if (auto right = files_.check(settings_json, to_view(component.settings_schema)); !right) {
    return right.error();
  }
  auto made = loader::Instance::make(component, name, settings_json, services_);
  return made ? Result<void>() : Result<void>(made.error());
}

void Instances::drain() {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, instance] : running_) instance->drain();
}

void Instances::collect() {
  const std::lock_guard lock(mutex_);
  std::erase_if(running_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace sluice::snapshot
