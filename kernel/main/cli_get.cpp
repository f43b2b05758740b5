// SPDX-License-Identifier: Apache-2.0
// sluice get KIND [NAME]: tables of what there is, or one of it whole.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <ostream>

namespace sluice::cli {
namespace {

using enum Kind::Key;

const Kind kKinds[] = {
    {"workspace", "workspaces", {"name", "region", "requires_approval", "description"}},
    {"data-source", "data-sources", {"workspace", "name", "type", "description"}, kPair},
    {"data-source-type",
     "data-source-types",
     {"type", "title", "wizard", "script", "lists_tables", "summary"},
     kNone},
    {"network", "networks", {"name", "region", "address_range", "description"}},
    {"resource-group",
     "resource-groups",
     {"name", "region", "network", "workspaces", "concurrency_max", "queue_max"}},
    {"gateway-instance",
     "gateway-instances",
     {"name", "id", "region", "status", "specification", "network", "network_access",
      "created_at"}},
    {"domain", "domains", {"name", "region", "protocol", "description"}},
    {"backend-service",
     "backend-services",
     {"name", "region", "network", "protocol", "addresses", "dns_name", "port"}},
    {"rest-api", "rest-apis", {"name", "region", "base_path", "domain", "description"}},
    {"workflow", "workflows", {"workspace", "name", "rest_api", "id"}, kWorkflow},
    {"api",
     "apis",
     {"workspace", "workflow", "name", "method", "path", "tested", "last_version", "id"},
     kApi},
    {"version",
     "versions",
     {"api", "name", "status", "submitted_by", "submitted_at", "deployed_on", "decision_reason",
      "actions"},
     kNone},
    {"approval",
     "approvals",
     {"workspace", "api_name", "version", "status", "requested_by", "requested_at",
      "decision_reason", "actions"},
     kNone},
    {"deployment",
     "deployments",
     {"api", "instance", "version", "backend", "deployed_by", "deployed_at"},
     kNone},
    {"published-api",
     "published-apis",
     {"api", "name", "method", "path", "version", "gateway_instance", "access_url"},
     kNone},
    {"publish-record",
     "publish-records",
     {"api", "instance", "record", "action", "version", "is_current", "actor", "at"},
     kNone},
    {"consumer", "consumers", {"name", "workspace", "enabled", "description"}},
    {"credential",
     "credentials",
     {"consumer", "type", "display", "attributes", "enabled", "valid_until", "id"}},
    {"authorization", "authorizations", {"consumer", "api", "rest_api", "valid_until"}, kNone},
    {"member", "members", {"workspace", "name", "roles", "rights"}, kPair},
    {"token",
     "tokens",
     {"name", "principal", "display", "enabled", "valid_until", "description", "id"},
     kId},
};

std::string make_title(std::string_view member) {
  if (member == "decision_reason") return "REASON";
  std::string title(member);
  for (char& c : title) {
    c = c == '_' ? ' ' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return title;
}

// A version's number as people call it: V1, and - where there is none.
std::string make_table_cell(const Json& item, std::string_view column) {
  auto cell = make_cell(item, column);
  const auto found = item.find(std::string(column));
  const bool is_number = found != item.end() && (found->is_number() || found->is_null());
  if (!column.ends_with("version") || !is_number) return cell;
  return cell.empty() || cell == "0" ? "-" : "V" + cell;
}

std::string make_list_text(const Kind& kind, const Json& items) {
  if (items.empty()) return "no " + std::string(kind.collection) + "\n";
  auto columns = kind.columns;
  // Most lists have nothing to say of this.
  const bool gives_reasons = std::ranges::any_of(
      items, [](const Json& item) { return !make_cell(item, "decision_reason").empty(); });
  if (!gives_reasons) std::erase(columns, "decision_reason");
  std::vector<std::string> head;
  for (const auto column : columns) head.push_back(make_title(column));
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : items) {
    auto& row = rows.emplace_back();
    for (const auto column : columns) row.push_back(make_table_cell(item, column));
  }
  return make_table(head, rows);
}

// The ids of APIs in a list's items as people name them; one that nobody may see keeps its id.
void name_apis(const Node& node, Json& items) {
  std::map<std::string, std::string> names;
  for (const auto& item : items) {
    if (const auto id = make_cell(item, "api"); id.starts_with("api-")) names[id] = id;
  }
  constexpr std::size_t kAskedOneByOneMax = 20;
  Json apis = Json::array();
  if (names.size() <= kAskedOneByOneMax) {
    for (const auto& [id, name] : names) {
      const auto api = node.ask("GET", "/admin/v1/apis/" + encode_percent(id));
      if (api && api->ok()) apis.push_back(api->body);
    }
  } else if (const auto all = node.ask_list("/admin/v1/apis", {}); all && all->ok()) {
    apis = all->body["items"];
  }
  for (const auto& api : apis) {
    const auto found = names.find(make_cell(api, "id"));
    if (found != names.end()) {
      found->second = make_cell(api, "workspace") + "/" + make_cell(api, "name");
    }
  }
  for (auto& item : items) {
    if (const auto found = names.find(make_cell(item, "api")); found != names.end()) {
      item["api"] = found->second;
    }
  }
}

// Which options a list takes, as the node describes itself; empty when it does not tell.
std::string list_filters(const Node& node, const Kind& kind) {
  const auto described = node.ask("GET", "/admin/v1/openapi.json");
  if (!described || !described->ok()) return {};
  const auto pointer = "/paths/~1admin~1v1~1" + std::string(kind.collection) + "/get/parameters";
  // The node chooses by more than this command has options for.
  constexpr std::string_view kOptions[] = {"workspace", "workflow", "api",      "instance",
                                           "consumer",  "type",     "rest_api", "region"};
  std::string options;
  for (const auto& parameter :
       described->body.value(Json::json_pointer(pointer), Json(Json::array()))) {
    auto name = make_cell(parameter, "name");
    if (make_cell(parameter, "in") != "query" ||
        std::ranges::find(kOptions, name) == std::end(kOptions)) {
      continue;
    }
    std::replace(name.begin(), name.end(), '_', '-');
    options += (options.empty() ? "--" : ", --") + name;
  }
  return options;
}

// A refusal of a list, in the words of the command line where the node speaks of its queries.
int refuse_list(const Node& node, const Kind& kind, const Result<Answer>& answer) {
  constexpr std::string_view kUnknown = "the query has an unknown name '";
  const bool is_filter = answer && answer->body.is_object() && answer->body.contains("error") &&
                         make_cell(answer->body["error"], "message").starts_with(kUnknown);
  if (!is_filter || node.options().json) return node.refuse(answer);
  auto name = make_cell(answer->body["error"], "message").substr(kUnknown.size());
  name.erase(name.find_last_not_of('\'') + 1);
  std::replace(name.begin(), name.end(), '_', '-');
  const auto options = list_filters(node, kind);
  node.refuse(Error{SLUICE_E_ARGUMENT,
                    "--" + name + " does not choose among " + std::string(kind.collection) +
                        (options.empty() ? "; no option does" : ": write " + options),
                    {},
                    {}});
  return kExitUsage;
}

}  // namespace

// One resource: a line per member, and a table for each list of objects in it.
std::string make_whole_text(const Json& object) {
  std::string text;
  std::vector<std::vector<std::string>> lines;
  std::string tables;
  for (const auto& [name, value] : object.items()) {
    const bool is_table = value.is_array() && !value.empty() && value[0].is_object();
    if (!is_table) {
      lines.push_back({name, make_cell(object, name)});
      continue;
    }
    std::vector<std::string> head;
    for (const auto& [column, cell] : value[0].items()) head.push_back(make_title(column));
    std::vector<std::vector<std::string>> rows;
    for (const auto& item : value) {
      auto& row = rows.emplace_back();
      for (const auto& [column, cell] : value[0].items()) {
        row.push_back(make_table_cell(item, column));
      }
    }
    tables += "\n" + name + ":\n" + make_table(head, rows);
  }
  return make_table({"MEMBER", "VALUE"}, lines) + tables;
}

std::span<const Kind> list_kinds() { return kKinds; }

const Kind* find_kind(std::string_view word) {
  const auto kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) {
    return word == k.singular || word == k.collection;
  });
  return kind == std::end(kKinds) ? nullptr : &*kind;
}

int refuse_kind(const Node& node, const std::string& word) {
  if (word == "plugin" || word == "plugins") {
    node.refuse(Error{SLUICE_E_ARGUMENT,
                      "plugins come with the node's file: 'sluice plugin list' lists them",
                      {},
                      {}});
    return kExitUsage;
  }
  std::string known;
  for (const auto& k : kKinds) known += (known.empty() ? "" : ", ") + std::string(k.collection);
  node.refuse(Error{
      SLUICE_E_ARGUMENT, "'" + word + "' is no kind of resource; write one of " + known, {}, {}});
  return kExitUsage;
}

Result<std::string> find_item_path(const Node& node, const Kind& kind, const std::string& name) {
  const auto base = "/admin/v1/" + std::string(kind.collection) + "/";
  const auto slash = name.find('/');
  const auto wants = [&](const char* form) {
    return Error{
        SLUICE_E_ARGUMENT, "a " + std::string(kind.singular) + " is named " + form, {}, {}};
  };
  switch (kind.key) {
    case kName:
    case kId:
      return base + encode_percent(name);
    case kPair:
      if (slash == std::string::npos) return wants("workspace/name");
      return base + encode_percent(name.substr(0, slash)) + "/" +
             encode_percent(name.substr(slash + 1));
    case kApi: {
      auto id = node.find_api(name);
      if (!id) return id.error();
      return base + encode_percent(*id);
    }
    case kWorkflow: {
      if (slash == std::string::npos) return wants("workspace/name");
      const auto found =
          node.ask_list("/admin/v1/" + std::string(kind.collection),
                        {{"workspace", name.substr(0, slash)}, {"name", name.substr(slash + 1)}});
      if (!found) return found.error();
      if (!found->ok()) {
        node.refuse(found);
        return Error{};
      }
      if (found->body["items"].size() != 1) {
        return Error{SLUICE_E_NOT_FOUND,
                     "there is no " + std::string(kind.singular) + " '" + name + "'",
                     {},
                     {}};
      }
      return base + encode_percent(make_cell(found->body["items"][0], "id"));
    }
    case kNone:
      break;
  }
  return Error{SLUICE_E_UNSUPPORTED,
               "a " + std::string(kind.singular) + " is not asked for on its own: list them",
               {},
               {}};
}

int refuse_unknown_names(const Node& node, const QueryPairs& filters) {
  constexpr std::pair<std::string_view, std::string_view> kNamed[] = {
      {"workspace", "workspaces"},
      {"instance", "gateway-instances"},
      {"consumer", "consumers"},
      {"rest_api", "rest-apis"}};
  for (const auto& [filter, value] : filters) {
    const auto* named = std::ranges::find_if(
        kNamed, [&filter = filter](const auto& known) { return known.first == filter; });
    if (named == std::end(kNamed) || value.empty() || value == "*") continue;
    const auto found =
        node.ask("GET", "/admin/v1/" + std::string(named->second) + "/" + encode_percent(value));
    if (found && found->status == 404) return node.refuse(found);
  }
  return kExitOk;
}

int run_get(const Node& node, const GetOptions& options) {
  const auto* kind = find_kind(options.kind);
  if (!kind) return refuse_kind(node, options.kind);

  std::string api = options.api;
  const bool lists_of_api = kind->singular == "version" || kind->singular == "deployment" ||
                            kind->singular == "published-api" || kind->singular == "publish-record";
  if (lists_of_api && !options.name.empty()) api = options.name;
  if (!options.name.empty() && !lists_of_api && kind->singular != "authorization" &&
      kind->singular != "workflow") {
    const auto path = find_item_path(node, *kind, options.name);
    if (!path) return path.error().detail.empty() ? kExitRefused : node.refuse(path.error());
    const auto answer = node.ask("GET", options.region.empty()
                                            ? *path
                                            : *path + "?region=" + encode_percent(options.region));
    if (!answer || !answer->ok()) return node.refuse(answer);
    return node.tell(*answer, make_whole_text(answer->body));
  }

  QueryPairs query = {{"workspace", options.workspace}, {"workflow", options.workflow},
                      {"instance", options.instance},   {"consumer", options.consumer},
                      {"region", options.region},       {"type", options.type},
                      {"rest_api", options.rest_api}};
  if (kind->singular == "authorization" && !options.name.empty()) {
    query.emplace_back("consumer", options.name);
  }
  if (kind->singular == "workflow" && !options.name.empty()) {
    const auto slash = options.name.find('/');
    if (slash != std::string::npos) query[0].second = options.name.substr(0, slash);
    query.emplace_back("name",
                       slash == std::string::npos ? options.name : options.name.substr(slash + 1));
  }
  if (!api.empty()) {
    const auto id = node.find_api(api);
    if (!id) return kExitRefused;
    query.emplace_back("api", *id);
  }
  const auto answer = node.ask_list("/admin/v1/" + std::string(kind->collection), query);
  if (!answer || !answer->ok()) return refuse_list(node, *kind, answer);
  auto items = answer->body["items"];
  if (items.empty()) {
    if (const int code = refuse_unknown_names(node, query); code != kExitOk) return code;
    if (kind->singular == "workflow" && !options.name.empty()) {
      return node.refuse(
          Error{SLUICE_E_NOT_FOUND,
                "there is no workflow '" + options.name + "': 'sluice get workflows' lists them",
                {},
                {}});
    }
  }
  if (!node.options().json) name_apis(node, items);
  return node.tell(*answer, make_list_text(*kind, items));
}

}  // namespace sluice::cli
