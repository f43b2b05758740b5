// SPDX-License-Identifier: Apache-2.0
#pragma once
// The studio: the use cases of the upper floor, from draft to deployment. The management API, the
// command line and `sluice apply` call it; nobody else changes what the store holds.
//
// An Edit is one change of the whole state: it starts from the state as it is, use cases alter its
// private copy, and then Studio commits it as ONE transaction, with a record of each change for the
// audit log: what would be served is prepared,
// the store takes the documents, the new snapshots swap in, the state is adopted. Whichever of
// these fails, nothing has changed. A single use case is an Edit with one call in it:
//
//   auto version = studio.run(actor, [&](Edit& edit) { return edit.submit(api_id); });
//
// Errors: SLUICE_E_ARGUMENT (a law is broken; Error::where points into the noun), _NOT_FOUND,
// _CONFLICT (it does not fit what is there, or somebody else changed it first), _FORBIDDEN. The
// detail says what, by which rule, and what to do.
//
// Everything is [ctl]: one thread at a time, the same lock for all of it. What takes long (running
// a draft) is split so that the caller can do it without that lock.

#include "model/laws.hpp"
#include "model/nouns.hpp"
#include "store/documents.hpp"
#include "studio/ports.hpp"

#include <sluice/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice::store {
class AuditLog;
class Store;
struct AuditNote;
}  // namespace sluice::store

namespace sluice::studio {

inline constexpr std::size_t kCredentialsPerConsumer = 16;   // of one type: for rotation
inline constexpr model::UnixMs kOverlapMs = 24 * 3'600'000;  // of a rotation, unless it says
inline constexpr model::UnixMs kOverlapMsMax = 366 * kOverlapMs;
inline constexpr std::size_t kReasonCharactersMax = 2000;
inline constexpr std::size_t kTestHeadersMax = 64;  // kept of a test's answer

// Fills `bytes` with randomness; false: there is none, and what needed it is refused.
using RandomSource = std::function<bool(std::span<unsigned char> bytes)>;
RandomSource make_system_random();  // OpenSSL's generator; tests give their own

enum class Applied { kCreated, kUpdated, kUnchanged, kDeleted };
std::string_view to_text(Applied applied);  // "created", "updated", "unchanged", "deleted"

// One line of what `sluice apply` prints.
struct AppliedChange {
  std::string kind;  // as documents name it: "workspace", "data-source", "api" ...
  std::string name;  // what people call it: "shop/orders-db", "shop/Query User/V2@prod"
  Applied what = Applied::kUnchanged;
  bool operator==(const AppliedChange&) const = default;
};

// What a put left: the noun as it stands now (with its id), and what that took.
template <class T>
struct Put {
  T stored;
  Applied what = Applied::kUnchanged;
};

struct PublishRequest {  // R128: three required settings
  std::string api_id;
  unsigned version = 0;
  std::string instance;
  // Absent: refused, somebody has to decide. Empty: no domain, the instance's own address only
  // (R036). It becomes the domain of every API under the REST API (R130, R131).
  std::optional<std::string> domain;
  std::string backend;  // "Default", or a backend service of the instance's region
  // The other deployed APIs that move when the domain changes (R131), as PublishPlan showed them:
  // who did not see one of them is refused.
  std::vector<std::string> moves = {};
};

// What a publish would do and which choices there are; changes nothing (R128-R134).
struct PublishPlan {
  struct Move {
    std::string api_id, name;  // "shop/Query User"
    model::HttpMethod method = model::HttpMethod::kGet;
    std::string path;  // base path and API path
    std::vector<std::string> instances;
  };
  struct Instance {
    std::string name, id, network;
    model::InstanceStatus status = model::InstanceStatus::kCreating;
    bool is_same_network = false;  // as the resource group's: Default may be chosen
    unsigned live_version = 0;     // of this API there; 0: none
  };
  std::string region;
  std::string resource_group, network;  // of the version (R014)
  std::vector<Instance> instances;      // of the region; only a Running one can be chosen (R132)
  std::vector<std::string> domains;     // of the region (R129)
  std::string domain;                   // of the REST API now
  // For the instance that was named, or the only Running one:
  std::string instance;
  std::vector<std::string> backends;  // that can be chosen (R133, R134)
  std::string backend;                // preselected; empty: there is none to choose
  // For the domain that was named:
  std::vector<Move> moves;
};
// NOT_FOUND: no such API, version or instance. `instance` may be empty.
Result<PublishPlan> plan_publish(const model::State& state, std::string_view api_id,
                                 unsigned version, std::string_view instance,
                                 const std::optional<std::string>& domain);

// What a rollback would publish.
struct RollbackPlan {
  unsigned from = 0;  // live now; 0: nothing is
  unsigned to = 0;
  std::string published_by, backend;  // when it was live there before
  model::UnixMs published_at = 0;
};
// `to` 0: the version that was live there before. CONFLICT: there is none.
Result<RollbackPlan> plan_rollback(const model::State& state, std::string_view api_id,
                                   std::string_view instance, unsigned to);

struct NewCredential {
  std::string consumer;
  std::string type;  // an authenticator: "api-key", "jwt", "hmac"
  std::string given_json =
      "{}";  // what its credential maker takes; a secret that is absent is made
  model::UnixMs valid_from = 0;
  model::UnixMs valid_until = 0;  // 0 = no end
};

struct IssuedCredential {
  model::Credential credential;
  std::vector<std::pair<std::string, std::string>> shown;  // the secrets, as their owner needs them
};

struct IssuedToken {
  model::Token token;
  std::string secret;  // told here and never again; empty: the caller gave its digest
};

// What is absent stays.
struct TokenChange {
  std::optional<bool> enabled;
  std::optional<model::UnixMs> valid_until;
  std::optional<std::string> description;
};

// What is absent stays.
struct CredentialChange {
  std::optional<bool> enabled;
  std::optional<model::UnixMs> valid_from, valid_until;
};

// What a clone asks for.
struct CloneRequest {
  std::string name, path;
  std::optional<std::string> description;  // absent: the same
  std::string workflow;                    // by name; empty: the same
  std::string folder;                      // of that workflow
};

// One transaction in the making. Not kept beyond the use case it was handed to. [ctl]
class Edit {
 public:
  // As this edit has it so far.
  const model::State& state() const noexcept { return state_; }
  const std::vector<AppliedChange>& changes() const noexcept { return changes_; }
  const std::string& actor() const noexcept { return actor_; }
  const std::string& region() const noexcept { return region_; }  // of nouns that name none

  // ---- put: creates, updates or finds nothing to do, by the noun's key

  // A region that is empty means the node's; of a noun that is there, the one it has: nothing moves
  // to another region.

  // A new workspace gets its consumer, named like it (R103), and is associated with the resource
  // group `default` of its region, which is made with the network `default` when it is not there.
  // Taking the approval rule away leaves the versions that wait as they are.
  Result<Put<model::Workspace>> put_workspace(model::Workspace workspace);
  // Its type is loaded and its settings are as the type wants them; whether it answers is asked on
  // request (Studio::check_data_source), or when it is served.
  Result<Put<model::DataSource>> put_data_source(model::DataSource source);
  Result<Put<model::Network>> put_network(model::Network network);
  // Its workspaces are of its region. One that uses it stays associated; its network does not
  // change under what is deployed (R133).
  Result<Put<model::ResourceGroup>> put_resource_group(model::ResourceGroup group);
  // Id, status and time are the store's. A new one is Running when this node serves it, else
  // Creating. Without a network it is in the one it has, or in `default`.
  Result<Put<model::GatewayInstance>> put_gateway_instance(model::GatewayInstance instance);
  // As a node finds it in its file: made when it is not there, and Creating becomes Running (R033).
  Result<Put<model::GatewayInstance>> serve_gateway_instance(const std::string& name);
  Result<Put<model::GatewayInstance>> start_gateway_instance(std::string_view name);
  // Its APIs answer 503 and nothing can be published to it (R012, R034).
  Result<Put<model::GatewayInstance>> stop_gateway_instance(std::string_view name);
  Result<Put<model::Domain>> put_domain(model::Domain domain);
  Result<Put<model::BackendService>> put_backend_service(model::BackendService service);
  // Neither base path nor domain may change while one of its APIs is deployed: a domain changes by
  // a publish that was shown who moves (R131). Its domain is registered in its region (R129).
  Result<Put<model::RestApi>> put_rest_api(model::RestApi rest_api);
  // `id` empty: by workspace and name. With an id: that one, which may get a new name. Its REST API
  // never changes (R065).
  // A folder that holds APIs cannot be left out.
  Result<Put<model::Workflow>> put_workflow(model::Workflow workflow);
  // A draft, by workspace and name (a name is taken once in a workspace). An incomplete one is
  // kept (R099), a wrong one refused. A changed draft is untested (R109), and what is published
  // stays as it is (R098). `workflow` is the workflow's name. Without a placement it stays where it
  // is, or is new in the root. A private draft is its owner's alone.
  Result<Put<model::Api>> put_api(std::string_view workspace, std::string_view workflow,
                                  model::ApiDefinition definition,
                                  std::optional<model::Placement> placement = {});
  // The same by id; it may rename.
  Result<Put<model::Api>> update_draft(std::string_view api_id, model::ApiDefinition definition,
                                       std::optional<model::Placement> placement = {});
  // A wizard's draft as the script that asks the same; there is no way back.
  Result<Put<model::Api>> turn_into_script(std::string_view api_id);
  // A consumer of its own. A workspace's consumer keeps its workspace whatever `consumer` says.
  Result<Put<model::Consumer>> put_consumer(model::Consumer consumer);
  // Restores what an export holds: a version as it was frozen. An existing one is immutable (R119):
  // equal is unchanged, anything else refused.
  Result<Put<model::ApiVersion>> restore_version(model::ApiVersion version);
  // A deployment as it was: unlike publish it authorises nobody and moves no domain, for the export
  // has those too. Absent: who (this actor) and when (now).
  Result<Put<model::Deployment>> restore_deployment(model::Deployment deployment);
  // The same for a credential as its authenticator made it; `id` empty: a new one, or the one of
  // that consumer and type with these lookups.
  Result<Put<model::Credential>> restore_credential(model::Credential credential);

  // ---- where drafts stand

  // Folders by path: "Orders/Daily", whose parent exists. One that is renamed takes along what it
  // holds; one that is deleted is empty.
  Result<model::Workflow> create_folder(std::string_view workflow_id, const std::string& path);
  Result<model::Workflow> rename_folder(std::string_view workflow_id, const std::string& path,
                                        const std::string& to);
  Result<model::Workflow> delete_folder(std::string_view workflow_id, const std::string& path);
  // Into a folder of its workflow, or of another one of its workspace that is bound to the same
  // REST API: its address stays as it is.
  Result<Put<model::Api>> move_api(std::string_view api_id, std::string_view workflow,
                                   std::string folder);
  // A new draft, untested, owned by who asks. Its address is its own, so any workflow of the
  // workspace will do.
  Result<Put<model::Api>> clone_api(std::string_view api_id, const CloneRequest& request);
  // The answer that a test record kept becomes the draft's sample of a success or of a failure. It
  // changes nothing that was tested, so the draft stays tested if it was.
  Result<Put<model::Api>> save_sample(std::string_view api_id, unsigned test_record);

  // ---- delete: refused while something needs it, naming what

  Result<void> delete_workspace(std::string_view name);  // with its consumer; must be empty
  Result<void> delete_data_source(std::string_view workspace, std::string_view name);
  Result<void> delete_network(std::string_view name, std::string_view region = {});
  Result<void> delete_resource_group(std::string_view name, std::string_view region = {});
  Result<void> delete_gateway_instance(std::string_view name);
  Result<void> delete_domain(std::string_view name);
  Result<void> delete_backend_service(std::string_view name, std::string_view region = {});
  Result<void> delete_rest_api(std::string_view name, std::string_view region = {});
  Result<void> delete_workflow(std::string_view id);
  Result<void> delete_api(std::string_view api_id);     // with versions and authorizations
  Result<void> delete_consumer(std::string_view name);  // with credentials and authorizations

  // ---- from draft to deployment

  // Freezes the draft as the next version. Refused when incomplete (R099) or untested (R109).
  Result<model::ApiVersion> submit(std::string_view api_id);
  Result<model::ApiVersion> request_approval(std::string_view api_id, unsigned version);
  // Who asked takes it back: To Be Requested once more.
  Result<model::ApiVersion> withdraw(std::string_view api_id, unsigned version);
  // The requester may not approve unless the workspace allows it (R123).
  Result<model::ApiVersion> approve(std::string_view api_id, unsigned version);
  Result<model::ApiVersion> reject(std::string_view api_id, unsigned version, std::string reason);
  // Replaces the version that is live on that instance (R157); authorises the workspace's consumer
  // when the version asks for authentication (R103). Leaves a PublishRecord, as undeploy() does.
  Result<Put<model::Deployment>> publish(const PublishRequest& request);
  Result<void> undeploy(std::string_view api_id, std::string_view instance);
  // Publishes what was live on that instance before, or `to`, which once was; see plan_rollback().
  Result<Put<model::Deployment>> rollback(std::string_view api_id, std::string_view instance,
                                          unsigned to = 0);

  // ---- consumers, what they show, what they may call

  Result<void> enable_consumer(std::string_view name);
  Result<void> disable_consumer(std::string_view name);
  // Errors of what was given point below "/given". A key that anybody has already is refused, the
  // same consumer's too.
  Result<IssuedCredential> add_credential(const NewCredential& request);
  // `sluice apply`: one that this consumer holds already is unchanged, or gets what is new. Refused
  // when the secret is not given: one that is made could not be told apart the next time.
  Result<Put<model::Credential>> put_credential(const NewCredential& request);
  Result<Put<model::Credential>> change_credential(std::string_view id,
                                                   const CredentialChange& change);
  // A new credential of the same consumer and type; the old one ends after the overlap, or sooner
  // if it would have.
  Result<IssuedCredential> rotate_credential(std::string_view id, const std::string& given_json,
                                             model::UnixMs overlap_ms = kOverlapMs);
  Result<void> revoke_credential(std::string_view id);
  // For an API, or for a REST API with all its APIs, also those to come.
  Result<Put<model::Authorization>> grant(model::Authorization authorization);
  // `authorization`: consumer and one of API and REST API.
  Result<void> revoke_authorization(const model::Authorization& authorization);

  // ---- who manages

  Result<Put<model::Member>> put_member(model::Member member);
  Result<void> delete_member(std::string_view workspace, std::string_view name);
  // Makes one. A secret of the caller's choice is given as its digest (`sha256`), otherwise one is
  // made and told in the answer, once.
  Result<IssuedToken> add_token(model::Token token);
  Result<Put<model::Token>> change_token(std::string_view id, const TokenChange& change);
  Result<void> delete_token(std::string_view id);

 private:
  friend class Studio;
  Edit(model::State state, std::string actor, std::string region, LowerFloor& lower_floor,
       const Clock& clock, const RandomSource& random);

  // Who holds which key: built when a credential is first added, then kept in step.
  struct CredentialIndex {
    std::map<std::string, std::string, std::less<>> id_by_lookup;       // unique ones: type/lookup
    std::map<std::string, std::size_t, std::less<>> count_by_consumer;  // type/consumer
    std::uint64_t rank_max = 0;
  };

  template <class T>
  Put<T> keep(std::string key, std::string name, T noun);
  template <class T>
  void drop(std::string key, std::string name);
  template <class T>
  void record(std::string key, std::string name, const T& noun, Applied what);
  void touch(store::DocumentRef ref, std::string name, std::string workspace);
  Result<std::string> make_id(std::string_view prefix);
  CredentialIndex& credential_index();
  void drop_credential(const model::Credential& credential);
  void drop_consumer(std::string_view name);
  void drop_authorizations(const std::function<bool(const model::Authorization&)>& is_meant);
  Result<void> ensure_workspace_consumer(const std::string& workspace);
  void ensure_default_network(const std::string& region);
  void associate_default_group(const model::Workspace& workspace);
  // The region a noun has or gets; an Error when it would move.
  Result<void> settle_region(std::string& region, const std::string* before) const;
  std::string label_of(std::string_view region, std::string_view name) const;
  Result<void> check_network(std::string_view region, std::string_view network) const;
  Result<Put<model::GatewayInstance>> set_status(std::string_view instance,
                                                 model::InstanceStatus status);
  void choose_resource_group(const model::Api* existing, std::string_view workspace,
                             model::ApiDefinition& definition) const;
  Result<void> check_publish(const PublishRequest& request, const model::Api& api,
                             const model::ApiVersion& version) const;
  unsigned keep_record(model::PublishRecord record, const std::string& name);
  Result<Put<model::Api>> put_draft(const model::Api* existing, const model::Workflow& workflow,
                                    model::ApiDefinition definition,
                                    std::optional<model::Placement> placement);
  Result<void> check_owner(const model::Api& api) const;
  Result<model::Workflow> keep_folders(model::Workflow workflow, std::vector<std::string> folders);
  Result<void> check_reference(const model::ApiDefinition& definition,
                               std::string_view workspace) const;
  Result<model::ApiVersion> set_status(model::ApiVersion version, model::VersionStatus status);
  Result<MadeCredential> make_credential(const NewCredential& request);
  const model::Credential* find_twin(const model::Credential& credential);
  Result<Put<model::Credential>> keep_credential(model::Credential credential);
  std::string name_of(const model::Authorization& authorization) const;
  Result<void> set_enabled(std::string_view name, bool enabled);
  std::string name_of(const model::Api& api) const;

  model::State state_;
  std::string actor_;
  std::string region_;
  LowerFloor& lower_floor_;
  const Clock& clock_;
  const RandomSource& random_;
  std::vector<AppliedChange> changes_;
  // What is to be written, with what the audit log calls it.
  struct Touched {
    store::DocumentRef ref;
    std::string name, workspace;
  };
  std::vector<Touched> touched_;
  std::optional<CredentialIndex> credential_index_;
  bool serving_changes_ = false;
};

struct TestRequest {
  std::string api_id;
  unsigned version = 0;  // 0: the draft
  std::vector<std::pair<std::string, std::string>> parameters;
  bool fills_with_samples = false;  // what `parameters` does not name (R089)
};

// A draft, or a version, as it was when its test began. It can be run without the studio's lock.
struct TestTicket {
  std::string actor;
  model::UnixMs started_at = 0;
  std::string api_id;
  unsigned version = 0;              // 0: the draft
  std::uint64_t draft_revision = 0;  // of the draft
  model::ApiDefinition definition;
  model::DataSource source;
  std::vector<std::pair<std::string, std::string>> parameters;
  model::ResourceGroup group;  // its limits hold for tests too
};

using model::TestVerdict;

struct TestReport {
  TestOutcome outcome;
  TestVerdict verdict = TestVerdict::kFailed;
  unsigned record = 0;  // under which number it is kept
};

enum class ApplyMode { kCommit, kDryRun };

// What a definition lacks before it can be tested or submitted (R099): what every one needs,
// an authenticator that is loaded, the acceleration method that its data source may ask for (R082).
model::Faults find_missing_parts(const model::State& state, LowerFloor& lower_floor,
                                 std::string_view workspace,
                                 const model::ApiDefinition& definition);

class Studio {
 public:
  // Loads the state; serves nothing yet. `region`: of what names none.
  static Result<std::unique_ptr<Studio>> make(
      store::Store& store, LowerFloor& lower_floor, const Clock& clock, RandomSource random,
      std::string region = std::string(model::kDefaultRegion));
  ~Studio();
  Studio(const Studio&) = delete;
  Studio& operator=(const Studio&) = delete;

  // Prepares and swaps in what the state says: once, at start.
  Result<void> serve();
  // Reads the store again and serves that: after SLUICE_E_CONFLICT, or when another node wrote.
  Result<void> refresh();

  const std::string& region() const noexcept { return region_; }
  // What a credential shows (R143), once it is written down who asked. Empty: it has no secret that
  // could be shown, a public key for one.
  Result<std::vector<std::pair<std::string, std::string>>> reveal_credential(std::string_view actor,
                                                                             std::string_view id);

  // Before everything is told with every secret in it.
  Result<void> note_export(std::string_view actor);

  // Everything, to read and to list. Valid until the next change; copying it is cheap.
  const model::State& state() const noexcept { return state_; }

  model::UnixMs now_ms() const { return clock_.now_ms(); }
  // The tag of a noun: another one after each edit. Empty: there is no such noun.
  std::string find_tag(const store::DocumentRef& ref) const;
  // A noun without its secrets, as JSON; "null" when there is none.
  std::string describe(const store::DocumentRef& ref) const;
  const store::AuditLog& audit_log() const;

  // One use case as one transaction; hands back what it answers (a Result). `actor` is written
  // into what is submitted, approved and deployed.
  template <class UseCase>
  auto run(std::string_view actor, UseCase&& use_case) -> std::invoke_result_t<UseCase, Edit&> {
    Edit edit = begin_edit(actor);
    auto answer = std::forward<UseCase>(use_case)(edit);
    if (!answer) return answer;
    if (auto done = finish_edit(std::move(edit), ApplyMode::kCommit); !done) return done.error();
    return answer;
  }

  // Several use cases as one transaction: `fill` calls them on the Edit. A dry run checks
  // everything, what would be served too, and changes nothing.
  Result<std::vector<AppliedChange>> apply(std::string_view actor,
                                           const std::function<Result<void>(Edit&)>& fill,
                                           ApplyMode mode);

  // ---- looking at sources (blocks; by name, or settings that are not saved yet)
  Result<void> check_data_source(const model::DataSource& source);
  Result<std::vector<TableInfo>> list_tables(std::string_view workspace, std::string_view name,
                                             const std::string& search);
  Result<TableDescription> describe_table(std::string_view workspace, std::string_view name,
                                          const std::string& table);
  // Of a draft; empty when there is no such API.
  model::Faults find_missing_parts(std::string_view api_id) const;

  // ---- testing a draft
  // Refused when the draft is incomplete or a required parameter has no value (R111).
  Result<TestTicket> begin_test(std::string_view actor, TestRequest request) const;
  // Keeps a record of what came, and marks the draft tested when that is a success and nobody
  // edited it meanwhile. An outcome that is an Error is kept and handed back.
  Result<TestReport> finish_test(const TestTicket& ticket, Result<TestOutcome> outcome);
  // The three in one, for a draft: begin, LowerFloor::run_draft, finish.
  Result<TestReport> test_api(std::string_view api_id,
                              std::vector<std::pair<std::string, std::string>> parameters);

 private:
  Studio(store::Store& store, LowerFloor& lower_floor, const Clock& clock, RandomSource random,
         std::string region);
  Edit begin_edit(std::string_view actor) const;
  Result<std::vector<AppliedChange>> finish_edit(Edit&& edit, ApplyMode mode);
  Result<store::AuditNote> make_note(const Edit& edit) const;

  store::Store& store_;
  LowerFloor& lower_floor_;
  const Clock& clock_;
  RandomSource random_;
  std::string region_;
  model::State state_;
};

// Did a run answer as it should? (R114: the success code.)
bool is_success(const TestOutcome& outcome);

// ---- finding by what people call it; nullptr when there is none
const model::Workflow* find_workflow(const model::State& state, std::string_view workspace,
                                     std::string_view name);
const model::Api* find_api(const model::State& state, std::string_view workspace,
                           std::string_view name);
std::vector<const model::ApiVersion*> list_versions(const model::State& state,
                                                    std::string_view api_id);  // newest first
std::vector<const model::TestRecord*> list_test_records(const model::State& state,
                                                        std::string_view api_id);  // newest first
// Is the draft for this actor to see? A private one is its owner's.
bool is_visible(const model::Api& api, std::string_view actor);
std::vector<const model::Deployment*> list_deployments(const model::State& state,
                                                       std::string_view api_id);
// Deployed APIs under a REST API: who is touched when its domain changes (R131).
std::vector<const model::Api*> list_deployed_apis(const model::State& state,
                                                  const model::RestApi& rest_api);
// What was published and undeployed, newest first; the first one is current while it is deployed.
std::vector<const model::PublishRecord*> list_publish_records(const model::State& state,
                                                              std::string_view api_id,
                                                              std::string_view instance);

// "https://api.example.com/v1", below which the paths of its APIs stand. `origin`: scheme and
// authority of the instance, "http://127.0.0.1:8080", or empty when it is not known. A domain takes
// the place of its host: one of http keeps its port, one of https has the port of https. Empty:
// nobody can know.
std::string make_base_url(std::string_view origin, const model::Domain* domain,
                          const model::RestApi& rest_api);
// "https://api.example.com/v1/user/info" (R004, R053), with the version of the REST API unless that
// is said in a header (R054).
std::string make_access_url(std::string_view origin, const model::Domain* domain,
                            const model::RestApi& rest_api, const model::ApiDefinition& definition);

}  // namespace sluice::studio
