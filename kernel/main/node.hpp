// SPDX-License-Identifier: Apache-2.0
#pragma once
// Node: every part of a running gateway, made in order, ended in the other order.

#include "config/node_config.hpp"
#include "loader/registry.hpp"
#include "studio/studio.hpp"

#include <sluice/result.hpp>

#include <functional>
#include <memory>
#include <string>

namespace sluice::node {

class Node {
 public:
  // Loads plugins, opens the store, prepares what is served. Nothing listens yet. [ctl]
  static Result<std::unique_ptr<Node>> make(const config::NodeConfig& config);
  ~Node();

  studio::Studio& studio();  // before start() only; afterwards the control thread's
  Result<void> start();      // listens
  // Until SIGTERM or SIGINT, which every thread must have blocked; then the graceful stop.
  void run_until_signal();
  void stop();

  std::string gateway_url(const std::string& instance) const;
  std::string admin_url() const;
  const std::string& admin_token() const;

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What the node file names, loaded and described; for `plugin list --config`.
loader::Registry load_registry(const config::NodeConfig& config,
                               std::function<void(int, std::string_view)> log);

}  // namespace sluice::node
