// SPDX-License-Identifier: Apache-2.0
#include "admin/published_openapi.hpp"

#include "admin/published_security.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace sluice::admin {
namespace {

using model::ApiDefinition;
using model::ParameterType;

// A value that people wrote as text, as what it is: "7" of a long is 7. Text when it is none.
Json make_value(std::string_view text, ParameterType type) {
  if (type == ParameterType::kString) return text;
  auto value = Json::parse(text, nullptr, false);
  return value.is_discarded() || value.is_structured() ? Json(text) : value;
}

Json make_type_schema(ParameterType type) {
  switch (model::element_of(type)) {
    case ParameterType::kInt:
      return {{"type", "integer"}, {"format", "int32"}};
    case ParameterType::kLong:
      return {{"type", "integer"}, {"format", "int64"}};
    case ParameterType::kFloat:
      return {{"type", "number"}, {"format", "float"}};
    case ParameterType::kDouble:
      return {{"type", "number"}, {"format", "double"}};
    case ParameterType::kBoolean:
      return {{"type", "boolean"}};
    default:
      return {{"type", "string"}};
  }
}

// ---- what a caller sends

// "a,b" of a list is ["a","b"].
Json make_values(std::string_view text, ParameterType type) {
  if (!model::is_list(type)) return make_value(text, type);
  Json values = Json::array();
  for (;;) {
    const auto comma = text.find(',');
    values.push_back(make_value(text.substr(0, comma), model::element_of(type)));
    if (comma == std::string_view::npos) return values;
    text.remove_prefix(comma + 1);
  }
}

Json make_request_schema(const model::RequestParameter& p) {
  const auto element = model::element_of(p.type);
  Json schema = make_type_schema(p.type);
  const auto& rules = p.validation;
  if (rules.allowed) {
    schema["enum"] = Json::array();
    for (const auto& word : *rules.allowed) schema["enum"].push_back(make_value(word, element));
  }
  if (rules.min) schema["minimum"] = make_value(*rules.min, element);
  if (rules.max) schema["maximum"] = make_value(*rules.max, element);
  if (rules.min_length) schema["minLength"] = *rules.min_length;
  if (rules.max_length) schema["maxLength"] = *rules.max_length;
  if (rules.pattern) schema["pattern"] = "^(?:" + *rules.pattern + ")$";  // all of the text
  if (model::is_list(p.type)) {
    schema = {{"type", "array"}, {"items", std::move(schema)}};
    if (p.op == model::Operator::kBetween) schema["minItems"] = schema["maxItems"] = 2;
  }
  if (p.default_value) schema["default"] = make_values(*p.default_value, p.type);
  return schema;
}

Json make_query_parameter(std::string name, Json schema, std::string description) {
  Json parameter = {{"name", std::move(name)}, {"in", "query"}, {"schema", std::move(schema)}};
  if (!description.empty()) parameter["description"] = std::move(description);
  return parameter;
}

// What the result shape and the order take from the query besides the API's own parameters.
void add_paging(const ApiDefinition& d, Json& parameters) {
  const auto count = [](std::int64_t max) {
    return Json{{"type", "integer"}, {"minimum", 1}, {"maximum", max}};
  };
  if (d.shape == model::ResultShape::kPage) {
    auto size = count(d.max_rows);
    size["default"] = std::min<std::int64_t>(10, d.max_rows);
    const bool has_cursor = d.paging == model::Paging::kCursor;
    if (has_cursor) {
      parameters.push_back(make_query_parameter("cursor", {{"type", "string"}},
                                                "the nextCursor of the page before"));
    } else {
      auto number = count(1'000'000'000);
      number["default"] = 1;
      parameters.push_back(
          make_query_parameter("pageNum", std::move(number), "which page, from 1"));
    }
    parameters.push_back(make_query_parameter("pageSize", std::move(size), "rows of a page"));
    parameters.push_back(make_query_parameter(
        "returnTotalNum", {{"type", "boolean"}, {"default", !has_cursor}}, "count all rows"));
  }
  if (d.caller_order.parameter.empty()) return;
  std::string names;
  for (const auto& choice : d.caller_order.choices) {
    names += (names.empty() ? "" : ", ") + choice.name;
  }
  parameters.push_back(make_query_parameter(
      d.caller_order.parameter, {{"type", "string"}},
      "one or more of " + names + " with commas between, each perhaps with :asc or :desc"));
}

// The version of the REST API, where it does not stand in the path (R054).
Json make_version_parameter(const model::VersionManagement& versions) {
  const bool is_header = versions.scheme == model::VersionScheme::kHeader;
  return {{"name", versions.name},
          {"in", is_header ? "header" : "query"},
          {"required", true},
          {"schema", {{"type", "string"}, {"enum", {versions.version}}}},
          {"description", "the version of the REST API that is meant"}};
}

Json make_parameters(const PublishedOperation& o) {
  const auto& d = *o.definition;
  Json parameters = Json::array();
  if (o.versions && model::is_said_apart(*o.versions)) {
    parameters.push_back(make_version_parameter(*o.versions));
  }
  for (const auto& p : d.request_parameters) {
    if (p.position != model::Position::kQuery) continue;
    auto parameter = make_query_parameter(p.name, make_request_schema(p), p.description);
    if (p.required) parameter["required"] = true;
    if (!p.sample.empty()) parameter["example"] = make_values(p.sample, p.type);
    parameters.push_back(std::move(parameter));
  }
  add_paging(d, parameters);
  return parameters;
}

// Absent: nothing goes into the body.
std::optional<Json> make_request_body(const ApiDefinition& d) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  Json required = Json::array(), example = Json::object();
  for (const auto& p : d.request_parameters) {
    if (p.position != model::Position::kBody) continue;
    auto property = make_request_schema(p);
    if (!p.description.empty()) property["description"] = p.description;
    schema["properties"][p.name] = std::move(property);
    if (p.required) required.push_back(p.name);
    if (!p.sample.empty()) example[p.name] = make_values(p.sample, p.type);
  }
  if (schema["properties"].empty()) return std::nullopt;
  const bool is_required = !required.empty();
  if (is_required) schema["required"] = std::move(required);
  Json content = {{"schema", std::move(schema)}};
  if (!example.empty()) content["example"] = std::move(example);
  return Json{
      {"required", is_required},
      {"content", {{"application/json", content}, {"application/x-www-form-urlencoded", content}}}};
}

// ---- what he gets

// A column may hold NULL, whatever the source says of it today.
Json make_row_schema(const ApiDefinition& d) {
  Json row = {{"type", "object"}, {"properties", Json::object()}};
  Json required = Json::array();
  for (const auto& p : d.response_parameters) {
    auto schema = make_type_schema(p.type);
    if (p.type == ParameterType::kLong && d.int64_as_string) schema = {{"type", "string"}};
    schema["type"] = Json::array({schema["type"], "null"});
    if (!p.description.empty()) schema["description"] = p.description;
    if (!p.sample.empty()) {
      schema["examples"] = Json::array({d.int64_as_string && p.type == ParameterType::kLong
                                            ? Json(p.sample)
                                            : make_value(p.sample, p.type)});
    }
    row["properties"][p.name] = std::move(schema);
    required.push_back(p.name);
  }
  if (!required.empty()) row["required"] = std::move(required);
  row["additionalProperties"] = false;
  return row;
}

Json make_data_schema(const ApiDefinition& d) {
  auto row = make_row_schema(d);
  switch (d.shape) {
    case model::ResultShape::kSingle:
      row["type"] = {"object", "null"};
      row["description"] = "null: there is no such row";
      return row;
    case model::ResultShape::kList:
      return {{"type", "array"}, {"items", std::move(row)}, {"maxItems", d.max_rows}};
    case model::ResultShape::kPage:
      break;
  }
  const Json number = {{"type", "integer"}, {"format", "int64"}};
  Json page = {{"type", "object"},
               {"properties", {{"totalNum", number}, {"pageSize", number}}},
               {"required", {"pageSize", "rows"}}};
  auto& properties = page["properties"];
  properties["totalNum"]["description"] = "absent when it was not asked for";
  if (d.paging == model::Paging::kNumber) properties["pageNum"] = number;
  properties["rows"] = {{"type", "array"}, {"items", std::move(row)}, {"maxItems", d.max_rows}};
  if (d.paging == model::Paging::kCursor) {
    properties["nextCursor"] = {{"type", {"string", "null"}},
                                {"description", "null: this was the last page"}};
  }
  return page;
}

Json make_success_schema(const ApiDefinition& d) {
  auto data = make_data_schema(d);
  if (d.envelope == model::Envelope::kBare) return data;
  Json schema = {{"type", "object"},
                 {"properties", {{"data", std::move(data)}}},
                 {"required", {"data", "success"}}};
  auto& properties = schema["properties"];
  if (d.envelope == model::Envelope::kFull) {
    properties["errCode"] = {{"type", "integer"}, {"const", 0}};
    properties["errMsg"] = {{"type", "string"}};
    properties["requestId"] = {{"type", "string"}};
    properties["apiLog"] = {{"type", "null"}};
  }
  properties["success"] = {{"type", "boolean"}, {"const", true}};
  return schema;
}

Json make_content(Json schema, const model::SharedText& sample) {
  Json content = {{"schema", std::move(schema)}};
  if (!sample.empty()) {
    auto example = Json::parse(sample.get(), nullptr, false);
    content["example"] = example.is_discarded() ? Json(sample.get()) : std::move(example);
  }
  return {{"application/json", std::move(content)}};
}

struct Failure {
  const char *status, *description;
  enum When { kAlways, kAuthenticated, kVersionSaid } when;
};
constexpr Failure kFailures[] = {
    {"400", "a parameter is missing, not of its type, or not allowed", Failure::kAlways},
    {"401", "no credential, or none that is known", Failure::kAuthenticated},
    {"403", "the consumer may not call this API", Failure::kAuthenticated},
    {"404", "the version of the REST API is missing, or another one", Failure::kVersionSaid},
    {"429", "too many calls", Failure::kAlways},
    {"500", "the gateway failed", Failure::kAlways},
    {"502", "the data source failed or cannot be reached", Failure::kAlways},
    {"503", "a bound is reached, or a part of this API is missing", Failure::kAlways},
    {"504", "the answer took longer than this API's timeout", Failure::kAlways},
};

Json make_responses(const PublishedOperation& o) {
  const auto& d = *o.definition;
  Json responses = {{"200",
                     {{"description", "done"},
                      {"content", make_content(make_success_schema(d), d.success_sample)}}}};
  const Json failure = {{"$ref", "#/components/schemas/Failure"}};
  for (const auto& f : kFailures) {
    if (f.when == Failure::kAuthenticated && d.authentication.type.empty()) continue;
    if (f.when == Failure::kVersionSaid && !(o.versions && model::is_said_apart(*o.versions))) {
      continue;
    }
    // A sample that was saved is one of some failure; the first of them shows it.
    const bool shows = std::string_view(f.status) == "400";
    responses[f.status] = {
        {"description", f.description},
        {"content", make_content(failure, shows ? d.failure_sample : model::SharedText())}};
  }
  return responses;
}

// "GET /user/info" -> "get_user_info"
std::string make_operation_id(const ApiDefinition& d) {
  std::string id = d.method == model::HttpMethod::kGet ? "get" : "post";
  for (const char c : d.path) id += c == '/' || c == '-' ? '_' : c;
  return id;
}

Json make_operation(const PublishedOperation& o, bool has_own_servers, Json& schemes) {
  const auto& d = *o.definition;
  Json operation = {{"operationId", make_operation_id(d)}, {"summary", d.name}};
  if (!d.description.empty()) operation["description"] = d.description;
  if (!o.tag.empty()) operation["tags"] = {o.tag};
  operation["x-sluice-api"] = o.api_id;
  operation["x-sluice-version"] = "V" + std::to_string(o.version);
  if (auto parameters = make_parameters(o); !parameters.empty()) {
    operation["parameters"] = std::move(parameters);
  }
  if (auto body = make_request_body(d)) operation["requestBody"] = std::move(*body);
  operation["responses"] = make_responses(o);
  operation["security"] = make_security(d.authentication, schemes);
  if (has_own_servers) {
    operation["servers"] = Json::array();
    for (const auto& url : o.servers) operation["servers"].push_back({{"url", url}});
  }
  return operation;
}

Json make_failure_schema() {
  return {{"type", "object"},
          {"properties",
           {{"data", {{"type", "null"}}},
            {"success", {{"type", "boolean"}, {"const", false}}},
            {"errCode", {{"type", "integer"}, {"description", "see docs/errors.md"}}},
            {"errMsg", {{"type", "string"}}},
            {"requestId", {{"type", "string"}, {"description", "to find the call in the log"}}}}},
          {"required", {"data", "success", "errCode", "errMsg", "requestId"}}};
}

}  // namespace

Json make_published_openapi(const PublishedDocument& document) {
  Json info = {{"title", document.title}, {"version", document.version}};
  if (!document.description.empty()) info["description"] = document.description;
  // Servers stand at the top where all operations have the same ones.
  const auto& all = document.operations;
  const bool are_same = std::all_of(
      all.begin(), all.end(), [&](const auto& o) { return o.servers == all.front().servers; });
  Json openapi = {{"openapi", "3.1.0"},
                  {"info", std::move(info)},
                  {"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"}};
  if (!all.empty() && are_same && !all.front().servers.empty()) {
    openapi["servers"] = Json::array();
    for (const auto& url : all.front().servers) openapi["servers"].push_back({{"url", url}});
  }
  Json schemes = Json::object(), tags = Json::array();
  Json& paths = openapi["paths"] = Json::object();
  for (const auto& operation : all) {
    const auto* method = operation.definition->method == model::HttpMethod::kGet ? "get" : "post";
    paths[operation.definition->path][method] =
        make_operation(operation, !are_same && !operation.servers.empty(), schemes);
    const Json tag = {{"name", operation.tag}};
    if (!operation.tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end()) {
      tags.push_back(tag);
    }
  }
  openapi["components"] = {{"schemas", {{"Failure", make_failure_schema()}}}};
  if (!schemes.empty()) openapi["components"]["securitySchemes"] = std::move(schemes);
  if (!tags.empty()) openapi["tags"] = std::move(tags);
  return openapi;
}

}  // namespace sluice::admin
