// SPDX-License-Identifier: Apache-2.0
// What scripts cannot say: when answers come, bounds, and the description as a whole.
#include "tests/api/house.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <set>

namespace sluice::tests {
namespace {

using Json = nlohmann::json;

const std::vector<std::pair<std::string, std::string>> kHeaders = {
    {"Authorization", "Bearer token-a"}, {"Content-Type", "application/json"}};

Json ask(AdminHouse& house, const char* method, const std::string& target, const Json& body = {},
         int status = 200) {
  const auto answer = house.ask({method, target, body.is_null() ? "" : body.dump(), kHeaders});
  EXPECT_EQ(answer.status, status) << target << "\n" << answer.body;
  return Json::parse(answer.body, nullptr, false);
}

// An API that can be tested; answers its id.
std::string make_api(AdminHouse& house) {
  const auto answer = ask(house, "POST", "/admin/v1/apply", Json::parse(R"({"documents":[
        {"kind":"workspace","name":"shop"},
        {"kind":"rest-api","name":"users","base_path":"/v1"},
        {"kind":"data-source","workspace":"shop","name":"db","type":"sqlite"},
        {"kind":"workflow","workspace":"shop","name":"flow","rest_api":"users"},
        {"kind":"api","workspace":"shop","workflow":"flow","name":"Query_User","path":"/user",
         "data_source":"db","table":"t",
         "request_parameters":[{"name":"user_id","column":"user_id","type":"long"}],
         "response_parameters":[{"name":"user_name","column":"user_name"}]}]})"));
  const auto list = ask(house, "GET", "/admin/v1/apis?name=Query_User");
  return list["items"][0].value("id", "");
}

TEST(AdminApi, AnswersATestFromTheControlThreadWhenTheWorkerIsDone) {
  AdminHouse house;
  const auto id = make_api(house);
  std::vector<int> statuses;
  house.api.handle(
      {"POST", "/admin/v1/apis/" + id + "/test", R"({"parameters":{"user_id":10001}})", kHeaders},
      [&](admin::AdminResponse answer) { statuses.push_back(answer.status); });
  EXPECT_EQ(house.workers.size(), 1u);
  EXPECT_EQ(statuses.size(), 0u);
  // Everything else is answered meanwhile.
  EXPECT_EQ(house.fakes.floor.calls.back(), "swap");
  house.workers.run();
  EXPECT_EQ(house.fakes.floor.calls.back(), "run /user on db user_id=10001");
  EXPECT_EQ(statuses.size(), 0u);
  house.control.run();
  EXPECT_EQ(statuses, std::vector<int>{200});
}

TEST(AdminApi, RefusesMoreTestsThanItsBound) {
  AdminHouse house;
  const auto id = make_api(house);
  std::vector<int> statuses;
  const auto test = [&] {
    house.api.handle(
        {"POST", "/admin/v1/apis/" + id + "/test", R"({"parameters":{"user_id":1}})", kHeaders},
        [&](admin::AdminResponse answer) { statuses.push_back(answer.status); });
  };
  for (std::size_t i = 0; i < admin::kTestsInFlightMax; ++i) test();
  EXPECT_TRUE(statuses.empty());
  test();
  EXPECT_EQ(statuses, std::vector<int>{429});
  house.workers.run();
  house.control.run();
  EXPECT_EQ(statuses.size(), admin::kTestsInFlightMax + 1);
  test();
  house.workers.run();
  house.control.run();
  EXPECT_EQ(statuses.back(), 200);
}

TEST(AdminApi, LeavesADraftUntestedThatWasEditedWhileItsTestRan) {
  AdminHouse house;
  const auto id = make_api(house);
  std::string body;
  house.api.handle(
      {"POST", "/admin/v1/apis/" + id + "/test", R"({"parameters":{"user_id":1}})", kHeaders},
      [&](admin::AdminResponse answer) { body = answer.body; });
  std::vector<int> edited;
  house.api.handle(
      {"PUT", "/admin/v1/apis/" + id, R"({"path":"/other","data_source":"db"})", kHeaders},
      [&](admin::AdminResponse answer) { edited.push_back(answer.status); });
  EXPECT_EQ(edited, std::vector<int>{200});
  house.workers.run();
  house.control.run();
  const auto report = Json::parse(body);
  EXPECT_EQ(report["passed"], false) << body;
  EXPECT_EQ(ask(house, "GET", "/admin/v1/apis/" + id)["tested"], false);
}

TEST(AdminApi, RefusesABodyThatIsTooLarge) {
  AdminHouse house;
  const struct {
    const char* path;
    std::size_t bytes;
    int status;  // 400: it was read, and is no JSON
  } cases[] = {
      {"/admin/v1/workspaces", admin::kBodyBytesMax, 400},
      {"/admin/v1/workspaces", admin::kBodyBytesMax + 1, 413},
      {"/admin/v1/apply", admin::kApplyBytesMax, 400},
      {"/admin/v1/apply", admin::kApplyBytesMax + 1, 413},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(house.ask({"POST", c.path, std::string(c.bytes, ' '), kHeaders}).status, c.status);
  }
}

TEST(AdminApi, WantsExactlyOneAuthorizationHeader) {
  const struct {
    const char* name;
    std::vector<std::pair<std::string, std::string>> headers;
    int status;
  } cases[] = {
      {"known", {{"Authorization", "Bearer token-a"}}, 200},
      {"any case", {{"authorization", "bearer token-a"}}, 200},
      {"none", {}, 401},
      {"unknown", {{"Authorization", "Bearer token-x"}}, 401},
      {"another scheme", {{"Authorization", "Basic token-a"}}, 401},
      {"no scheme", {{"Authorization", "token-a"}}, 401},
      {"empty", {{"Authorization", "Bearer "}}, 401},
      {"twice", {{"Authorization", "Bearer token-a"}, {"Authorization", "Bearer token-a"}}, 401},
  };
  AdminHouse house;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(house.ask({"GET", "/admin/v1/workspaces", "", c.headers}).status, c.status);
  }
}

TEST(AdminApi, PagesItsLists) {
  AdminHouse house;
  for (const char* name : {"aa", "bb", "cc"}) {
    ask(house, "POST", "/admin/v1/workspaces", {{"name", name}}, 201);
  }
  const struct {
    const char *query, *names;
    int status;
  } cases[] = {
      {"", "aa bb cc ", 200},  {"?limit=2", "aa bb ", 200}, {"?limit=2&offset=2", "cc ", 200},
      {"?offset=9", "", 200},  {"?limit=0", "", 400},       {"?limit=1001", "", 400},
      {"?offset=-1", "", 400}, {"?limit=x", "", 400},       {"?colour=red", "", 400},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.query);
    const auto list =
        ask(house, "GET", std::string("/admin/v1/workspaces") + c.query, {}, c.status);
    if (c.status != 200) continue;
    std::string names;
    for (const auto& item : list["items"]) names += item.value("name", "") + " ";
    EXPECT_EQ(names, c.names);
    EXPECT_EQ(list["total"], 3);
  }
}

TEST(AdminApi, DescribesEveryRouteOnceAndNamesOnlySchemasItHas) {
  AdminHouse house;
  const auto document = ask(house, "GET", "/admin/v1/openapi.json");
  EXPECT_EQ(document["openapi"], "3.1.0");
  std::set<std::string> operations;
  for (const auto& [path, item] : document["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      const auto id = operation.value("operationId", "");
      EXPECT_TRUE(operations.insert(id).second) << id;
      EXPECT_FALSE(operation["responses"].empty()) << id;
    }
  }
  EXPECT_GE(operations.size(), 50u);
  const auto text = document.dump();
  constexpr std::string_view kReference = "#/components/";
  for (auto at = text.find(kReference); at != std::string::npos;
       at = text.find(kReference, at + 1)) {
    const auto pointer = text.substr(at + 1, text.find('"', at) - at - 1);
    EXPECT_TRUE(document.contains(Json::json_pointer(pointer))) << pointer;
  }
}

// Proves: R018
TEST(AdminApi, NeverTellsWhatASourceKeepsSecret) {
  AdminHouse house;
  ask(house, "POST", "/admin/v1/workspaces", {{"name", "shop"}}, 201);
  Json source = {{"workspace", "shop"},
                 {"name", "db"},
                 {"type", "sqlite"},
                 {"settings", {{"path", "a.db"}, {"password", "s3cret-one"}}}};
  const auto made = ask(house, "POST", "/admin/v1/data-sources", source, 201);
  EXPECT_EQ(made["settings"]["password"], "********");
  const auto got = ask(house, "GET", "/admin/v1/data-sources/shop/db");
  EXPECT_EQ(got["settings"]["password"], "********");
  EXPECT_EQ(got["settings"]["path"], "a.db");
  // Written back as read, with one change: the secret stays.
  auto changed = got;
  changed["settings"]["path"] = "b.db";
  ask(house, "PUT", "/admin/v1/data-sources/shop/db", changed);
  const auto* stored = house.fakes.studio.state().data_sources.find("shop/db");
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(Json::parse(stored->settings_json),
            (Json{{"path", "b.db"}, {"password", "s3cret-one"}}));
}

}  // namespace
}  // namespace sluice::tests
