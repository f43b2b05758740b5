// SPDX-License-Identifier: Apache-2.0
// Two people at one resource: nobody overwrites what he has not seen (RFC 9110, section 13).
#include "main/cli.hpp"
#include "tests/api/house.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <sstream>

namespace sluice::tests {
namespace {

using Json = nlohmann::json;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;
  std::string etag;
  Json body;
};

struct TwoPeople : testing::Test {
  Answer ask(const std::string& who, const char* method, const std::string& target,
             const Json& body = {}, const Headers& conditions = {}) {
    Headers headers = {{"Authorization", who == "alice" ? "Bearer token-a" : "Bearer token-b"},
                       {"Content-Type", "application/json"}};
    headers.insert(headers.end(), conditions.begin(), conditions.end());
    const auto got = house.ask({method, target, body.is_null() ? "" : body.dump(), headers});
    Answer answer{got.status, {}, Json::parse(got.body, nullptr, false)};
    for (const auto& [name, value] : got.headers) {
      if (name == "ETag") answer.etag = value;
    }
    return answer;
  }

  void SetUp() override {
    const auto made = ask("alice", "POST", "/admin/v1/apply", Json::parse(R"({"documents":[
        {"kind":"workspace","name":"shop"},
        {"kind":"network","name":"lan","address_range":"10.1.0.0/16"},
        {"kind":"rest-api","name":"users","base_path":"/v1"},
        {"kind":"domain","name":"api.example.com"},
        {"kind":"consumer","name":"app"},
        {"kind":"data-source","workspace":"shop","name":"db","type":"sqlite",
         "settings":{"path":"a.db","password":"first secret"}},
        {"kind":"workflow","workspace":"shop","name":"flow","rest_api":"users"},
        {"kind":"api","workspace":"shop","workflow":"flow","name":"Query_User","path":"/user",
         "data_source":"db","table":"t",
         "request_parameters":[{"name":"user_id","column":"user_id","type":"long"}],
         "response_parameters":[{"name":"user_name","column":"user_name"}]}]})"));
    ASSERT_EQ(made.status, 200) << made.body;
    const auto list = ask("alice", "GET", "/admin/v1/apis?name=Query_User");
    draft = "/admin/v1/apis/" + list.body["items"][0].value("id", "");
  }

  // What is read, without what is only told.
  Json read_definition() {
    auto body = ask("alice", "GET", draft).body;
    Json definition;
    for (const char* member : {"path", "data_source", "table", "description", "request_parameters",
                               "response_parameters"}) {
      definition[member] = body[member];
    }
    return definition;
  }

  AdminHouse house;
  std::string draft;
};

TEST_F(TwoPeople, TheSecondSaveOfADraftIsRefusedWithWhatChanged) {
  const auto alices = ask("alice", "GET", draft), bobs = ask("bob", "GET", draft);
  ASSERT_FALSE(alices.etag.empty());
  EXPECT_EQ(alices.etag, bobs.etag);

  auto by_bob = read_definition(), by_alice = by_bob;
  by_bob["path"] = "/users";
  by_bob["request_parameters"][0]["sample"] = "10001";
  by_alice["description"] = "who is it";
  const auto first = ask("bob", "PUT", draft, by_bob, {{"If-Match", bobs.etag}});
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_NE(first.etag, bobs.etag);

  const auto second = ask("alice", "PUT", draft, by_alice, {{"If-Match", alices.etag}});
  EXPECT_EQ(second.status, 412);
  const auto& error = second.body["error"];
  EXPECT_EQ(error["code"], "precondition_failed");
  EXPECT_EQ(error["message"], "'bob' changed this since you read it");
  EXPECT_EQ(error["changes"].size(), 1u);
  EXPECT_EQ(error["changes"][0]["actor"], "bob");
  std::vector<std::string> labels;
  for (const auto& one : error["difference"]["changed"]) labels.push_back(one["label"]);
  EXPECT_EQ(labels,
            (std::vector<std::string>{"draft.path", "draft.request_parameters.user_id.sample"}))
      << error;
  EXPECT_EQ(error["difference"]["changed"][0]["from"], "/user");
  EXPECT_EQ(error["difference"]["changed"][0]["to"], "/users");

  // Nothing of hers was taken, and with the tag of what is there now it goes.
  const auto now = ask("alice", "GET", draft);
  EXPECT_EQ(now.body["description"], "");
  EXPECT_EQ(now.body["path"], "/users");
  EXPECT_EQ(ask("alice", "PUT", draft, by_alice, {{"If-Match", now.etag}}).status, 200);
}

TEST_F(TwoPeople, AllWhoChangedItSinceAreNamed) {
  const auto seen = ask("alice", "GET", draft);
  auto definition = read_definition();
  for (const char* who : {"bob", "alice", "bob"}) {
    definition["description"] = definition.value("description", "") + "x";
    ASSERT_EQ(ask(who, "PUT", draft, definition).status, 200);
  }
  const auto refused = ask("alice", "DELETE", draft, {}, {{"If-Match", seen.etag}});
  EXPECT_EQ(refused.status, 412);
  EXPECT_EQ(refused.body["error"]["message"], "'bob' and 'alice' changed this since you read it");
  EXPECT_EQ(refused.body["error"]["changes"].size(), 3u);
  EXPECT_EQ(refused.body["error"]["difference"]["changed"][0]["from"], "");
  EXPECT_EQ(refused.body["error"]["difference"]["changed"][0]["to"], "xxx");
  EXPECT_EQ(ask("alice", "GET", draft).status, 200);
}

TEST_F(TwoPeople, ATestOfTheDraftIsInNobodysWay) {
  const auto seen = ask("alice", "GET", draft);
  ASSERT_EQ(ask("bob", "POST", draft + "/test", {{"parameters", {{"user_id", 10001}}}}).status,
            200);
  const auto tested = ask("alice", "GET", draft);
  EXPECT_EQ(tested.body["tested"], true);
  EXPECT_NE(tested.etag, seen.etag);  // the answer is another one
  EXPECT_EQ(ask("alice", "PUT", draft, read_definition(), {{"If-Match", seen.etag}}).status, 200);
}

TEST_F(TwoPeople, OfEveryResourceTheSecondSaveIsRefused) {
  ask("alice", "POST", "/admin/v1/members",
      {{"workspace", "shop"}, {"name", "ann"}, {"roles", {"visitor"}}});
  const auto token =
      ask("alice", "POST", "/admin/v1/tokens", {{"name", "ann"}}).body["token"]["id"];
  const struct {
    std::string path;
    Json first, second;
  } cases[] = {
      {"members/shop/ann", {{"roles", {"developer"}}}, {{"roles", {"approver"}}}},
      {"tokens/" + token.get<std::string>(), {{"enabled", false}}, {{"description", "2"}}},
      {"workspaces/shop", {{"description", "1"}}, {{"description", "2"}}},
      {"networks/lan",
       {{"address_range", "10.1.0.0/16"}, {"description", "1"}},
       {{"address_range", "10.1.0.0/16"}, {"description", "2"}}},
      {"domains/api.example.com", {{"description", "1"}}, {{"description", "2"}}},
      {"consumers/app", {{"description", "1"}}, {{"description", "2"}}},
      {"rest-apis/users",
       {{"base_path", "/v1"}, {"description", "1"}},
       {{"base_path", "/v1"}, {"description", "2"}}},
      {"data-sources/shop/db",
       {{"type", "sqlite"}, {"settings", {{"path", "b.db"}, {"password", "second secret"}}}},
       {{"type", "sqlite"}, {"settings", {{"path", "c.db"}}}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.path);
    const auto path = std::string("/admin/v1/") + c.path;
    const auto seen = ask("alice", "GET", path);
    ASSERT_EQ(seen.status, 200) << seen.body;
    ASSERT_FALSE(seen.etag.empty());
    const auto first = ask("bob", "PUT", path, c.first, {{"If-Match", seen.etag}});
    ASSERT_EQ(first.status, 200) << first.body;
    const auto second = ask("alice", "PUT", path, c.second, {{"If-Match", seen.etag}});
    EXPECT_EQ(second.status, 412) << second.body;
    EXPECT_EQ(second.body.dump().find("secret\""), std::string::npos) << second.body;
    EXPECT_FALSE(second.body["error"]["difference"]["changed"].empty()) << second.body;
    EXPECT_EQ(ask("alice", "DELETE", path, {}, {{"If-Match", seen.etag}}).status, 412);
    EXPECT_EQ(ask("alice", "PUT", path, c.second, {{"If-Match", first.etag}}).status, 200);
  }
}

TEST_F(TwoPeople, WhatIsReadAlreadyIsNotSentAgain) {
  const auto seen = ask("alice", "GET", draft);
  const auto again = ask("alice", "GET", draft, {}, {{"If-None-Match", seen.etag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.etag, seen.etag);
  ask("bob", "POST", draft + "/test", {{"parameters", {{"user_id", 10001}}}});
  EXPECT_EQ(ask("alice", "GET", draft, {}, {{"If-None-Match", seen.etag}}).status, 200);
}

TEST_F(TwoPeople, APreconditionThatNobodyCanJudgeIsRefused) {
  const auto etag = ask("alice", "GET", draft).etag;
  const struct {
    const char* name;
    const char* method;
    std::string path;
    Headers conditions;
    int status;
  } cases[] = {
      {"no such resource", "DELETE", "/admin/v1/networks/none", {{"If-Match", etag}}, 412},
      {"a path without a tag", "POST", "/admin/v1/apply", {{"If-Match", etag}}, 400},
      {"no entity tag", "DELETE", draft, {{"If-Match", "abc"}}, 400},
      {"empty", "DELETE", draft, {{"If-Match", ""}}, 400},
      {"twice", "DELETE", draft, {{"If-Match", etag}, {"if-match", etag}}, 400},
      {"too long", "DELETE", draft, {{"If-Match", '"' + std::string(5000, 'a') + '"'}}, 400},
      {"only if it is not there", "DELETE", draft, {{"If-None-Match", "*"}}, 412},
      {"weak", "DELETE", draft, {{"If-Match", "W/" + etag}}, 412},
      {"any that is there", "DELETE", draft, {{"If-Match", "*"}}, 204},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Json body = c.path.ends_with("apply") ? Json{{"documents", Json::array()}} : Json();
    const auto answer = ask("alice", c.method, c.path, body, c.conditions);
    EXPECT_EQ(answer.status, c.status) << answer.body;
  }
}

// `sluice set` and `sluice member set` read, change something and write the whole: what came
// between is not undone.
TEST_F(TwoPeople, TheCommandLineDoesNotOverwriteWhatCameBetween) {
  ask("alice", "POST", "/admin/v1/members",
      {{"workspace", "shop"}, {"name", "ann"}, {"roles", {"developer"}}});
  const struct {
    std::vector<std::string> words;
    std::string path;
    Json between, after;
    const char* told;
  } cases[] = {
      {{"set", "domain", "api.example.com", "protocol=https"},
       "/admin/v1/domains/api.example.com",
       {{"description", "bob's"}},
       {{"description", "bob's"}, {"protocol", "https"}},
       "~ description: \"\" -> bob's\n"},
      {{"member", "set", "shop/ann", "--right", "gateway"},
       "/admin/v1/members/shop/ann",
       {{"roles", {"visitor"}}},
       {{"roles", {"visitor"}}, {"rights", {"gateway"}}},
       "~ roles: [\"developer\"] -> [\"visitor\"]\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.path);
    bool is_between = true;
    std::ostringstream printed;
    const cli::Surroundings surroundings{
        printed, printed, false,
        [](const char* name) -> std::optional<std::string> {
          if (std::string_view(name) == "SLUICE_TOKEN") return "token-a";
          return {};
        },
        [&](const http::ClientRequest& request) -> Result<http::ClientResponse> {
          constexpr std::string_view kAddress = "http://127.0.0.1:8081";
          auto answer = house.ask(
              {request.method, request.url.substr(kAddress.size()), request.body, request.headers});
          if (is_between && request.method == "GET" && request.url.ends_with(c.path)) {
            is_between = false;
            ask("bob", "PUT", c.path, c.between);
          }
          return http::ClientResponse{answer.status, answer.headers, answer.body};
        }};
    EXPECT_EQ(cli::run_cli(c.words, {}, surroundings), 1);
    EXPECT_EQ(
        printed.str(),
        "error: If-Match: 'bob' changed this since you read it\n"
        "  -> read it again, take over what changed, and send the change with its new ETag in "
        "If-Match\n" +
            std::string(c.told));
    EXPECT_EQ(cli::run_cli(c.words, {}, surroundings), 0);
    const auto found = ask("bob", "GET", c.path).body;
    for (const auto& [name, value] : c.after.items()) EXPECT_EQ(found[name], value) << name;
  }
}

}  // namespace
}  // namespace sluice::tests
