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

class Addresses : public Fence {
 protected:
  // An API of a workspace at the REST API that both are bound to.
  Json make_api(const std::string& who, const char* workspace, const char* name, const char* path,
                int status = 201, const Json& more = {}) {
    Json body = {
        {"workspace", workspace}, {"workflow", "Flow"},
        {"name", name},           {"path", path},
        {"data_source", "db"},    {"table", "t"},
        {"result_shape", "page"}, {"response_parameters", {{{"name", "id"}, {"column", "id"}}}}};
    if (more.is_object()) body.update(more);
    return must(who, "POST", "/admin/v1/apis", body, status);
  }
  std::string submit(const std::string& who, const Json& api) {
    const auto path = "/admin/v1/apis/" + api.value("id", "");
    must(who, "POST", path + "/test");
    must(who, "POST", path + "/submit", {}, 201);
    return path + "/versions/1";
  }
  void bind_both() {
    make_rest_api("demo-op", "finance");
    bind("demo-dev", "demo", "finance");
    bind("both-dev", "evil", "finance");
  }
};

// Proves: R011, R073
TEST_F(Addresses, WhoTakesAnAddressIsNotTheNameOfAnotherWorkspacesApi) {
  bind_both();
  const auto secret = make_api("demo-dev", "demo", "Top_Secret", "/secret");
  const auto taken = make_api("evil-dev", "evil", "Other", "/secret", 409);
  EXPECT_EQ(taken.dump().find("Top_Secret"), std::string::npos) << taken;
  EXPECT_NE(taken.dump().find("belongs to another API of the same REST API"), std::string::npos)
      << taken;
  const auto ours = make_api("demo-dev", "demo", "Other", "/secret", 409);
  EXPECT_NE(ours.dump().find("'demo/Top_Secret'"), std::string::npos) << ours;

  // A private draft is named to nobody else, although its address is taken.
  make_api("demo-dev", "demo", "Mine", "/mine", 201, {{"visibility", "private"}});
  const auto theirs = make_api("demo-admin", "demo", "Theirs", "/mine", 409);
  EXPECT_EQ(theirs.dump().find("Mine"), std::string::npos) << theirs;
}

// Proves: R011, R131
TEST_F(Addresses, APlanCountsWhatMovesInWorkspacesThatAreNotSeen) {
  bind_both();
  const auto secret = submit("demo-dev", make_api("demo-dev", "demo", "Top_Secret", "/secret"));
  must("demo-op", "POST", secret + "/publish",
       {{"instance", "public"}, {"domain", ""}, {"backend", "Default"}});
  const auto other = submit("evil-dev", make_api("evil-dev", "evil", "Other", "/other"));
  const auto plan_of = other + "/publish-plan?instance=public&domain=api.example.com";
  const auto hidden = must("evil-op", "GET", plan_of);
  EXPECT_EQ(hidden["moves"], Json::array());
  EXPECT_EQ(hidden["hidden_moves"], 1);
  const auto seen = must("alice", "GET", plan_of);
  EXPECT_EQ(seen["moves"][0]["name"], "demo/Top_Secret");
  EXPECT_EQ(seen["hidden_moves"], 0);
  const auto refused =
      must("evil-op", "POST", other + "/publish",
           {{"instance", "public"}, {"domain", "api.example.com"}, {"backend", "Default"}}, 403);
  EXPECT_EQ(refused.dump().find("Top_Secret"), std::string::npos) << refused;
}

// Proves: R011
TEST_F(Addresses, APrivateDraftIsGrantedByNobodyElseAndNotTold) {
  bind_both();
  const auto mine = make_api("demo-dev", "demo", "Mine", "/mine", 201, {{"visibility", "private"}});
  const auto say = [](const char* api) { return Json{{"consumer", "demo"}, {"api", api}}; };
  constexpr auto kGrants = "/admin/v1/authorizations";
  auto there = must("demo-op", "POST", kGrants, say("demo/Mine"), 404).dump();
  const auto absent = must("demo-op", "POST", kGrants, say("demo/None"), 404).dump();
  EXPECT_EQ(there.replace(there.find("Mine"), 4, "None"), absent);
  const auto apply_grant = [&](const char* api) {
    auto document = say(api);
    document["kind"] = "authorization";
    return must("demo-op", "POST", "/admin/v1/apply", {{"documents", {document}}}, 404).dump();
  };
  auto document = apply_grant("demo/Mine");
  EXPECT_EQ(document.replace(document.find("Mine"), 4, "None"), apply_grant("demo/None"));

  must("alice", "POST", kGrants, say("demo/Mine"), 201);
  const auto exported = must("demo-op", "GET", "/admin/v1/export").dump();
  EXPECT_EQ(exported.find("Mine"), std::string::npos) << exported;

  // What was submitted is the workspace's.
  submit("demo-dev", mine);
  must("demo-op", "POST", kGrants, say("demo/Mine"), 201);
}

// Proves: R011
TEST_F(Addresses, AFolderCountsNoPrivateDraftOfSomebodyElse) {
  make_rest_api("demo-op", "finance");
  const std::string flow = bind("demo-dev", "demo", "finance")["id"];
  const auto folders = "/admin/v1/workflows/" + flow + "/folders";
  must("demo-dev", "POST", folders, {{"path", "Orders"}}, 201);
  make_api("demo-dev", "demo", "Mine", "/mine", 201,
           {{"visibility", "private"}, {"folder", "Orders"}});
  EXPECT_EQ(must("demo-dev", "GET", folders)["items"][0]["apis"], 1);
  EXPECT_EQ(must("demo-admin", "GET", folders)["items"][0]["apis"], 0);
}

// Proves: R123
TEST_F(Addresses, NobodyApprovesWhatHeSubmittedWhoeverAsked) {
  make_rest_api("demo-op", "finance");
  bind("demo-dev", "demo", "finance");
  must("alice", "PUT", "/admin/v1/workspaces/demo", {{"requires_approval", true}});
  const auto version = submit("demo-admin", make_api("demo-admin", "demo", "Their_Own", "/own"));
  must("demo-admin", "POST", version + "/request");
  must("demo-admin", "POST", version + "/withdraw");
  must("demo-op", "POST", version + "/request");
  const auto refused = must("demo-admin", "POST", version + "/approve", {}, 403);
  EXPECT_EQ(refused["error"]["rule"], "R123");
  const auto told = must("demo-admin", "GET", version)["actions"].dump();
  EXPECT_EQ(told.find("approve"), std::string::npos) << told;
}

}  // namespace
}  // namespace sluice::tests
