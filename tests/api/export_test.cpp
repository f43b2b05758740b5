// SPDX-License-Identifier: Apache-2.0
// What is exported and applied to an empty store is the same: read back, and served.
#include "tests/api/house.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::tests {
namespace {

using Json = nlohmann::ordered_json;

Json ask(AdminHouse& house, const char* method, const std::string& target, const Json& body = {},
         int status = 200) {
  const auto answer =
      house.ask({method,
                 target,
                 body.is_null() ? "" : body.dump(),
                 {{"Authorization", "Bearer token-a"}, {"Content-Type", "application/json"}}});
  EXPECT_EQ(answer.status, status) << target << "\n" << answer.body;
  return Json::parse(answer.body, nullptr, false);
}

std::string find_id(AdminHouse& house, const std::string& name) {
  return ask(house, "GET", "/admin/v1/apis?name=" + name)["items"][0].value("id", "");
}

// Twelve versions of one API with V2 and V11 live, a draft that goes further, one version that
// waits and one that was rejected, credentials of three types and states, and an authorisation that
// was taken away from who would have it by itself.
void fill(AdminHouse& house) {
  using model::ParameterType;
  house.fakes.floor.outcome->table = {{{"user_name", "TEXT", ParameterType::kString, true, 0},
                                       {"user_id", "BIGINT", ParameterType::kLong, false, 1}},
                                      {{"by_id", true, {"user_id"}}}};
  ask(house, "POST", "/admin/v1/apply", Json::parse(R"({"documents":[
        {"kind":"gateway-instance","name":"test"},
        {"kind":"gateway-instance","name":"prod"},
        {"kind":"workspace","name":"shop"},
        {"kind":"workspace","name":"bank","requires_approval":true},
        {"kind":"network","name":"inner","address_range":"10.0.0.0/8","region":"west"},
        {"kind":"domain","name":"api.example.com"},
        {"kind":"backend-service","name":"data","region":"west","network":"inner",
         "addresses":["10.0.0.1:8080"],"health_check":{"path":"/healthz"}},
        {"kind":"resource-group","name":"fast","network":"default","workspaces":["shop"],
         "concurrency_max":7,"queue_max":0},
        {"kind":"rest-api","name":"users","base_path":"/v1","domain":"api.example.com"},
        {"kind":"rest-api","name":"accounts","base_path":"/bank"},
        {"kind":"data-source","workspace":"shop","name":"db","type":"sqlite",
         "settings":{"path":"a.db","password":"s3cret"}},
        {"kind":"data-source","workspace":"bank","name":"db","type":"unknown",
         "settings":{"anything":{"deep":["is","secret"]}}},
        {"kind":"workflow","workspace":"shop","name":"flow","rest_api":"users"},
        {"kind":"workflow","workspace":"bank","name":"flow","rest_api":"accounts"},
        {"kind":"consumer","name":"mobile","description":"the app: \"ours\"\nand more"},
        {"kind":"consumer","name":"off","enabled":false},
        {"kind":"api","workspace":"shop","workflow":"flow","name":"Query_User","path":"/user",
         "data_source":"db","table":"t","authentication":{"type":"api-key"},
         "request_parameters":[
           {"name":"user_id","column":"user_id","type":"long","sample":"1"},
           {"name":"note","column":"note","required":false,"default_value":""}],
         "response_parameters":[{"name":"user_name","column":"user_name"}]},
        {"kind":"api","workspace":"bank","workflow":"flow","name":"Query_Account","path":"/account",
         "data_source":"db","table":"t","timeout_ms":1,"result_shape":"page",
         "response_parameters":[{"name":"user_name","column":"user_name"}]},
        {"kind":"api","workspace":"bank","workflow":"flow","name":"Nothing_Yet","path":"/nothing"},
        {"kind":"authorization","name":"a","consumer":"mobile","rest_api":"users",
         "valid_until":"2030-01-31T08:30:00.250Z"},
        {"kind":"authorization","name":"b","consumer":"off","api":"bank/Query_Account"}]})"));
  const auto path = "/admin/v1/apis/" + find_id(house, "Query_User");
  for (int n = 1; n <= 12; ++n) {
    auto draft = ask(house, "GET", path);
    draft["timeout_ms"] = n;
    ask(house, "PUT", path, draft);
    ask(house, "POST", path + "/test", {{"parameters", {{"user_id", 1}}}});
    ask(house, "POST", path + "/submit", {}, 201);
  }
  const Json domain{{"domain", "api.example.com"}, {"backend", "Default"}};
  const auto publish = [&](int version, const char* instance) {
    Json body{{"instance", instance}};
    body.update(domain);
    ask(house, "POST", path + "/versions/" + std::to_string(version) + "/publish", body);
  };
  publish(2, "prod");
  publish(11, "test");
  auto draft = ask(house, "GET", path);
  draft["description"] = "goes further";
  ask(house, "PUT", path, draft);
  ask(house, "POST", "/admin/v1/authorizations/revoke",
      {{"consumer", "shop"}, {"api", "shop/Query_User"}}, 204);

  const auto account = "/admin/v1/apis/" + find_id(house, "Query_Account");
  for (int n = 1; n <= 3; ++n) {
    ask(house, "POST", account + "/test");
    ask(house, "POST", account + "/submit", {}, 201);
  }
  ask(house, "POST", account + "/versions/2/request");
  ask(house, "POST", account + "/versions/3/request");
  const auto answer =
      house.ask({"POST",
                 account + "/versions/3/reject",
                 R"({"reason":"no index"})",
                 {{"Authorization", "Bearer token-b"}, {"Content-Type", "application/json"}}});
  EXPECT_EQ(answer.status, 200) << answer.body;

  for (const char* type : {"api-key", "jwt", "hmac"}) {
    ask(house, "POST", "/admin/v1/consumers/mobile/credentials",
        {{"type", type}, {"valid_until", "2031-01-01T00:00:00Z"}}, 201);
  }
  const auto made =
      ask(house, "POST", "/admin/v1/consumers/shop/credentials", {{"type", "jwt"}}, 201);
  ask(house, "PUT", "/admin/v1/credentials/" + made["credential"].value("id", ""),
      {{"enabled", false}});
}

Json export_whole(AdminHouse& house) {
  return ask(house, "POST", "/admin/v1/export/secrets", Json::object());
}

Json apply_to(AdminHouse& house, const Json& exported, int status = 200) {
  return ask(house, "POST", "/admin/v1/apply", {{"documents", exported["documents"]}}, status);
}

std::vector<std::string> list_results(const Json& applied) {
  std::vector<std::string> results;
  for (const auto& document : applied["documents"]) results.push_back(document["result"]);
  return results;
}

TEST(Export, AppliedToAnEmptyStoreIsTheSameStore) {
  AdminHouse first, second;
  // Ids of the second are others, for it has rolled its dice already.
  ask(second, "POST", "/admin/v1/consumers", {{"name", "gone"}}, 201);
  ask(second, "POST", "/admin/v1/consumers/gone/credentials", {{"type", "hmac"}}, 201);
  ask(second, "DELETE", "/admin/v1/consumers/gone", {}, 204);
  fill(first);
  const auto exported = export_whole(first);
  EXPECT_TRUE(exported["notes"].empty());

  auto shuffled = exported;
  std::reverse(shuffled["documents"].begin(), shuffled["documents"].end());
  // Versions rise: theirs is the one order that matters.
  std::stable_sort(
      shuffled["documents"].begin(), shuffled["documents"].end(),
      [](const Json& a, const Json& b) { return a.value("version", 0) < b.value("version", 0); });
  const auto applied = apply_to(second, shuffled);
  const auto again = export_whole(second);
  EXPECT_EQ(again["documents"].dump(1), exported["documents"].dump(1));

  // What is served is what was: the same versions, with the same callers.
  const auto& here = first.fakes.floor.serving;
  const auto& there = second.fakes.floor.serving;
  EXPECT_EQ(there.credentials.all(), here.credentials.all());
  EXPECT_EQ(there.consumers.all(), here.consumers.all());
  EXPECT_EQ(there.authorizations.all().size(), here.authorizations.all().size());
  ASSERT_EQ(there.deployments.all().size(), 2u);
  const auto id = find_id(second, "Query_User");
  EXPECT_NE(id, find_id(first, "Query_User"));
  EXPECT_EQ(there.deployments.find(id + "/prod")->version, 2u);
  EXPECT_EQ(there.deployments.find(id + "/test")->version, 11u);
  EXPECT_EQ(there.versions.find(id + "/V2")->definition.timeout_ms, 2);
  EXPECT_EQ(there.versions.find(id + "/V2")->table, first.fakes.floor.outcome->table)
      << "drift is measured from it";
  EXPECT_FALSE(there.authorizations.find("shop/" + id)) << "it was taken away";
}

TEST(Export, AppliedWhereItIsChangesNothing) {
  AdminHouse house;
  fill(house);
  const auto commits = house.fakes.documents.commits.size();
  for (const auto& exported : {export_whole(house), ask(house, "GET", "/admin/v1/export")}) {
    for (const auto& result : list_results(apply_to(house, exported)))
      EXPECT_EQ(result, "unchanged");
  }
  EXPECT_EQ(house.fakes.documents.commits.size(), commits + 1) << "that secrets were told";
}

TEST(Export, TellsNoSecretUnlessItIsAskedTo) {
  AdminHouse house;
  fill(house);
  const auto exported = ask(house, "GET", "/admin/v1/export");
  const auto text = exported.dump();
  for (const char* secret : {"s3cret", "deep\":[\"is", "lookups"}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
  ASSERT_EQ(exported["notes"].size(), 3u);
  EXPECT_NE(exported["notes"][0].get<std::string>().find("data-source 'bank/db'"),
            std::string::npos)
      << exported["notes"].dump();
  EXPECT_NE(exported["notes"][2].get<std::string>().find("4 of kind credential"),
            std::string::npos);
  // Elsewhere the masks are told one by one.
  AdminHouse other;
  const auto refused = apply_to(other, exported, 400);
  EXPECT_EQ(refused["error"]["faults"].size(), 3u);
  EXPECT_TRUE(other.fakes.documents.documents.empty());
  EXPECT_NE(export_whole(house).dump().find("s3cret"), std::string::npos);
}

TEST(Export, RecordsThatWereTamperedWithAreRefused) {
  AdminHouse house;
  fill(house);
  const auto exported = export_whole(house);
  const struct {
    const char *kind, *pointer;
    Json value;
    int status;
    const char* where;
  } cases[] = {
      {"version", "/definition/timeout_ms", 5, 409, "/version"},
      {"version", "/status", "Fine", 400, "/status"},
      {"version", "/tested_table/columns/1/type", "blob", 400, "/tested_table/columns/1/type"},
      {"version", "/version", 0, 400, "/version"},
      {"version", "/api", "shop/None", 404, "/api"},
      {"deployment", "/version", 99, 404, "/version"},
      {"deployment", "/instance", "moon", 400, "/instance"},
      {"credential", "/record/secret", "no base64!", 400, "/record/secret"},
      {"credential", "/record/secret", "YQ=", 400, "/record/secret"},
      {"credential", "/record/lookups", "YWFh YWFi", 409, "/id"},
      {"credential", "/given", Json::object(), 400, "/given"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.kind) + c.pointer);
    auto one = *std::find_if(exported["documents"].begin(), exported["documents"].end(),
                             [&](const Json& document) { return document["kind"] == c.kind; });
    one[Json::json_pointer(c.pointer)] = c.value;
    const auto refused = apply_to(house, {{"documents", Json::array({one})}}, c.status);
    EXPECT_EQ(refused["error"].value("pointer", ""), std::string("/documents/0") + c.where)
        << refused.dump();
  }
}

}  // namespace
}  // namespace sluice::tests
