// SPDX-License-Identifier: Apache-2.0
#include "admin/routes.hpp"

#include "admin/documents.hpp"

#include <sluice/percent.hpp>

#include <algorithm>

namespace sluice::admin {
namespace {

// Decoded, when it is UTF-8 without NUL.
std::optional<std::string> decode(std::string_view text, Plus plus) {
  std::string decoded(text.size(), '\0');
  const auto done = decode_percent(text, plus, decoded);
  if (!done || done->find('\0') != done->npos || !model::count_characters(*done)) return {};
  decoded.resize(done->size());
  return decoded;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_part(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string>& segments,
             std::vector<std::string>& path) {
  if (pattern.size() != segments.size()) return false;
  path.clear();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_part(pattern[i])) {
      if (segments[i].empty()) return false;
      path.push_back(segments[i]);
    } else if (pattern[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

Json make_reference(const Shape& shape) {
  return {{"$ref", "#/components/schemas/" + std::string(shape.name)}};
}

Json make_content(Json schema) { return {{"application/json", {{"schema", std::move(schema)}}}}; }

void collect_schemas(const Shape& shape, Json& schemas) {
  const std::string name(shape.name);
  if (schemas.contains(name)) return;
  schemas[name] = make_schema(shape);
  for (const auto& member : shape.members) {
    if (member.shape) collect_schemas(*member.shape, schemas);
  }
}

// A change of what has a tag, or a look at it.
bool has_condition(const Route& route) { return route.is_tagged || route.method == "DELETE"; }

Json make_parameters(const Route& route) {
  Json parameters = Json::array();
  for (const auto segment : split(route.pattern.substr(1), '/')) {
    if (!is_part(segment)) continue;
    parameters.push_back({{"name", segment.substr(1, segment.size() - 2)},
                          {"in", "path"},
                          {"required", true},
                          {"schema", {{"type", "string"}}}});
  }
  const auto add_condition = [&](const char* name, const char* about) {
    parameters.push_back({{"name", name},
                          {"in", "header"},
                          {"description", about},
                          {"schema", {{"type", "string"}}}});
  };
  if (has_condition(route)) {
    if (route.method == "GET") {
      add_condition("If-None-Match", "the ETag of an answer that you have");
    } else {
      add_condition("If-Match", "the ETag of what you read: refused when it was changed since");
    }
  }
  const auto add_query = [&](std::string_view name, const char* type) {
    parameters.push_back({{"name", name}, {"in", "query"}, {"schema", {{"type", type}}}});
  };
  for (const auto name : route.query) add_query(name, "string");
  if (route.answers_list) {
    add_query("limit", "integer");
    add_query("offset", "integer");
  }
  return parameters;
}

Json make_success(const Route& route) {
  Json answer = {{"description", "done"}};
  if (route.success == 204) return answer;
  Json schema = route.answers ? make_reference(*route.answers) : Json{{"type", "object"}};
  if (route.answers_list) {
    schema = {{"type", "object"},
              {"required", {"items", "total"}},
              {"properties",
               {{"items", {{"type", "array"}, {"items", std::move(schema)}}},
                {"total", {{"type", "integer"}}}}}};
  }
  answer["content"] = make_content(std::move(schema));
  if (route.is_tagged) {
    answer["headers"]["ETag"] = {{"description", "of what was answered; for If-Match"},
                                 {"schema", {{"type", "string"}}}};
  }
  return answer;
}

// "/admin/v1/apis/{id}/versions" -> "apis"; what lies elsewhere is of the service.
std::string name_tag(std::string_view pattern) {
  constexpr std::string_view kRoot = "/admin/v1/";
  if (!pattern.starts_with(kRoot)) return "service";
  pattern.remove_prefix(kRoot.size());
  return std::string(pattern.substr(0, pattern.find('/')));
}

Json make_operation(const Route& route) {
  Json operation = {{"operationId", route.operation}, {"summary", route.summary}};
  if (auto parameters = make_parameters(route); !parameters.empty()) {
    operation["parameters"] = std::move(parameters);
  }
  if (route.body_need != BodyNeed::kNone) {
    operation["requestBody"] = {{"required", route.body_need == BodyNeed::kRequired},
                                {"content", make_content(route.takes ? make_reference(*route.takes)
                                                                     : Json{{"type", "object"}})}};
  }
  operation["tags"] = {name_tag(route.pattern)};
  auto& responses = operation["responses"];
  responses = {{std::to_string(route.success), make_success(route)}};
  const auto refuse = [&](const char* status) {
    responses[status] = {{"$ref", "#/components/responses/Refused"}};
  };
  const bool has_part = route.pattern.find('{') != std::string_view::npos;
  const bool takes_body = route.body_need != BodyNeed::kNone;
  if (takes_body || route.answers_list || !route.query.empty()) refuse("400");
  if (!route.guard.is_open) {
    refuse("401");
    refuse("403");
  }
  if (has_part) refuse("404");
  if (route.method != "GET") refuse("409");
  if (has_condition(route) && route.method == "GET") {
    responses["304"] = {{"description", "what you have is what there is"}};
  } else if (has_condition(route)) {
    refuse("412");
  }
  if (takes_body) {
    refuse("413");
    refuse("415");
  }
  refuse("default");
  if (route.guard.is_open) operation["security"] = Json::array();
  const auto permission = route.guard.permission();
  operation["x-sluice-permission"] = {
      {"name", permission ? Json(studio::find_rule(*permission).name) : Json()},
      {"in", route.guard.place()}};
  return operation;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  const auto wrong = [](const char* why) { return Error{SLUICE_E_ARGUMENT, why, {}, {}}; };
  if (text.size() > kTargetBytesMax) return wrong("the request target is too long");
  if (text.empty() || text.front() != '/') return wrong("the request target is no path");
  Target target;
  const auto question = text.find('?');
  for (const auto segment : split(text.substr(1, question - 1), '/')) {
    auto decoded = decode(segment, Plus::kLiteral);
    if (!decoded) return wrong("the path holds a broken %XX, or bytes that are no UTF-8");
    target.segments.push_back(std::move(*decoded));
  }
  if (question == std::string_view::npos || question + 1 == text.size()) return target;
  for (const auto pair : split(text.substr(question + 1), '&')) {
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = decode(pair.substr(0, equals), Plus::kSpace);
    const auto value = decode(pair.substr(std::min(equals + 1, pair.size())), Plus::kSpace);
    if (!name || !value) return wrong("the query holds a broken %XX, or bytes that are no UTF-8");
    if (!target.query.emplace(*name, *value).second) {
      return Error{SLUICE_E_ARGUMENT, "the query has '" + *name + "' twice", {}, *name};
    }
  }
  return target;
}

Match find_route(const std::vector<Route>& routes, std::string_view method, const Target& target) {
  Match match;
  for (const auto& route : routes) {
    std::vector<std::string> path;
    if (!matches(split(route.pattern.substr(1), '/'), target.segments, path)) continue;
    match.allowed.emplace_back(route.method);
    if (route.method == method && !match.route) {
      match.route = &route;
      match.path = std::move(path);
    }
  }
  return match;
}

Json make_openapi(const std::vector<Route>& routes, const std::string& version) {
  Json document = {
      {"openapi", "3.1.0"},
      {"info", {{"title", "Sluice management API"}, {"version", version}}},
      {"security", Json::array({{{"token", Json::array()}}})},
      {"paths", Json::object()},
  };
  Json schemas = Json::object();
  schemas["Error"] = {{"type", "object"},
                      {"required", {"error"}},
                      {"properties",
                       {{"error",
                         {{"type", "object"},
                          {"required", {"code", "message"}},
                          {"properties",
                           {{"code", {{"type", "string"}}},
                            {"message", {{"type", "string"}}},
                            {"pointer", {{"type", "string"}}},
                            {"rule", {{"type", "string"}}},
                            {"remedy", {{"type", "string"}}},
                            {"faults", {{"type", "array"}, {"items", {{"type", "object"}}}}}}}}}}}};
  for (const auto& route : routes) {
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return static_cast<char>(c | 0x20); });
    document["paths"][std::string(route.pattern)][method] = make_operation(route);
    if (route.takes) collect_schemas(*route.takes, schemas);
    if (route.answers) collect_schemas(*route.answers, schemas);
  }
  auto& apply = document["paths"]["/admin/v1/apply"]["post"];
  for (const auto& kind : list_document_kinds()) {
    const auto add = [&](Permission permission, const Json& with) {
      apply["x-sluice-documents"].push_back({{"kind", kind.name},
                                             {"with", with},
                                             {"permission", studio::find_rule(permission).name},
                                             {"in", kind.governing.place}});
    };
    add(kind.permission, {});
    if (kind.record) add(Permission::kRestoreRecords, kind.record);
  }
  document["components"] = {
      {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
      {"responses",
       {{"Refused",
         {{"description", "what is wrong, where, and what to do"},
          {"content",
           {{"application/json",
             {{"schema", {{"$ref", "#/components/schemas/Error"}}},
              {"example",
               {{"error",
                 {{"code", "invalid"},
                  {"message", "the base path does not begin with /"},
                  {"pointer", "/base_path"},
                  {"rule", "R052"},
                  {"remedy", "write /v1"}}}}}}}}}}}}},
      {"schemas", std::move(schemas)}};
  return document;
}

}  // namespace sluice::admin
