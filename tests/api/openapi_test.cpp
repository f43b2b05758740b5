// SPDX-License-Identifier: Apache-2.0
// The OpenAPI documents that we give out are what OpenAPI 3.1 demands: structure, references,
// names that are unique, parts of paths that are declared.
#include "tests/api/house.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <fstream>
#include <set>

namespace sluice::tests {
namespace {

using Json = nlohmann::json;

Json read_json(const std::string& path) {
  std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/tests/api/" + path);
  return Json::parse(file);
}

// What is wrong by the schema, a line each.
std::string find_faults(const Json& document) {
  static const Json kSchema = read_json("openapi.schema.json");
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(kSchema), schema);
  valijson::ValidationResults results;
  valijson::Validator validator;
  std::string faults;
  if (validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), &results)) {
    return faults;
  }
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    for (const auto& part : error.context) faults += part;
    faults += ": " + error.description + "\n";
  }
  return faults;
}

void find_references(const Json& json, std::set<std::string>& references) {
  if (json.is_object() && json.contains("$ref")) references.insert(json["$ref"]);
  if (json.is_structured()) {
    for (const auto& part : json) find_references(part, references);
  }
}

// What a schema cannot say.
std::string find_other_faults(const Json& document) {
  std::string faults;
  std::set<std::string> references, ids, schemes;
  find_references(document, references);
  for (const auto& reference : references) {
    if (!document.contains(Json::json_pointer(reference.substr(1)))) {
      faults += reference + " points to nothing\n";
    }
  }
  const auto& known = document["components"].value("securitySchemes", Json::object());
  const auto check_security = [&](const Json& security) {
    for (const auto& way : security) {
      for (const auto& [name, scopes] : way.items()) {
        if (!known.contains(name)) faults += name + " is no security scheme\n";
      }
    }
  };
  check_security(document.value("security", Json::array()));
  for (const auto& [path, methods] : document["paths"].items()) {
    std::set<std::string> parts;
    for (auto at = path.find('{'); at != path.npos; at = path.find('{', at + 1)) {
      parts.insert(path.substr(at + 1, path.find('}', at) - at - 1));
    }
    for (const auto& [method, operation] : methods.items()) {
      const auto id = operation.value("operationId", "");
      if (!ids.insert(id).second) faults += "operationId '" + id + "' is there twice\n";
      check_security(operation.value("security", Json::array()));
      auto missing = parts;
      std::set<std::string> seen;
      for (const auto& parameter : operation.value("parameters", Json::array())) {
        const auto key =
            parameter["in"].get<std::string>() + " " + parameter["name"].get<std::string>();
        if (!seen.insert(key).second) faults += path + ": " + key + " is there twice\n";
        if (parameter["in"] == "path") missing.erase(parameter["name"]);
      }
      for (const auto& part : missing) faults += path + ": {" + part + "} is not declared\n";
    }
  }
  return faults;
}

struct Documents : AdminHouse {
  Json get(const std::string& target) {
    const auto answer = ask({"GET", target, {}, {{"authorization", "Bearer token-a"}}});
    EXPECT_EQ(answer.status, 200) << target << " " << answer.body;
    return Json::parse(answer.body);
  }
  std::string post(const std::string& target, const Json& body) {
    const auto answer =
        ask({"POST",
             target,
             body.is_null() ? std::string() : body.dump(),
             {{"authorization", "Bearer token-a"}, {"content-type", "application/json"}}});
    EXPECT_LT(answer.status, 300) << target << " " << answer.body;
    return answer.body;
  }

  // An API in every form, live.
  void publish_all() {
    post("/admin/v1/apply", read_json("every_form.json"));
    const auto apis = get("/admin/v1/apis");
    for (const auto& api : apis["items"]) {
      const auto path = "/admin/v1/apis/" + api["id"].get<std::string>();
      post(path + "/test", Json::object());
      post(path + "/test-records/T1/save-sample", Json());
      ask({"POST", path + "/submit", {}, {{"authorization", "Bearer token-a"}}});
      post(path + "/versions/1/publish",
           {{"instance", "public"}, {"domain", ""}, {"backend", "Default"}});
    }
  }
};

TEST(Openapi, TheManagementApiDescribesItself) {
  Documents house;
  const auto document = house.get("/admin/v1/openapi.json");
  EXPECT_EQ(find_faults(document), "");
  EXPECT_EQ(find_other_faults(document), "");
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      EXPECT_FALSE(operation["tags"].empty() || operation["summary"].empty()) << path;
      EXPECT_TRUE(operation["responses"].contains("default")) << path;
      EXPECT_EQ(operation["responses"].contains("404"), path.find('{') != path.npos) << path;
    }
  }
}

// Proves: R088
TEST(Openapi, PublishedApisAreDescribedInEveryForm) {
  Documents house;
  house.fakes.floor.outcome->body = R"({"data":[],"success":true})";
  house.fakes.floor.authenticators.emplace_back("kerberos");
  house.publish_all();
  const auto document = house.get("/admin/v1/rest-apis/users/openapi.json");
  EXPECT_EQ(find_faults(document), "");
  EXPECT_EQ(find_other_faults(document), "");
  EXPECT_EQ(document["paths"].size(), 5u);
  const auto versions = house.get("/admin/v1/versions");
  EXPECT_EQ(versions["total"], 5);
  for (const auto& version : versions["items"]) {
    const auto one = house.get("/admin/v1/apis/" + version["api"].get<std::string>() +
                               "/versions/1/openapi.json");
    EXPECT_EQ(find_faults(one), "");
    EXPECT_EQ(find_other_faults(one), "");
    EXPECT_EQ(one["paths"].size(), 1u);
    const auto& operation = one["paths"].begin()->begin().value();
    EXPECT_EQ(operation["responses"]["200"]["content"]["application/json"]["example"],
              Json::parse(R"({"data":[],"success":true})"));
  }
}

TEST(Openapi, TheCheckItselfCanFail) {
  const Json right = {
      {"openapi", "3.1.0"},
      {"info", {{"title", "t"}, {"version", "1"}}},
      {"paths", {{"/x", {{"get", {{"responses", {{"200", {{"description", "d"}}}}}}}}}}},
      {"components", Json::object()}};
  EXPECT_EQ(find_faults(right), "");
  const struct {
    const char *pointer, *value;
  } cases[] = {
      {"/openapi", "\"3.0.0\""},
      {"/info/version", "1"},
      {"/paths/~1x/fetch", "{}"},
      {"/paths/~1x/get/responses/200", "{}"},
      {"/paths/~1x/get/parameters", R"([{"name":"a","in":"query"}])"},
      {"/paths/~1x/get/parameters", R"([{"name":"a","in":"path","schema":{}}])"},
      {"/paths/~1x/get/requestBody", R"({"content":{"a/b":{"schema":{"type":"int"}}}})"},
      {"/components/securitySchemes", R"({"k":{"type":"apiKey"}})"},
      {"/unknown", "1"},
  };
  for (const auto& c : cases) {
    auto wrong = right;
    wrong[Json::json_pointer(c.pointer)] = Json::parse(c.value);
    EXPECT_NE(find_faults(wrong), "") << c.pointer << " " << c.value;
  }
  auto wrong = right;
  wrong["paths"]["/x/{id}"] = wrong["paths"]["/x"];
  wrong["paths"]["/x"]["get"]["security"] = {{{"key", Json::array()}}};
  wrong["paths"]["/x"]["get"]["responses"]["400"] = {{"$ref", "#/components/responses/None"}};
  EXPECT_EQ(find_other_faults(wrong),
            "#/components/responses/None points to nothing\n"
            "key is no security scheme\n"
            "operationId '' is there twice\n"
            "/x/{id}: {id} is not declared\n");
}

}  // namespace
}  // namespace sluice::tests
