// SPDX-License-Identifier: Apache-2.0
#pragma once
// Instances: the running components that snapshots point to. One per (kind, type, name, settings),
// so that a new snapshot goes on with the connections of the old one; an instance whose settings
// changed stands beside the old one until the last call on it has ended.

#include "config/file_access.hpp"
#include "loader/registry.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::snapshot {

// Why something cannot serve now; shown by /readyz.
struct InstanceTrouble {
  std::string name;  // "data source demo/users"
  std::string reason;
};

// [any] of the control side: publishing and testing drafts may ask at once.
class Instances {
 public:
  Instances(const loader::Registry& registry, loader::HostServices& services,
            config::FileAccess files = {})
      : registry_(registry), services_(services), files_(std::move(files)) {}
  ~Instances();

  // The instance, made and started now when there is none. A start that failed is tried again when
  // the same is asked for again; the Error names the component or the setting at fault.
  Result<std::shared_ptr<loader::Instance>> find_or_make(std::uint32_t kind,
                                                         const std::string& type,
                                                         const std::string& name,
                                                         const std::string& settings_json);

  // A component with settings, checked and thrown away: it connects to nothing.
  Result<void> check_settings(const sluice_component& component, const std::string& name,
                              const std::string& settings_json) const;

  // No new call will come: all are told, while everything that they stand on still works. [ctl]
  void drain();

  // Ends the instances that no snapshot and no call holds any more: drain, stop, destroy.
  void collect();

 private:
  struct Key {
    std::uint32_t kind;
    std::string type, name, settings;
    auto operator<=>(const Key&) const = default;
  };
  const loader::Registry& registry_;
  loader::HostServices& services_;
  const config::FileAccess files_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<loader::Instance>> running_;
};

}  // namespace sluice::snapshot
