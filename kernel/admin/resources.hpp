// SPDX-License-Identifier: Apache-2.0
#pragma once
// The nouns as the management API writes them: their shapes, and JSON to noun and back. References
// are names (a workflow's workspace, an API's workflow); the parse_ functions take JSON that
// check_shape has passed. Inside this room only.

#include "admin/secrets.hpp"
#include "admin/shapes.hpp"
#include "model/nouns.hpp"
#include "store/audit_log.hpp"
#include "studio/drift.hpp"
#include "studio/permissions.hpp"
#include "studio/search.hpp"
#include "studio/script_reading.hpp"
#include "studio/studio.hpp"

namespace sluice::admin {

extern const Shape kWorkspaceShape, kDataSourceShape, kGatewayInstanceShape, kRestApiShape,
    kWorkflowShape, kApiShape, kDefinitionShape, kVersionShape, kDeploymentShape, kConsumerShape,
    kCredentialShape, kCredentialChangeShape, kRotationShape, kAuthorizationShape;
extern const Shape kNetworkShape, kResourceGroupShape, kDomainShape, kBackendServiceShape,
    kPublishRecordShape, kPublishPlanShape, kPublishedApiShape, kSourceTypeShape;
extern const Shape kFolderShape, kMoveShape, kCloneShape, kTestFormShape, kTestReportShape,
    kTestRecordShape, kApprovalShape, kRollbackShape, kRollbackPlanShape, kBatchShape,
    kSearchHitShape, kDriftShape;
extern const Shape kMemberShape, kTokenShape, kNewTokenShape, kIssuedTokenShape, kMeShape,
    kAuditRecordShape, kAuditPageShape, kAuditVerdictShape;
extern const Shape kTestShape, kPublishShape, kUndeployShape, kRejectShape, kNewCredentialShape,
    kIssuedCredentialShape, kApplyPublishShape, kReadScriptShape, kScriptReadingShape;

Json make_json(const model::Workspace& workspace);
Json make_json(const model::DataSource& source, const SecretSettings& secrets);
Json make_json(const model::GatewayInstance& instance);
Json make_json(const studio::SourceType& type);
Json make_json(const model::Network& network);
Json make_json(const model::ResourceGroup& group);
Json make_json(const model::Domain& domain);
Json make_json(const model::BackendService& service,
               const std::vector<studio::AddressHealth>& health);
Json make_json(const model::PublishRecord& record, bool is_current);
Json make_json(const studio::PublishPlan& plan);
Json make_json(const std::vector<studio::PublishPlan::Move>& moves);
Json make_json(const model::RestApi& rest_api);
Json make_json(const model::Workflow& workflow);
Json make_json(const model::ApiDefinition& definition, const SecretSettings& secrets);
Json make_json(const model::Api& api, const model::State& state, const SecretSettings& secrets);
Json make_json(const model::ApiVersion& version, const model::State& state,
               const SecretSettings& secrets);
Json make_json(const model::Deployment& deployment);
Json make_json(const model::Consumer& consumer);
Json make_json(const model::Credential& credential);  // without what finds and proves it
Json make_json(const studio::IssuedCredential& issued);
Json make_json(const model::Authorization& authorization);
Json make_json(const model::Member& member);
Json make_json(const model::Token& token);  // without its digest
Json make_json(const studio::IssuedToken& issued);
Json make_membership_json(const model::Member& member);  // with the permissions that come with it
enum class AuditSides { kLeftOut, kTold };               // before and after
Json make_json(const store::AuditRecord& record, AuditSides sides);
Json make_json(const store::AuditVerdict& verdict);
Json make_json(const studio::TableDescription& description);
Json make_json(const studio::TableInfo& table);
Json make_json(const studio::TestReport& report);
Json make_json(const model::TestRecord& record);
Json make_json(const studio::SearchHit& hit);
Json make_json(const studio::RollbackPlan& plan);
Json make_json(const studio::DriftFinding& finding);
Json make_folder_json(const model::State& state, const model::Workflow& workflow,
                      const std::string& path);
Json make_test_form_json(const model::Api& api);
Json make_approval_json(const model::ApiVersion& version, const model::State& state);
Json make_json(const studio::Acceleration& acceleration);
Json make_json(const studio::ScriptReading& reading, const SecretSettings& secrets);

// `stored` is what is replaced: masks in the settings stand for its secrets.
model::Workspace parse_workspace(const Json& json);
model::DataSource parse_data_source(const Json& json, const model::DataSource* stored,
                                    const std::string& where, model::Faults& faults);
model::GatewayInstance parse_gateway_instance(const Json& json);
model::Network parse_network(const Json& json);
model::ResourceGroup parse_resource_group(const Json& json);
model::Domain parse_domain(const Json& json);
model::BackendService parse_backend_service(const Json& json);
model::RestApi parse_rest_api(const Json& json);
model::Workflow parse_workflow(const Json& json, const model::Workflow* stored);
model::ApiDefinition parse_definition(const Json& json, const model::ApiDefinition* stored,
                                      const std::string& where, model::Faults& faults);
// Where it stands; absent: the document says nothing of it.
std::optional<model::Placement> parse_placement(const Json& json, const model::Api* stored);
model::Consumer parse_consumer(const Json& json);
studio::NewCredential parse_new_credential(const Json& json);
studio::CredentialChange parse_credential_change(const Json& json);
model::Member parse_member(const Json& json, const std::string& where, model::Faults& faults);
model::Token parse_new_token(const Json& json, const std::string& where, model::Faults& faults);
studio::TokenChange parse_token_change(const Json& json);
studio::CloneRequest parse_clone_request(const Json& json);

// Members of checked JSON, or what stands for an absent one.
std::string read_text(const Json& json, const char* name, std::string_view otherwise = {});
bool read_boolean(const Json& json, const char* name, bool otherwise);
std::int64_t read_integer(const Json& json, const char* name, std::int64_t otherwise);
model::UnixMs read_time(const Json& json, const char* name);
std::string make_scalar_text(const Json& scalar);
std::vector<std::string> read_texts(const Json& json, const char* name);
Json make_time_json(model::UnixMs time);  // null for 0
// A word that check_shape has passed; otherwise, what stands for an absent one.
template <class T>
T read_word(const Json& json, const char* name, std::optional<T> (*parse)(std::string_view),
            T otherwise) {
  const auto member = json.find(name);
  if (member == json.end()) return otherwise;
  return parse(member->get_ref<const std::string&>()).value_or(otherwise);
}
// Scalars by name as text, for the parameters of a test; null is an absent parameter.
std::vector<std::pair<std::string, std::string>> read_scalars(const Json& map);

}  // namespace sluice::admin
