// SPDX-License-Identifier: Apache-2.0
#pragma once
// The client commands, their options parsed. Each answers the exit code. Inside the command line
// only.

#include "main/cli_node.hpp"

#include <span>

namespace sluice::cli {

// A value as it is, or the value of env:NAME and file:PATH: a command line is seen by every user of
// the machine.
Result<std::string> read_value(const Surroundings& surroundings, const std::string& text);

// A kind of resource, and how one of it is asked for.
struct Kind {
  enum class Key {
    kName,      // by its name, or its id where it has no name
    kPair,      // workspace/name
    kWorkflow,  // workspace/name, found by its id
    kApi,       // whatever Node::find_api() takes
    kId,        // by its id; made by a command of its own
    kNone,      // only listed
  };
  std::string_view singular, collection;
  std::vector<std::string_view> columns;  // of a list
  Key key = Key::kName;
};
std::span<const Kind> list_kinds();
const Kind* find_kind(std::string_view word);  // singular or collection; nullptr: no such kind
int refuse_kind(const Node& node, const std::string& word);
// After an empty list: tells the first name among its filters that there is nothing of, and answers
// the exit code; kExitOk: what was asked for is there, and empty.
int refuse_unknown_names(const Node& node, const QueryPairs& filters);
// An Error without a detail was told already.
Result<std::string> find_item_path(const Node& node, const Kind& kind, const std::string& name);

struct GetOptions {
  std::string kind, name;
  // filters
  std::string workspace, workflow, api, instance, consumer, region, type, rest_api;
};
int run_get(const Node& node, const GetOptions& options);
// One resource: a line per member, and a table for each list of objects in it.
std::string make_whole_text(const Json& object);

struct ApplyOptions {
  std::vector<std::filesystem::path> files;
  bool dry_run = false;
  bool moves = false;  // a domain may take other APIs along
};
int run_apply(const Node& node, const ApplyOptions& options);

struct ExportOptions {
  std::vector<std::string> kinds;  // none: all
  std::filesystem::path file;      // empty: the output stream
  bool with_secrets = false;
};
int run_export(const Node& node, const ExportOptions& options);

struct EditOptions {
  std::string kind, name;
  std::vector<std::string> members;  // "settings.file=users.db"
};
int run_create(const Node& node, const EditOptions& options);
int run_set(const Node& node, const EditOptions& options);
int run_delete(const Node& node, const EditOptions& options);

struct SourceOptions {
  std::string source, table, search;
  std::vector<std::string> request, response;  // columns
};
int run_source_test(const Node& node, const SourceOptions& options);
int run_source_tables(const Node& node, const SourceOptions& options);
int run_source_columns(const Node& node, const SourceOptions& options);
int run_source_suggest(const Node& node, const SourceOptions& options);

int run_instance_start(const Node& node, const std::string& name);
int run_instance_stop(const Node& node, const std::string& name);

struct ApiOptions {
  std::string api;
  unsigned version = 0;  // 0: the newest that fits
  std::string instance, backend = "Default", reason;
  std::optional<std::string> domain;
  std::vector<std::string> parameters;  // "user_id=10001"
  std::string from, to;                 // sides of a comparison: "V1", "draft"
  bool moves = false;                   // the domain may take other APIs along
  bool no_samples = false;              // of a test: only the parameters that are given
  bool save_sample = false;
  bool yes = false;    // do it, do not only show it
  std::string record;  // of a test: "T3"
  std::string name, path, workflow, folder;
  std::optional<std::string> description;
  std::string script_file;  // empty: the draft's script
  bool is_advanced = false, saves = false;
};
// The ids of those that a publish would move, for its "moves"; what they are goes to `text`. An
// empty list when the node cannot say: then it refuses the publish itself.
Json plan_moves(const Node& node, const std::string& version_path, const Json& publish,
                std::string& text);
// "user_id=10001" and so on as one object; a refusal names the pair that is none.
Result<Json> parse_parameters(const std::vector<std::string>& pairs);
int run_api_test(const Node& node, const ApiOptions& options);
int run_api_preview(const Node& node, const ApiOptions& options);
int run_api_steps(const Node& node, const ApiOptions& options);
int run_api_script(const Node& node, const ApiOptions& options);
int run_api_to_script(const Node& node, const ApiOptions& options);
int run_api_submit(const Node& node, const ApiOptions& options);
int run_api_versions(const Node& node, const ApiOptions& options);
int run_api_diff(const Node& node, const ApiOptions& options);
int run_api_request(const Node& node, const ApiOptions& options);
int run_api_approve(const Node& node, const ApiOptions& options);
int run_api_reject(const Node& node, const ApiOptions& options);
int run_api_plan(const Node& node, const ApiOptions& options);
int run_api_publish(const Node& node, const ApiOptions& options);
int run_api_undeploy(const Node& node, const ApiOptions& options);
int run_api_withdraw(const Node& node, const ApiOptions& options);
int run_api_records(const Node& node, const ApiOptions& options);
int run_api_move(const Node& node, const ApiOptions& options);
int run_api_clone(const Node& node, const ApiOptions& options);
int run_api_rollback(const Node& node, const ApiOptions& options);
int run_api_openapi(const Node& node, const ApiOptions& options);

struct LookOptions {
  std::string text, workspace, api, grade, rest_api, instance;
};
int run_search(const Node& node, const LookOptions& options);
int run_drift(const Node& node, const LookOptions& options);
int run_openapi(const Node& node, const LookOptions& options);

struct FolderOptions {
  std::string workflow, path, to;  // workflow: "shop/User Flow" or an id
};
int run_folder_list(const Node& node, const FolderOptions& options);
int run_folder_add(const Node& node, const FolderOptions& options);
int run_folder_rename(const Node& node, const FolderOptions& options);
int run_folder_delete(const Node& node, const FolderOptions& options);

struct CallOptions {
  std::string url, method, body;
  // A credential as it is, env:NAME or file:PATH; at most one of the three.
  std::string api_key, jwt, hmac;  // hmac: "ACCESS_KEY:SECRET_KEY"
  std::string api_key_in = "bearer";
  bool has_body = false, print_curl = false, include_head = false, json = false;
  bool print_signed_text = false;
  std::vector<std::string> headers;  // "Name: value"
  std::int64_t timeout_ms = 30'000;
};
int run_call(const Surroundings& surroundings, const CallOptions& options);
// The request that a call makes, signed if need be; an Error says which option is wrong.
struct PreparedCall {
  http::ClientRequest request;
  std::string signed_text;  // HMAC: what was signed
};
Result<PreparedCall> make_call(const Surroundings& surroundings, const CallOptions& options);
// The same as a command for a POSIX shell.
std::string make_curl(const http::ClientRequest& request, bool include_head);

struct ExplainOptions {
  CallOptions call;              // the request as flags
  std::string request_file;      // or as it stood on the wire
  std::string signed_text_file;  // what the client signed, to compare
  std::string instance, now;     // now: "2026-01-31T08:30:00Z"
};
int run_explain(const Node& node, const ExplainOptions& options);

struct ConsumerOptions {
  std::string name, description;
};
int run_consumer_add(const Node& node, const ConsumerOptions& options);
int run_consumer_enable(const Node& node, const ConsumerOptions& options);
int run_consumer_disable(const Node& node, const ConsumerOptions& options);
int run_consumer_delete(const Node& node, const ConsumerOptions& options);

struct CredentialOptions {
  std::string consumer, id, type = "api-key";
  std::string given;                 // JSON, env:NAME or file:PATH
  std::vector<std::string> members;  // "source=header:X-Key"
  std::string valid_from, valid_until;
  std::int64_t overlap_seconds = 86'400;
};
int run_credential_add(const Node& node, const CredentialOptions& options);
int run_credential_rotate(const Node& node, const CredentialOptions& options);
int run_credential_enable(const Node& node, const CredentialOptions& options);
int run_credential_disable(const Node& node, const CredentialOptions& options);
int run_credential_revoke(const Node& node, const CredentialOptions& options);
int run_credential_reveal(const Node& node, const CredentialOptions& options);

struct MemberOptions {
  std::string member;                      // "shop/ann", "*/ann"
  std::vector<std::string> roles, rights;  // none: as they are; of a new one, every right
};
int run_member_set(const Node& node, const MemberOptions& options);
int run_member_remove(const Node& node, const MemberOptions& options);

struct TokenOptions {
  std::string id, name, description, valid_until, sha256;
  bool is_machine = false;
};
int run_token_create(const Node& node, const TokenOptions& options);
int run_token_enable(const Node& node, const TokenOptions& options);
int run_token_disable(const Node& node, const TokenOptions& options);
int run_token_delete(const Node& node, const TokenOptions& options);

int run_whoami(const Node& node);

struct AuditOptions {
  std::string workspace, actor, kind, name, action, from, to;  // filters
  std::uint64_t before = 0;                                    // 0: from the newest on
  std::size_t limit = 50;
  std::string number;            // of one
  std::string known;             // "NUMBER:HASH", as an earlier verification told
  std::filesystem::path config;  // the node file, to read the store without asking a node
};
int run_audit_list(const Node& node, const AuditOptions& options);
int run_audit_show(const Node& node, const AuditOptions& options);
int run_audit_verify(const Node& node, const AuditOptions& options);
int tell_verdict(const Surroundings& surroundings, bool json, const store::AuditVerdict& verdict);

struct GrantOptions {
  std::string consumer, api, rest_api, valid_until;
};
int run_grant(const Node& node, const GrantOptions& options);
int run_revoke(const Node& node, const GrantOptions& options);

int run_plugin_list(const Node& node);
int tell_plugins(const Surroundings& surroundings, bool json,
                 const std::vector<loader::PluginReport>& plugins);
int tell_plugin(const Surroundings& surroundings, bool json, const loader::PluginReport& plugin);

}  // namespace sluice::cli
