// SPDX-License-Identifier: Apache-2.0
#pragma once
// The store that a node file names, opened: for a node that runs, and for what looks at the file
// without one.

#include "config/node_config.hpp"
#include "loader/registry.hpp"
#include "store/audit_log.hpp"

#include <sluice/draft/store.h>
#include <sluice/result.hpp>

#include <memory>

namespace sluice::node {

struct OpenedStore {
  std::unique_ptr<loader::Instance> instance;  // started
  const sluice_store* table = nullptr;
  store::Sealer::Key key;
};
// The registry and the services outlive it. A new store's key is made, one that was written needs
// the key it was written with.
Result<OpenedStore> open_store(const config::NodeConfig& config, const loader::Registry& registry,
                               loader::HostServices& services);

// Verifies the audit log in the store that the node file names, whether the node runs or not.
Result<store::AuditVerdict> verify_audit(const config::NodeConfig& config);

}  // namespace sluice::node
