// SPDX-License-Identifier: Apache-2.0
// What people do one after the other, and what scripts cannot say of it.
#include "studio/permissions.hpp"
#include "tests/api/house.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace sluice::tests {
namespace {

using Json = nlohmann::ordered_json;

class People : public testing::Test {
 protected:
  // Everybody by the role that he has in the workspace: "developer", "developer+approver".
  People() {
    auto documents = Json::parse(R"([
      {"kind": "gateway-instance", "name": "public"},
      {"kind": "workspace", "name": "shop", "requires_approval": true},
      {"kind": "data-source", "workspace": "shop", "name": "db", "type": "sqlite",
       "settings": {"password": "s3cret"}},
      {"kind": "rest-api", "name": "users", "base_path": "/v1"},
      {"kind": "workflow", "workspace": "shop", "name": "User_Flow", "rest_api": "users"}])");
    ask("alice", "POST", "/admin/v1/apply", {{"documents", documents}});
    for (const auto* name :
         {"admin-one", "developer", "developer-approver", "operator", "approver", "visitor"}) {
      auto roles = Json::array();
      const std::string text(name);
      for (const auto* role : {"developer", "operator", "approver", "visitor"}) {
        if (text.find(role) != std::string::npos) roles.push_back(role);
      }
      if (roles.empty()) roles.push_back("admin");
      ask("alice", "PUT", "/admin/v1/members/shop/" + text, {{"roles", roles}});
      tokens_[text] = ask("alice", "POST", "/admin/v1/tokens", {{"name", text}}, 201)["secret"];
    }
  }

  Json ask(const std::string& who, const std::string& method, const std::string& target,
           const Json& body = {}, int status = 200) {
    const auto token = who == "alice" ? "token-a" : tokens_.at(who);
    const auto answer =
        house_.ask({method,
                    target,
                    body.is_null() ? "" : body.dump(),
                    {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}}});
    EXPECT_EQ(answer.status, status) << who << " " << method << " " << target << "\n"
                                     << answer.body;
    return answer.body.empty() ? Json() : Json::parse(answer.body, nullptr, false);
  }
  std::string make_api(const std::string& who) {
    const auto made = ask(who, "POST", "/admin/v1/apis",
                          Json::parse(R"({"workspace": "shop", "workflow": "User_Flow",
        "name": "Query_User", "path": "/user", "data_source": "db", "table": "t", "result_shape": "page",
        "response_parameters": [{"name": "id", "column": "id"}]})"),
                          201);
    return "/admin/v1/apis/" + made.value("id", "");
  }

  AdminHouse house_;
  std::map<std::string, std::string> tokens_;
};

// Proves: R010, R123
TEST_F(People, EachOneTakesHisStepsOnTheWayFromDraftToDeployment) {
  const auto api = make_api("developer");
  const Json live = {{"instance", "public"}, {"domain", ""}, {"backend", "Default"}};
  for (const auto* who : {"operator", "approver", "visitor"}) {
    ask(who, "GET", api);
    ask(who, "PUT", api, {{"description", "mine"}}, 403);
    ask(who, "POST", api + "/test", {}, 403);
    ask(who, "POST", api + "/submit", {}, 403);
  }
  ask("developer", "POST", api + "/test");
  ask("developer", "POST", api + "/submit", {}, 201);
  for (const auto* who : {"approver", "visitor"}) {
    ask(who, "POST", api + "/versions/1/request", {}, 403);
  }
  ask("developer", "POST", api + "/versions/1/request");
  for (const auto* who : {"developer", "operator", "visitor"}) {
    ask(who, "POST", api + "/versions/1/approve", {}, 403);
  }
  ask("operator", "POST", api + "/versions/1/publish", live, 409);  // not approved yet
  ask("approver", "POST", api + "/versions/1/approve");
  for (const auto* who : {"developer", "approver", "visitor"}) {
    ask(who, "POST", api + "/versions/1/publish", live, 403);
  }
  ask("operator", "POST", api + "/versions/1/publish", live);
  for (const auto* who : {"developer", "approver", "visitor"}) {
    ask(who, "POST", api + "/undeploy", {{"instance", "public"}}, 403);
  }
  ask("operator", "POST", api + "/undeploy", {{"instance", "public"}}, 204);
}

// Proves: R123
TEST_F(People, NobodyApprovesHisOwnRequestUnlessTheWorkspaceAllowsIt) {
  const auto api = make_api("developer-approver");
  ask("developer-approver", "POST", api + "/test");
  ask("developer-approver", "POST", api + "/submit", {}, 201);
  ask("developer-approver", "POST", api + "/versions/1/request");
  const auto refused = ask("developer-approver", "POST", api + "/versions/1/approve", {}, 403);
  EXPECT_NE(refused.dump().find("R123"), std::string::npos) << refused;
  ask("admin-one", "PUT", "/admin/v1/workspaces/shop",
      {{"requires_approval", true}, {"allows_self_approval", true}});
  const auto approved = ask("developer-approver", "POST", api + "/versions/1/approve");
  EXPECT_EQ(approved["status"], "Can Be Published");
  EXPECT_EQ(approved["decided_by"], "developer-approver");
}

// A version that says of itself that it was approved is for who may restore records.
// Proves: R123
TEST_F(People, ADeveloperAppliesNoVersionThatSaysItWasApproved) {
  make_api("developer");
  const auto version = Json::parse(R"({"documents": [{"kind": "version", "api": "shop/Query_User",
    "version": 1, "status": "Can Be Published", "definition": {"name": "Query_User",
    "path": "/other", "data_source": "db", "table": "secrets", "resource_group": "default",
    "result_shape": "page", "response_parameters": [{"name": "id", "column": "id"}]}}]})");
  for (const auto* who : {"developer", "developer-approver", "operator"}) {
    const auto refused = ask(who, "POST", "/admin/v1/apply", version, 403);
    EXPECT_NE(refused.dump().find("record.restore"), std::string::npos) << refused;
    EXPECT_EQ(refused["error"]["pointer"], "/documents/0");
  }
  EXPECT_EQ(ask("alice", "GET", "/admin/v1/versions")["total"], 0);
  ask("admin-one", "POST", "/admin/v1/apply", version);
  const auto told = ask("admin-one", "GET", "/admin/v1/audit?kind=version");
  ASSERT_EQ(told["items"].size(), 1u);
  EXPECT_EQ(told["items"][0]["actor"], "admin-one");
  EXPECT_EQ(told["items"][0]["action"], "created");
}

TEST_F(People, SecretsAreExportedByWhoMayRevealThemEverywhereAndItIsWrittenDown) {
  for (const auto* who : {"developer", "approver", "visitor", "operator", "admin-one"}) {
    ask(who, "POST", "/admin/v1/export/secrets", {}, 403);
  }
  EXPECT_EQ(ask("alice", "GET", "/admin/v1/audit?action=revealed")["items"].size(), 0u);
  ask("alice", "PUT", "/admin/v1/members/*/operator", {{"roles", {"operator"}}});
  const auto told = ask("operator", "POST", "/admin/v1/export/secrets");
  EXPECT_NE(told.dump().find("s3cret"), std::string::npos);
  EXPECT_NE(told.dump().find("sha256"), std::string::npos) << "tokens, by their digests";
  const auto audit = ask("alice", "GET", "/admin/v1/audit?action=revealed");
  ASSERT_EQ(audit["items"].size(), 1u);
  EXPECT_EQ(audit["items"][0]["actor"], "operator");
  EXPECT_EQ(audit["items"][0]["kind"], "export");

  const auto open = ask("visitor", "GET", "/admin/v1/export").dump();
  EXPECT_EQ(open.find("s3cret"), std::string::npos);
  EXPECT_EQ(open.find("sha256"), std::string::npos);
}

TEST_F(People, APrivateDraftIsInNobodyElsesExport) {
  const auto api = make_api("developer");
  auto whole = ask("developer", "GET", api);
  whole["visibility"] = "private";
  ask("developer", "PUT", api, whole);
  const auto exports = [&](const char* who) {
    return ask(who, "GET", "/admin/v1/export?kinds=api")["documents"].size();
  };
  EXPECT_EQ(exports("developer"), 1u);
  EXPECT_EQ(exports("admin-one"), 0u);
  EXPECT_EQ(exports("visitor"), 0u);
  EXPECT_EQ(exports("alice"), 1u) << "a copy by the node's own token is whole";
}

// Proves: R011
TEST_F(People, AConsumerOfAnotherWorkspaceIsGrantedNothingAndNotToldToBeThere) {
  ask("alice", "POST", "/admin/v1/workspaces", {{"name", "bank"}}, 201);
  ask("alice", "POST", "/admin/v1/consumers", {{"name", "nobodys"}}, 201);
  const auto api = make_api("developer").substr(std::string("/admin/v1/apis/").size());
  const auto grant = [&](const std::string& consumer, int status) {
    return ask("operator", "POST", "/admin/v1/authorizations",
               {{"consumer", consumer}, {"api", api}}, status);
  };
  const auto apply = [&](const std::string& consumer, int status) {
    const Json document = {{"kind", "authorization"}, {"consumer", consumer}, {"api", api}};
    return ask("operator", "POST", "/admin/v1/apply", {{"documents", {document}}}, status);
  };
  const auto named = [](const Json& answer, const std::string& name) {
    auto text = answer.dump();
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) {
      text.replace(at, name.size(), "?");
    }
    return text;
  };
  EXPECT_EQ(named(grant("bank", 404), "bank"), named(grant("absent", 404), "absent"));
  EXPECT_EQ(named(apply("bank", 404), "bank"), named(apply("absent", 404), "absent"));
  grant("nobodys", 201);
  // Who was let in by somebody else is seen, and can be shut out again.
  const Json given = {{"consumer", "bank"}, {"api", api}};
  ask("alice", "POST", "/admin/v1/authorizations", given, 201);
  apply("bank", 200);
  ask("operator", "POST", "/admin/v1/authorizations/revoke", given, 204);
  grant("bank", 404);
  grant("shop", 201);
  apply("shop", 200);
}

// Proves: R143
TEST_F(People, NoSecretIsToldThatCouldNotBeWrittenDown) {
  const auto made =
      ask("operator", "POST", "/admin/v1/consumers/shop/credentials", {{"type", "api-key"}}, 201);
  const std::string secret = made["shown"]["key"];
  const auto reveal = "/admin/v1/credentials/" + made["credential"].value("id", "") + "/reveal";
  house_.fakes.documents.fail_commit = SLUICE_E_UNAVAILABLE;
  const auto failed = ask("operator", "POST", reveal, {}, 503);
  EXPECT_EQ(failed.dump().find(secret), std::string::npos);
  const auto exported = ask("alice", "POST", "/admin/v1/export/secrets", {}, 503);
  EXPECT_EQ(exported.dump().find(secret), std::string::npos);
  house_.fakes.documents.fail_commit = SLUICE_OK;
  EXPECT_EQ(ask("operator", "POST", reveal)["shown"]["key"], secret);
}

TEST_F(People, MoreReadingsOfTheAuditLogThanTheBoundWait) {
  std::vector<int> statuses;
  for (std::size_t i = 0; i <= admin::kAuditsInFlightMax; ++i) {
    house_.api.handle({"POST", "/admin/v1/audit/verify", "", {{"Authorization", "Bearer token-a"}}},
                      [&](admin::AdminResponse answer) { statuses.push_back(answer.status); });
  }
  EXPECT_EQ(statuses, std::vector<int>{429});
  house_.workers.run();
  house_.control.run();
  EXPECT_EQ(statuses, (std::vector<int>{429, 200, 200}));
  ask("alice", "POST", "/admin/v1/audit/verify");
}

}  // namespace
}  // namespace sluice::tests
