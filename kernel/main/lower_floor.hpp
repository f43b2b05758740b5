// SPDX-License-Identifier: Apache-2.0
#pragma once
// The studio's view of the lower floor: sources to look at, drafts to run, snapshots to prepare.

#include "call/worker_pool.hpp"
#include "loader/registry.hpp"
#include "snapshot/build.hpp"
#include "snapshot/instances.hpp"
#include "call/admission.hpp"
#include "snapshot/snapshot.hpp"
#include "studio/ports.hpp"
#include "upstream/upstream.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::node {

class LowerFloor final : public studio::LowerFloor {
 public:
  using Holders = std::map<std::string, std::unique_ptr<snapshot::Holder>>;  // by gateway instance

  LowerFloor(const loader::Registry& registry, loader::HostServices& services,
             call::WorkerPool& workers, Holders& holders, http::OutgoingClient& outgoing,
             std::string cursor_key, config::FileAccess files);

  Result<void> check_data_source(const model::DataSource& source) override;
  Result<std::vector<studio::TableInfo>> list_tables(const model::DataSource& source,
                                                     const std::string& search) override;
  Result<studio::TableDescription> describe_table(const model::DataSource& source,
                                                  const std::string& table) override;
  std::optional<studio::Acceleration> find_acceleration(const std::string& source_type) override;
  Result<studio::TestOutcome> run_draft(
      const model::ApiDefinition& definition, const model::DataSource& source,
      const model::ResourceGroup& group,
      const std::vector<std::pair<std::string, std::string>>& parameters) override;
  Result<studio::CallPreview> preview(
      const model::ApiDefinition& definition, const model::DataSource& source,
      const std::vector<std::pair<std::string, std::string>>& parameters) override;
  Result<studio::StatementDescription> describe_statement(const model::DataSource& source,
                                                          const std::string& sql) override;
  Result<studio::SqlWords> find_sql_words(const model::DataSource& source) override;
  Result<studio::MadeCredential> make_credential(const std::string& type,
                                                 const std::string& given_json) override;
  Result<studio::Explanation> explain(const std::string& instance,
                                      const studio::SentRequest& request,
                                      model::UnixMs now) override;
  std::vector<studio::SourceType> list_source_types() const override;
  std::vector<std::string> list_authenticators() const override;
  Result<void> check_settings(const model::DataSource& source) override;
  bool serves(const std::string& instance) const override { return holders_.contains(instance); }
  Result<std::unique_ptr<studio::PreparedSnapshots>> prepare(const model::State& state) override;

  std::vector<studio::AddressHealth> list_backend_health(
      const model::BackendService& service) const override;

  std::vector<snapshot::InstanceTrouble> troubles() const;  // [any]
  // The resource groups that are in use, "region/name". [any]
  std::vector<std::pair<std::string, call::Admission::Counts>> list_admissions() const {
    return admissions_.list();
  }
  void check_backends() { upstreams_.check(); }  // asks the addresses that are due [ctl]
  void collect();                                // [ctl]
  void drain() { instances_.drain(); }           // [ctl] no call is left, none will come

 private:
  class Prepared;
  Result<std::shared_ptr<loader::Instance>> find_source(const model::DataSource& source);
  Result<std::shared_ptr<const snapshot::Backend>> make_backend(
      const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source);

  const loader::Registry& registry_;
  loader::HostServices& services_;
  call::WorkerPool& workers_;
  Holders& holders_;
  const std::string cursor_key_;  // what page cursors are sealed with
  snapshot::Instances instances_;
  call::Admissions admissions_;
  upstream::Upstreams upstreams_;
  model::State indexed_;  // whose credentials stand in credentials_
  std::shared_ptr<const snapshot::CredentialIndex> credentials_;
  mutable std::mutex mutex_;
  std::vector<snapshot::InstanceTrouble> troubles_;
};

}  // namespace sluice::node
