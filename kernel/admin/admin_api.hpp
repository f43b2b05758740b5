// SPDX-License-Identifier: Apache-2.0
#pragma once
// AdminApi: the management API /admin/v1 over the studio, with health and metrics beside it. It
// knows no sockets: the composition root hands it requests and takes the answers. The routes stand
// in one table, which also writes the API's own description (/admin/v1/openapi.json).
//
// Everything is [ctl], the thread that owns the studio. All answers come at once, but for tests
// and a look at drift: those run on a worker, and their answers come back on the control thread.

#include "loader/registry.hpp"
#include "store/documents.hpp"
#include "studio/studio.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::admin {

inline constexpr std::size_t kBodyBytesMax = 1024 * 1024;
// Of an apply: everything of some thousand APIs. The listener must let as much through.
inline constexpr std::size_t kApplyBytesMax = 16 * kBodyBytesMax;
inline constexpr std::size_t kTargetBytesMax = 8 * 1024;
inline constexpr std::size_t kTestsInFlightMax = 8;  // more are refused with 429
inline constexpr std::size_t kDriftsInFlightMax = 2;
inline constexpr std::size_t kSourcesInFlightMax = 8;  // data sources that are looked at; likewise
inline constexpr std::size_t kAuditsInFlightMax = 2;   // readings of the audit log; likewise
inline constexpr std::size_t kItemsPerPageMax = 1000;

struct AdminRequest {
  std::string method, target, body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct AdminResponse {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct HealthReport {
  bool ready = false;
  std::vector<std::string> reasons;  // why not
};

// The node's own bearer tokens, which may do everything, each with the name that its use is written
// down under; those of people and machines are nouns of the store (model::Token). Tokens are known
// by their SHA-256 only, and compared in constant time.
class TokenChecker {
 public:
  struct Known {
    std::string actor;
    std::string sha256;  // 32 bytes
  };
  static Known make_known(std::string actor, std::string_view token);

  // None: nobody gets in.
  explicit TokenChecker(std::vector<Known> known) : known_(std::move(known)) {}

  // The actor behind a token.
  std::optional<std::string> find_actor(std::string_view token) const;

 private:
  std::vector<Known> known_;
};

// What the API stands on. References outlive the AdminApi, and so does every worker it was given
// work for: workers stop before it goes.
struct AdminParts {
  studio::Studio& studio;
  studio::LowerFloor& lower_floor;  // its run_draft is called on a worker
  TokenChecker tokens;
  std::function<void(std::function<void()>)> run_on_worker, post_to_control;
  std::function<HealthReport()> health;
  std::function<std::string()> metrics;
  std::vector<loader::PluginReport> plugins;
  // Scheme and authority that an instance answers at; empty when this node does not serve it.
  std::function<std::string(const std::string& instance)> origin = {};
  std::string version = "0.1.0";  // of the product, for the description
};

// Settings as they may be told in the audit log: what the schemas of these plugins mark as secret
// is masked, and everything of a component that is not loaded.
store::SettingsMask make_settings_mask(const std::vector<loader::PluginReport>& plugins);

class AdminApi {
 public:
  using Respond = std::function<void(AdminResponse)>;

  explicit AdminApi(AdminParts parts);
  ~AdminApi();
  AdminApi(const AdminApi&) = delete;
  AdminApi& operator=(const AdminApi&) = delete;

  // Calls `respond` exactly once, from the control thread: before it returns, or later for a test.
  void handle(AdminRequest request, Respond respond);

 private:
  class Handlers;
  std::unique_ptr<Handlers> handlers_;
};

}  // namespace sluice::admin
