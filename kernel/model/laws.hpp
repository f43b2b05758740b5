// SPDX-License-Identifier: Apache-2.0
#pragma once
// The laws of the nouns: which names, paths, parameters and limits are right, and the words that
// people write for enumerators. Pure functions; the studio asks them before anything changes. What
// needs two nouns (a name that is taken, a path that collides) is the studio's to check.

#include "model/nouns.hpp"

#include <sluice/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

inline constexpr std::size_t kTitleCharactersMin = 4;  // workflow and API names (R060)
inline constexpr std::size_t kTitleCharactersMax = 50;
inline constexpr std::size_t kPlainNameMax = 64;  // workspaces, consumers, sources ...
inline constexpr std::size_t kBasePathBytesMax = 256;
inline constexpr std::size_t kRestApiVersionBytesMax = 32;  // R054
inline constexpr std::size_t kHeaderNameBytesMax = 64;
inline constexpr std::size_t kApiPathCharactersMax = 200;  // R071
inline constexpr std::size_t kDescriptionCharactersMax = 2000;
inline constexpr std::size_t kParameterNameMax = 64;
inline constexpr std::size_t kParametersMax = 200;  // request, and response, parameters
inline constexpr std::size_t kConditionsMax = 64;   // request parameters and fixed conditions
inline constexpr std::size_t kConditionDepthMax = 8;
inline constexpr std::size_t kListValuesMax = 200;      // of one parameter of a list type
inline constexpr std::size_t kOrderKeysMax = 8;         // a fixed order, a key
inline constexpr std::size_t kOrderChoicesMax = 32;     // that a caller has
inline constexpr std::size_t kAllowedValuesMax = 1000;  // of one enumeration
inline constexpr std::size_t kPatternBytesMax = 500;
inline constexpr std::size_t kLookupsMax = 8;  // of one credential
inline constexpr std::size_t kLookupBytesMax = 512;
inline constexpr std::size_t kSecretBytesMax = std::size_t{256} << 10;
inline constexpr std::size_t kTextBytesMax = 1024;  // samples, defaults, columns, tables
inline constexpr std::size_t kSettingsBytesMax = 64 * 1024;
inline constexpr std::size_t kAccelerationBytesMax = 64;  // R082
inline constexpr std::int64_t kTimeoutMsMax = 30'000;     // R094
inline constexpr std::int64_t kMaxRowsMax = 10'000;       // R095
inline constexpr std::int64_t kConcurrencyMax = 100'000;  // of a resource group
inline constexpr std::int64_t kQueueMax = 100'000;
inline constexpr std::size_t kGroupWorkspacesMax = 1000;
inline constexpr std::size_t kBackendAddressesMax = 32;
inline constexpr std::size_t kPublishRecordsMax = 50;  // kept per API and instance
inline constexpr std::size_t kTagsMax = 5;             // of one API
inline constexpr std::size_t kTagCharactersMax = 20;
inline constexpr std::size_t kFoldersMax = 200;  // of one workflow
inline constexpr std::size_t kFolderDepthMax = 5;
inline constexpr std::size_t kFolderCharactersMax = 50;  // of one part of its path
inline constexpr std::size_t kAnswerSampleBytesMax = 16 * 1024;
inline constexpr std::size_t kTestBodyBytesMax = 16 * 1024;  // kept of a test's answer
inline constexpr std::size_t kTestRecordsMax = 20;           // kept of one API
inline constexpr std::size_t kTableColumnsMax = 1000;        // of a table whose facts are kept

// One broken law.
struct Fault {
  std::string where;   // JSON pointer into the noun: "/request_parameters/0/name"
  std::string rule;    // "R071"; empty when no requirement stands behind it
  std::string what;    // what is wrong
  std::string remedy;  // what to do
  bool operator==(const Fault&) const = default;
};
using Faults = std::vector<Fault>;

// All of them as one SLUICE_E_ARGUMENT that points at the first. At least one.
Error make_error(const Faults& faults);
inline Result<void> make_result(const Faults& faults) {
  return faults.empty() ? Result<void>() : Result<void>(make_error(faults));
}

// Code points of valid UTF-8; absent when it is not valid (overlong forms and surrogates too). A
// combining mark is a character of its own: "e" and U+0301 are two. Names hold none (only letters
// of ASCII and Chinese ones), free texts may.
std::optional<std::size_t> count_characters(std::string_view text);
// At most `bytes_max` of it, no character of UTF-8 cut in two.
std::string_view cut_text(std::string_view text, std::size_t bytes_max);

// ---- single values; absent: right
std::optional<Fault> find_title_fault(std::string_view title, std::string where);  // R060, R069
std::optional<Fault> find_plain_name_fault(std::string_view name, std::string where);
std::optional<Fault> find_tag_fault(std::string_view tag, std::string where);
std::optional<Fault> find_folder_fault(std::string_view path, std::string where);     // "A/B"
std::optional<Fault> find_base_path_fault(std::string_view path, std::string where);  // R052
std::optional<Fault> find_api_path_fault(std::string_view path, std::string where);   // R070, R071
std::optional<Fault> find_domain_fault(std::string_view domain, std::string where);   // R039
// "12" is an int, "x" is none; "1,2" is a list of int.
bool is_value_of(std::string_view text, ParameterType type);
std::optional<Fault> find_region_fault(std::string_view region, std::string where);  // or empty
std::optional<Fault> find_address_range_fault(std::string_view range, std::string where);  // R013
std::optional<Fault> find_address_fault(std::string_view address, std::string where);  // host:port

// ---- whole nouns: everything that is wrong with what is there
Faults find_faults(const Workspace& workspace);
Faults find_faults(const DataSource& source);
Faults find_faults(const GatewayInstance& instance);
Faults find_faults(const Network& network);
Faults find_faults(const ResourceGroup& group);
Faults find_faults(const Domain& domain);
Faults find_faults(const BackendService& service);
Faults find_faults(const RestApi& rest_api);
Faults find_faults(const VersionManagement& versions);
Faults find_faults(const Workflow& workflow);
Faults find_faults(const ApiDefinition& definition);
Faults find_faults(const Placement& placement);
Faults find_faults(const Consumer& consumer);
Faults find_faults(const Credential& credential);
Faults find_faults(const Authorization& authorization);
Faults find_faults(const Member& member);
Faults find_faults(const Token& token);

// What a draft still lacks before it can be tested or submitted (R099). A draft may be saved with
// these, not with faults.
Faults find_missing(const ApiDefinition& definition);

// "/v1" + "/user/info" -> "/v1/user/info"; "/" + "/x" -> "/x" (R053).
std::string join_paths(std::string_view base_path, std::string_view api_path);

// ---- versions of a REST API (R054)

// The path that callers write; a version that stands in the path is part of it.
std::string make_call_path(const RestApi& rest_api, std::string_view api_path);
// Callers say the version apart from the path, in the query or a header.
inline bool is_said_apart(const VersionManagement& versions) {
  return versions.enabled && versions.scheme != VersionScheme::kPath;
}
// "the query parameter 'v'", "the header X-Version"; "the path".
std::string describe_place(const VersionManagement& versions);
// The query parameter of the version is none of the API's own parameters.
std::optional<Fault> find_version_parameter_fault(const VersionManagement& versions,
                                                  const ApiDefinition& definition);

// ---- words
std::string_view to_text(HttpMethod method);            // GET POST
std::string_view to_text(ApiMode mode);                 // wizard script
std::string_view to_text(ScriptMode mode);              // basic advanced
std::string_view to_text(ParameterType type);           // string int ... string-list int-list ...
std::string_view to_text(Position position);            // query body
std::string_view to_text(Operator op);                  // = != > >= < <= LIKE, NOT LIKE, IN ...
std::string_view to_text(LikeMatch match);              // exact prefix suffix contains pattern
std::string_view to_text(Join join);                    // all any
std::string_view to_text(Direction direction);          // asc desc
std::string_view to_text(Paging paging);                // number cursor
std::string_view to_text(ResultShape shape);            // single list page
std::string_view to_text(Envelope envelope);            // default full bare
std::string_view to_text(VersionStatus status);         // "To Be Requested" "Under Approval" ...
std::string_view to_text(NetworkAccess access);         // public private public+private
std::string_view to_text(Specification specification);  // single-node multi-node
std::string_view to_text(InstanceStatus status);        // Creating Running Stopped
std::string_view to_text(Protocol protocol);            // http https
std::string_view to_text(VersionScheme scheme);         // path query header
std::string_view to_text(PublishAction action);         // publish undeploy
std::string_view to_text(Visibility visibility);        // workspace private
std::string_view to_text(TestVerdict verdict);          // "passed" "failed" "draft changed"
std::string_view to_text(Role role);                    // admin developer operator approver ...
std::string_view to_text(Right right);                  // gateway data-service data-source
std::string_view to_text(PrincipalKind kind);           // person machine

std::optional<HttpMethod> parse_http_method(std::string_view text);
std::optional<ApiMode> parse_api_mode(std::string_view text);
std::optional<ScriptMode> parse_script_mode(std::string_view text);
std::optional<ParameterType> parse_parameter_type(std::string_view text);
std::optional<Position> parse_position(std::string_view text);
std::optional<Operator> parse_operator(std::string_view text);
std::optional<LikeMatch> parse_like_match(std::string_view text);
std::optional<Join> parse_join(std::string_view text);
std::optional<Direction> parse_direction(std::string_view text);
std::optional<Paging> parse_paging(std::string_view text);
std::optional<ResultShape> parse_result_shape(std::string_view text);
std::optional<Envelope> parse_envelope(std::string_view text);
std::optional<VersionStatus> parse_version_status(std::string_view text);
std::optional<NetworkAccess> parse_network_access(std::string_view text);
std::optional<Specification> parse_specification(std::string_view text);
std::optional<InstanceStatus> parse_instance_status(std::string_view text);
std::optional<Protocol> parse_protocol(std::string_view text);
std::optional<VersionScheme> parse_version_scheme(std::string_view text);
std::optional<PublishAction> parse_publish_action(std::string_view text);
std::optional<Visibility> parse_visibility(std::string_view text);
std::optional<TestVerdict> parse_test_verdict(std::string_view text);
std::optional<Role> parse_role(std::string_view text);
std::optional<Right> parse_right(std::string_view text);
std::optional<PrincipalKind> parse_principal_kind(std::string_view text);

}  // namespace sluice::model
