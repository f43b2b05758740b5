// SPDX-License-Identifier: Apache-2.0
#pragma once
// The product's nouns: plain values, no I/O, no laws. The laws stand in laws.hpp; how a noun
// becomes a document stands in the store room; how it is served, in the snapshot room.

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

// Milliseconds since 1970 UTC; 0 = never / no bound, as the field says.
using UnixMs = std::int64_t;

// Regions (R020, R021, R050): an empty one in what is given means the node's own (or, of what is
// stored already, as it is); what is stored has one. Networks, resource groups, REST APIs and
// backend services have names that are unique in their region, and whoever names one means the one
// of his own region. Workspaces, instances and domains have names that are unique in the store.
inline constexpr std::string_view kDefaultRegion = "local";  // of a node file that names none
// The network and the resource group that a region has from its first workspace on.
inline constexpr std::string_view kDefaultPlace = "default";

// A long text that the copies of a noun share.
class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text)  // NOLINT: a text is a text
      : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
  const std::string& get() const noexcept {
    static const std::string kNone;
    return text_ ? *text_ : kNone;
  }
  bool empty() const noexcept { return !text_; }
  bool operator==(const SharedText& other) const noexcept {
    return text_ == other.text_ || get() == other.get();
  }

 private:
  std::shared_ptr<const std::string> text_;
};

struct Workspace {  // R011, R126
  std::string name;
  std::string description;
  bool requires_approval = false;
  bool allows_self_approval = false;  // the requester may approve what he asked for (R123)
  std::string region;
  bool operator==(const Workspace&) const = default;
};

struct DataSource {  // R018; key: workspace + name
  std::string workspace;
  std::string name;
  std::string type;           // a data source component: "sqlite"
  std::string settings_json;  // checked against the component's schema
  std::string description;
  bool operator==(const DataSource&) const = default;
};

// What can reach what without help: a gateway instance and a resource group of one network do
// (R013-R015, R133); across networks a backend service is between them (R134).
struct Network {  // name unique in its region
  std::string name;
  std::string region;
  std::string address_range;  // CIDR
  std::string description;
  bool operator==(const Network&) const = default;
};

// How many calls of its APIs a node serves at once (R013, R091-R093, 1.14 item 2); name unique in
// its region.
struct ResourceGroup {
  std::string name;
  std::string region;
  std::string type = "exclusive";       // the only one (R092)
  std::string network;                  // empty: nothing can be tested yet (R013)
  std::vector<std::string> workspaces;  // that may choose it (R093); sorted
  std::int64_t concurrency_max = 1000;  // calls at once
  std::int64_t queue_max = 1000;        // calls that wait for their turn; more: 429
  std::string description;
  bool operator==(const ResourceGroup&) const = default;
};

enum class NetworkAccess { kPublic, kPrivate, kPublicAndPrivate };  // R026
enum class Specification { kSingleNode, kMultiNode };               // R025
// Creating: no node has served it yet (R031-R033).
enum class InstanceStatus { kCreating, kRunning, kStopped };

struct GatewayInstance {  // R019-R035: the node file names which ones a node serves
  std::string name;
  std::string id;  // gw-...
  std::string region;
  std::string network;
  NetworkAccess network_access = NetworkAccess::kPublic;
  Specification specification = Specification::kSingleNode;
  InstanceStatus status = InstanceStatus::kCreating;
  std::string description;
  UnixMs created_at = 0;
  bool operator==(const GatewayInstance&) const = default;
};

enum class Protocol { kHttp, kHttps };

struct Domain {  // R037-R041; name unique in the store
  std::string name;
  std::string region;
  Protocol protocol = Protocol::kHttp;
  std::string description;
  bool operator==(const Domain&) const = default;
};

// Is an address alive? Asked of each one, apart from what its calls tell.
struct HealthCheck {
  std::string path;  // empty: only the calls tell
  std::int64_t interval_ms = 10'000;
  std::int64_t timeout_ms = 2'000;
  std::int64_t healthy_threshold = 2;    // successes in a row
  std::int64_t unhealthy_threshold = 3;  // failures in a row
  bool operator==(const HealthCheck&) const = default;
};

// What stands between a gateway instance and the data service of another network (R134, R135); name
// unique in its region.
struct BackendService {
  std::string name;
  std::string region;
  std::string network;  // where it listens
  Protocol protocol = Protocol::kHttp;
  std::vector<std::string> addresses;  // host:port, fixed; or else
  std::string dns_name;                // a name that is resolved for each new connection
  std::int64_t port = 0;               // of dns_name
  HealthCheck health_check;
  std::string description;
  bool operator==(const BackendService&) const = default;
};

enum class VersionScheme { kPath, kQuery, kHeader };

// R054: callers of a REST API say which version of it they mean. Its APIs' own versions (V1, V2)
// have nothing to do with it.
struct VersionManagement {
  bool enabled = false;
  VersionScheme scheme = VersionScheme::kPath;
  std::string version;  // "v1"
  std::string name;     // of the query parameter or the header; empty with kPath
  bool operator==(const VersionManagement&) const = default;
};

struct RestApi {  // R047-R055; name unique in its region
  std::string name;
  std::string base_path;
  std::string domain;  // shared by all its APIs (R130); empty: only on the instance's own address
  std::string description;
  std::string region;
  VersionManagement version_management = {};
  bool operator==(const RestApi&) const = default;
};

struct Workflow {  // R056-R065; name unique in its workspace; bound to its REST API for ever
  std::string id;
  std::string workspace;
  std::string name;
  std::string rest_api;  // of the workspace's region (R021)
  std::string gateway_type = "cloud-native";
  std::vector<std::string> folders;  // by path, sorted: "Orders", "Orders/Daily"; not the root
  bool operator==(const Workflow&) const = default;
};

enum class HttpMethod { kGet, kPost };
enum class ParameterType {  // product.md 2.2
  kString,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBoolean,
  kStringList,
  kIntList,
  kLongList,
  kFloatList,
  kDoubleList,
  kBooleanList,
};
enum class Position { kQuery, kBody };
enum class Operator {
  kEqual,
  kNotEqual,
  kGreater,
  kGreaterOrEqual,
  kLess,
  kLessOrEqual,
  kLike,
  kNotLike,
  kIn,         // a list
  kNotIn,      // a list
  kBetween,    // a list of exactly two, both ends inside
  kIsNull,     // a boolean: true asks for NULL, false for what is not NULL
  kIsNotNull,  // a boolean, the other way round
};
// How LIKE takes a text. All but kPattern take % and _ for themselves.
enum class LikeMatch { kExact, kPrefix, kSuffix, kContains, kPattern };
enum class ResultShape { kSingle, kList, kPage };
enum class Paging { kNumber, kCursor };  // pages by number, or each one after the one before
enum class Envelope { kDefault, kFull, kBare };

// What a value must satisfy beyond its type; of a list, each value.
struct Validation {
  std::optional<std::vector<std::string>> allowed;     // one of these
  std::optional<std::string> min, max;                 // numbers, both ends allowed
  std::optional<std::int64_t> min_length, max_length;  // characters of a text
  std::optional<std::string> pattern;                  // RE2 syntax, all of a text
  bool operator==(const Validation&) const = default;
};

struct RequestParameter {  // R084, R087-R089
  std::string name;
  std::string column;
  ParameterType type = ParameterType::kString;
  Position position = Position::kQuery;
  Operator op = Operator::kEqual;
  bool required = true;
  std::optional<std::string> default_value;  // fills an absent optional parameter
  std::string sample;
  std::string description;
  LikeMatch match = LikeMatch::kExact;
  Validation validation;
  bool operator==(const RequestParameter&) const = default;
};

// A condition that every call has, with a value that no call changes.
struct FixedCondition {
  std::string name;  // as `conditions` call it; one set of names with the request parameters
  std::string column;
  ParameterType type = ParameterType::kString;
  Operator op = Operator::kEqual;
  std::string value;
  LikeMatch match = LikeMatch::kExact;
  bool operator==(const FixedCondition&) const = default;
};

// How the conditions of parameters are joined: a request parameter or fixed condition by name, or a
// group of such. What an absent parameter leaves empty drops out.
enum class Join { kAll, kAny };
struct Condition {
  std::string name;  // empty: a group
  Join join = Join::kAll;
  std::vector<Condition> items;
  bool operator==(const Condition&) const = default;
};

enum class Direction { kAscending, kDescending };
struct OrderKey {
  std::string column;
  Direction direction = Direction::kAscending;
  bool operator==(const OrderKey&) const = default;
};
// What a caller may order by: a name of ours, never a text of his.
struct OrderChoice {
  std::string name;
  std::string column;
  bool operator==(const OrderChoice&) const = default;
};
struct CallerOrder {
  std::string parameter;  // of the query, "orderBy"; empty: the caller does not choose
  std::vector<OrderChoice> choices;
  bool operator==(const CallerOrder&) const = default;
};

struct ResponseParameter {  // R085
  std::string name;
  std::string column;  // of the table; of a script's statement, the same as the name when empty
  ParameterType type = ParameterType::kString;
  std::string sample;
  std::string description;
  bool operator==(const ResponseParameter&) const = default;
};

// The type of one value of a list; a type that is none is its own.
constexpr bool is_list(ParameterType type) { return type >= ParameterType::kStringList; }
constexpr ParameterType element_of(ParameterType type) {
  return is_list(type) ? static_cast<ParameterType>(static_cast<int>(type) -
                                                    static_cast<int>(ParameterType::kStringList))
                       : type;
}

struct Authentication {  // R100-R102: off, or exactly one method
  std::string type;      // an authenticator component: "api-key"; empty = off
  std::string settings_json = "{}";
  bool operator==(const Authentication&) const = default;
};

enum class ApiMode { kWizard, kScript };  // R067
enum class ScriptMode { kBasic, kAdvanced };
struct Script {
  std::string sql;  // docs/script-mode.md
  ScriptMode mode = ScriptMode::kBasic;
  bool operator==(const Script&) const = default;
};

// What a draft edits and a version freezes.
struct ApiDefinition {
  std::string name;  // R069
  std::string description;
  std::string path;  // R070-R073
  HttpMethod method = HttpMethod::kGet;
  std::string data_source;  // name inside the workspace
  std::string table;
  std::vector<RequestParameter> request_parameters;
  std::vector<ResponseParameter> response_parameters;
  ResultShape shape = ResultShape::kList;
  Envelope envelope = Envelope::kDefault;
  bool int64_as_string = false;
  std::string resource_group;      // of the workspace's region (R091)
  std::int64_t timeout_ms = 3000;  // R094
  std::int64_t max_rows = 2000;    // R095
  Authentication authentication;
  std::vector<FixedCondition> fixed_conditions;
  Condition conditions;  // a group; empty: all of the parameters and fixed conditions
  std::vector<OrderKey> order;
  CallerOrder caller_order;
  std::vector<std::string> key_columns;  // tell rows apart, hold no NULL: end the order of pages
  Paging paging = Paging::kNumber;
  ApiMode mode = ApiMode::kWizard;
  Script script;  // of script mode, which has no table, conditions and order of its own
  // A method of the data source's sluice.acceleration/1 (R082); empty: the source's own choice.
  std::string acceleration;
  SharedText success_sample;  // bodies of answers that were saved from tests, for the description
  SharedText failure_sample;
  bool operator==(const ApiDefinition&) const = default;
};

enum class Visibility { kWorkspace, kPrivate };  // private: the draft is its owner's alone

// Where a draft stands in Service Development; no part of what is submitted.
struct Placement {
  std::string folder;  // one of its workflow's; empty: the root
  std::vector<std::string> tags;
  Visibility visibility = Visibility::kWorkspace;
  bool operator==(const Placement&) const = default;
};

// A table as it was when something was tested against it: what drift is measured from.
struct TableColumn {
  std::string name, declared;  // declared: the source's own word
  ParameterType type = ParameterType::kString;
  bool nullable = true;
  unsigned primary_key = 0;  // place in the primary key, from 1; 0 = no part of it
  bool operator==(const TableColumn&) const = default;
};
struct TableIndex {
  std::string name;
  bool unique = false;
  std::vector<std::string> columns;
  bool operator==(const TableIndex&) const = default;
};
struct TableFacts {  // no columns: nobody looked
  std::vector<TableColumn> columns;
  std::vector<TableIndex> indexes;
  bool operator==(const TableFacts&) const = default;
};

struct Api {  // one row of Service Development
  std::string id;
  std::string workspace;
  std::string workflow_id;
  ApiDefinition draft;
  std::uint64_t draft_revision = 1;   // rises with each edit that changes the draft
  std::uint64_t tested_revision = 0;  // the draft revision that passed its test; 0 = none (R109)
  unsigned last_version = 0;
  Placement placement;
  std::string owner;        // who created it
  TableFacts tested_table;  // as the test that passed last saw it
  unsigned last_test = 0;   // number of the newest test record
  bool operator==(const Api&) const = default;
};

enum class VersionStatus {
  kToBeRequested,   // approval is configured and was not asked for (R121)
  kUnderApproval,   // asked for
  kRejected,        // R124
  kCanBePublished,  // R125, R127
};

struct ApiVersion {  // R118-R120: immutable but for its status; key: api_id + number
  std::string api_id;
  unsigned number = 1;
  ApiDefinition definition;
  VersionStatus status = VersionStatus::kCanBePublished;
  std::string submitted_by;
  UnixMs submitted_at = 0;
  std::string requested_by;     // who asked for the approval that is pending or was decided
  std::string decided_by;       // who approved or rejected
  std::string decision_reason;  // R124
  UnixMs requested_at = 0;
  UnixMs decided_at = 0;
  TableFacts table;  // as the draft's test saw it
  bool operator==(const ApiVersion&) const = default;
};

enum class TestVerdict {
  kPassed,
  kFailed,
  kDraftChanged,  // passed, but the draft was edited meanwhile: it stays untested
};

// What one run of a draft or a version did (R112-R115); the newest of each API are kept. Texts are
// cut to the bounds of laws.hpp. Key: make_test_key().
struct TestRecord {
  std::string api_id;
  unsigned number = 1;               // rises per API
  unsigned version = 0;              // 0: the draft
  std::uint64_t draft_revision = 0;  // of the draft; 0: it was a version
  std::string actor;
  UnixMs started_at = 0;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string request_target;  // path and query as they were sent
  std::string request_body;
  TestVerdict verdict = TestVerdict::kFailed;
  int http_status = 0;  // 0: it could not be tried, `fault` says why
  std::vector<std::pair<std::string, std::string>> headers;
  SharedText body;
  bool is_body_cut = false;
  std::int64_t duration_us = 0;
  std::string sql;  // with placeholders
  std::vector<std::string> hints;
  std::string fault;  // what went wrong in the words of the part that failed; for developers
  std::vector<std::pair<std::string, std::string>> notes;  // what plugins say that they did
  bool operator==(const TestRecord&) const = default;
};

struct Deployment {  // R136-R139, R157-R158: one per API and instance; key: api_id + instance
  std::string api_id;
  std::string instance;
  unsigned version = 1;
  std::string backend = "Default";  // or a backend service of the instance's region (R134)
  std::string deployed_by;
  UnixMs deployed_at = 0;
  std::string environment = "production";  // R138
  unsigned record = 0;                     // the PublishRecord that is current
  bool operator==(const Deployment&) const = default;
};

enum class PublishAction { kPublish, kUndeploy };

// What once happened to an API on an instance: who, when, which version, where. The one that its
// deployment names is current. Key: make_record_key().
struct PublishRecord {
  std::string api_id;
  std::string instance;
  unsigned number = 1;  // rises per API and instance
  PublishAction action = PublishAction::kPublish;
  unsigned version = 0;
  std::string domain;
  std::string backend;
  std::string environment = "production";
  std::string actor;
  UnixMs at = 0;
  bool operator==(const PublishRecord&) const = default;
};

struct Consumer {  // R103-R105; name unique in the store
  std::string name;
  std::string workspace;  // set on the workspace's own consumer
  std::string description;
  bool enabled = true;
  bool operator==(const Consumer&) const = default;
};

// What a consumer shows, as its authenticator made it (sluice.credential-maker/1): the kernel knows
// no scheme.
struct Credential {
  std::string id;
  std::string consumer;
  std::string type;                  // an authenticator component: "api-key"
  std::vector<std::string> lookups;  // bytes that find it
  bool is_unique = true;             // no other credential of the type has one of its lookups
  std::string secret;                // bytes that prove it; sealed in the store
  std::string display;               // what people tell it by
  std::vector<std::pair<std::string, std::string>> attributes;  // in the clear
  bool enabled = true;
  UnixMs valid_from = 0;
  UnixMs valid_until = 0;  // 0 = no end
  UnixMs created_at = 0;
  std::uint64_t rank = 0;  // rises with creation: who comes first where several share a lookup
  // What was told when it was made, sealed in the store: revealed on demand, and audited (R143).
  std::vector<std::pair<std::string, std::string>> shown;
  bool operator==(const Credential&) const = default;
};

// Consumer x API, or consumer x REST API, which is all APIs under it, also those to come. Exactly
// one of the two is set. Key: make_authorization_key().
struct Authorization {
  std::string consumer;
  std::string api_id;
  std::string rest_api;
  UnixMs valid_until = 0;  // 0 = no end
  std::string region;      // of the REST API; empty with an API
  bool operator==(const Authorization&) const = default;
};

// ---- people and machines of the management API

// What one may do in a workspace; the matrix stands in studio/permissions.cpp.
enum class Role { kAdmin, kDeveloper, kOperator, kApprover, kVisitor };
// On what (R009). A role reaches as far as its member's rights.
enum class Right { kGateway, kDataService, kDataSource };

inline constexpr const char* kEveryWorkspace = "*";  // of all, and of what belongs to none

struct Member {           // key: workspace + name
  std::string workspace;  // or kEveryWorkspace
  std::string name;       // who: as his tokens say
  std::vector<Role> roles;
  std::vector<Right> rights = {Right::kGateway, Right::kDataService, Right::kDataSource};
  bool operator==(const Member&) const = default;
};

enum class PrincipalKind { kPerson, kMachine };

// A bearer token of the management API. The token itself is told once and kept nowhere.
struct Token {
  std::string id;
  std::string name;  // whose: written down wherever it acts, and what a Member is named by
  PrincipalKind kind = PrincipalKind::kPerson;
  std::string description;
  std::string sha256;   // of the token: 32 bytes
  std::string display;  // its beginning, to tell it by
  bool enabled = true;
  UnixMs valid_until = 0;  // 0 = no end
  UnixMs created_at = 0;
  std::string created_by;
  bool operator==(const Token&) const = default;
};

// Nouns of one kind by key. Copying a collection shares it; a writer copies on change.
template <class T>
class Collection {
 public:
  using Map = std::map<std::string, T, std::less<>>;
  const Map& all() const noexcept { return *map_; }
  const T* find(std::string_view key) const {
    const auto it = map_->find(key);
    return it == map_->end() ? nullptr : &it->second;
  }
  void put(std::string key, T value) {
    writable().insert_or_assign(std::move(key), std::move(value));
  }
  void erase(std::string_view key) {
    auto& map = writable();
    if (const auto it = map.find(key); it != map.end()) map.erase(it);
  }

 private:
  Map& writable() {
    if (map_.use_count() > 1) map_ = std::make_shared<Map>(*map_);
    return *map_;
  }
  std::shared_ptr<Map> map_ = std::make_shared<Map>();
};

// Everything the store knows, as one value. The studio changes a copy; the snapshot is built from
// it.
struct State {
  Collection<Workspace> workspaces;               // by name
  Collection<DataSource> data_sources;            // by make_key(workspace, name)
  Collection<GatewayInstance> gateway_instances;  // by name
  Collection<Network> networks;                   // by make_key(region, name)
  Collection<ResourceGroup> resource_groups;      // by make_key(region, name)
  Collection<Domain> domains;                     // by name
  Collection<BackendService> backend_services;    // by make_key(region, name)
  Collection<RestApi> rest_apis;                  // by make_key(region, name)
  Collection<Workflow> workflows;                 // by id
  Collection<Api> apis;                           // by id
  Collection<ApiVersion> versions;                // by make_version_key(api_id, number)
  Collection<Deployment> deployments;             // by make_key(api_id, instance)
  Collection<PublishRecord> publish_records;      // by make_record_key()
  Collection<Consumer> consumers;                 // by name
  Collection<Credential> credentials;             // by id
  Collection<Authorization> authorizations;       // by make_authorization_key()
  Collection<TestRecord> test_records;            // by make_test_key(api_id, number)
  Collection<Member> members;                     // by make_key(workspace, name)
  Collection<Token> tokens;                       // by id
};

// Two parts as one key. Names cannot hold '/' where it would be ambiguous: the first part never
// does.
inline std::string make_key(std::string_view first, std::string_view second) {
  std::string key(first);
  key += '/';
  key += second;
  return key;
}
inline std::string make_authorization_key(const Authorization& authorization) {
  return make_key(authorization.consumer,
                  authorization.rest_api.empty()
                      ? authorization.api_id
                      : "rest-api:" + make_key(authorization.region, authorization.rest_api));
}
// "api-1f00/V12"
inline std::string make_version_key(std::string_view api_id, unsigned number) {
  return make_key(api_id, "V" + std::to_string(number));
}
// "api-1f00/T3"
inline std::string make_test_key(std::string_view api_id, unsigned number) {
  return make_key(api_id, "T" + std::to_string(number));
}
// "api-1f00/prod/R7"
inline std::string make_record_key(std::string_view api_id, std::string_view instance,
                                   unsigned number) {
  return make_key(make_key(api_id, instance), "R" + std::to_string(number));
}

// ---- references by name, as their own region says; nullptr when there is none
const RestApi* find_rest_api(const State& state, const Workflow& workflow);
const ResourceGroup* find_resource_group(const State& state, std::string_view workspace,
                                         std::string_view name);
const Network* find_network(const State& state, const GatewayInstance& instance);
const BackendService* find_backend_service(const State& state, const GatewayInstance& instance,
                                           std::string_view name);

}  // namespace sluice::model
