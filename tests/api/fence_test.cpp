// SPDX-License-Identifier: Apache-2.0
// Two workspaces at one node: what the people of one neither change, open nor learn of the other.
#include "tests/api/house.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <map>

namespace sluice::tests {
namespace {

using Json = nlohmann::ordered_json;

class Fence : public testing::Test {
 protected:
  Fence() {
    auto documents = Json::parse(R"([
      {"kind": "gateway-instance", "name": "public"},
      {"kind": "domain", "name": "api.example.com"},
      {"kind": "workspace", "name": "demo"},
      {"kind": "workspace", "name": "evil"},
      {"kind": "data-source", "workspace": "demo", "name": "db", "type": "sqlite"},
      {"kind": "data-source", "workspace": "evil", "name": "db", "type": "sqlite"}])");
    must("alice", "POST", "/admin/v1/apply", {{"documents", documents}});
    join("demo-dev", {{"demo", "developer"}});
    join("demo-op", {{"demo", "operator"}});
    join("demo-admin", {{"demo", "admin"}});
    join("evil-dev", {{"evil", "developer"}});
    join("evil-op", {{"evil", "operator"}});
    join("both-dev", {{"demo", "developer"}, {"evil", "developer"}});
    join("both-admin", {{"demo", "developer"}, {"evil", "admin"}});
  }

  void join(const std::string& who, const std::map<std::string, std::string>& roles) {
    for (const auto& [workspace, role] : roles) {
      must("alice", "PUT", "/admin/v1/members/" + workspace + "/" + who, {{"roles", {role}}});
    }
    tokens_[who] = must("alice", "POST", "/admin/v1/tokens", {{"name", who}}, 201)["secret"];
  }
  admin::AdminResponse ask(const std::string& who, const std::string& method,
                           const std::string& target, const Json& body = {}) {
    const auto token = who == "alice" ? "token-a" : tokens_.at(who);
    return house_.ask(
        {method,
         target,
         body.is_null() ? "" : body.dump(),
         {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}}});
  }
  Json must(const std::string& who, const std::string& method, const std::string& target,
            const Json& body = {}, int status = 200) {
    const auto answer = ask(who, method, target, body);
    EXPECT_EQ(answer.status, status) << who << " " << method << " " << target << " " << body << "\n"
                                     << answer.body;
    return answer.body.empty() ? Json() : Json::parse(answer.body, nullptr, false);
  }
  Json apply(const std::string& who, const char* documents, int status = 200) {
    return must(who, "POST", "/admin/v1/apply", {{"documents", Json::parse(documents)}}, status);
  }
  Json make_rest_api(const std::string& who, const char* name) {
    return must(who, "POST", "/admin/v1/rest-apis",
                {{"name", name}, {"base_path", "/" + std::string(name)}}, 201);
  }
  Json bind(const std::string& who, const char* workspace, const char* rest_api, int status = 201) {
    return must(who, "POST", "/admin/v1/workflows",
                {{"workspace", workspace}, {"name", "Flow"}, {"rest_api", rest_api}}, status);
  }
  Json grant(const std::string& who, const char* consumer, const char* rest_api, int status = 201) {
    return must(who, "POST", "/admin/v1/authorizations",
                {{"consumer", consumer}, {"rest_api", rest_api}}, status);
  }

  AdminHouse house_;
  std::map<std::string, std::string> tokens_;
};

// Proves: R011, R063
TEST_F(Fence, ARestApiThatNobodyBindsIsNobodysToGrantChangeOrDelete) {
  make_rest_api("demo-op", "finance");
  const Json change = {{"base_path", "/stolen"}};
  for (const auto* who : {"evil-op", "demo-op"}) {
    const auto refused = grant(who, "evil", "finance", 403);
    if (std::string(who) == "evil-op") {
      EXPECT_NE(refused.dump().find("bind a workflow to the REST API first (R063)"),
                std::string::npos)
          << refused;
    }
    must(who, "PUT", "/admin/v1/rest-apis/finance", change, 403);
    must(who, "DELETE", "/admin/v1/rest-apis/finance", {}, 403);
    apply(who, R"([{"kind": "rest-api", "name": "finance", "base_path": "/stolen"}])", 403);
  }
  apply("evil-op", R"([{"kind": "authorization", "consumer": "evil", "rest_api": "finance"}])",
        403);
  EXPECT_EQ(must("alice", "GET", "/admin/v1/authorizations?rest_api=finance")["total"], 0);

  // Bound, it is the workspace's.
  bind("demo-dev", "demo", "finance");
  grant("evil-op", "evil", "finance", 403);
  grant("demo-op", "demo", "finance");
  must("demo-op", "PUT", "/admin/v1/rest-apis/finance", {{"base_path", "/money"}});
}

// Proves: R063
TEST_F(Fence, WhatIsBoundByTheSameDocumentsIsTheirs) {
  constexpr const char* kAll = R"([
    {"kind": "authorization", "consumer": "demo", "rest_api": "finance"},
    {"kind": "workflow", "workspace": "demo", "name": "Flow", "rest_api": "finance"},
    {"kind": "rest-api", "name": "finance", "base_path": "/finance"}])";
  apply("demo-admin", kAll);
  apply("demo-admin", kAll);
  make_rest_api("demo-op", "later");
  apply("demo-dev", R"([
    {"kind": "rest-api", "name": "later", "base_path": "/later"},
    {"kind": "workflow", "workspace": "demo", "name": "Later", "rest_api": "later"}])");
  // Not what others bind, nor what stays unbound.
  apply("evil-op", R"([{"kind": "rest-api", "name": "new", "base_path": "/new"},
    {"kind": "authorization", "consumer": "evil", "rest_api": "new"}])",
        403);
  apply("evil-op", R"([{"kind": "rest-api", "name": "new", "base_path": "/new"}])");
}

// Proves: R011, R063
TEST_F(Fence, NobodyBindsToTheRestApiOfAWorkspaceThatDoesNotLetHim) {
  make_rest_api("demo-op", "finance");
  bind("demo-dev", "demo", "finance");
  const auto refused = bind("evil-dev", "evil", "finance", 403);
  EXPECT_EQ(refused.dump().find("demo"), std::string::npos) << refused;
  EXPECT_EQ(refused["error"]["rule"], "R063");
  apply("evil-dev", R"([
    {"kind": "workflow", "workspace": "evil", "name": "Flow", "rest_api": "finance"}])",
        403);
  must("demo-op", "PUT", "/admin/v1/rest-apis/finance", {{"base_path", "/money"}});
  // A second workflow of the same workspace is nothing new.
  must("demo-dev", "POST", "/admin/v1/workflows",
       {{"workspace", "demo"}, {"name", "Second"}, {"rest_api", "finance"}}, 201);

  // Whoever may change it in both binds both; then both agree to a change and to a grant, and
  // either takes one away.
  bind("both-dev", "evil", "finance");
  must("both-dev", "PUT", "/admin/v1/rest-apis/finance", {{"base_path", "/finance"}});
  must("demo-op", "PUT", "/admin/v1/rest-apis/finance", {{"base_path", "/money"}}, 403);
  grant("demo-op", "demo", "finance", 403);
  const Json granted = {{"consumer", "demo"}, {"rest_api", "finance"}};
  grant("alice", "demo", "finance");
  must("demo-dev", "POST", "/admin/v1/authorizations/revoke", granted, 403);
  must("demo-op", "POST", "/admin/v1/authorizations/revoke", granted, 204);
}

// Proves: R063
TEST_F(Fence, WhoBindsIsToldWhoMayCallAlready) {
  make_rest_api("demo-op", "finance");
  bind("demo-dev", "demo", "finance");
  grant("demo-op", "demo", "finance");
  const auto refused = bind("both-dev", "evil", "finance", 403);
  EXPECT_NE(refused.dump().find("consumer 'demo' may call all of REST API 'finance'"),
            std::string::npos)
      << refused;
  bind("both-admin", "evil", "finance");  // who could grant it there himself
}

// Proves: R011, R063
TEST_F(Fence, AGrantThatOutlivedItsWorkspaceOpensNoOtherOne) {
  make_rest_api("evil-op", "finance");
  const std::string flow = bind("evil-dev", "evil", "finance")["id"];
  grant("evil-op", "evil", "finance");
  must("evil-dev", "DELETE", "/admin/v1/workflows/" + flow, {}, 204);
  for (const auto* who : {"demo-dev", "demo-admin"}) {
    const auto refused = bind(who, "demo", "finance", 403);
    EXPECT_EQ(refused.dump().find("evil"), std::string::npos) << refused;
    EXPECT_NE(refused.dump().find("consumers that you do not see"), std::string::npos) << refused;
  }
  bind("evil-dev", "evil", "finance");  // it is their own
}

}  // namespace
}  // namespace sluice::tests
