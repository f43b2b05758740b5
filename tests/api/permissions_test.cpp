// SPDX-License-Identifier: Apache-2.0
// Who may do what, asked of every route and every kind of document with real requests, and compared
// with what the matrix says. The judgement here is written once more and on its own: it knows the
// matrix, whose each noun is, and the words of the route table; nothing of the guards.
//
// docs/permissions.md is made from the same tables; SLUICE_UPDATE_GOLDEN=1 rewrites it.
#include "studio/permissions.hpp"
#include "model/laws.hpp"
#include "tests/api/house.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

namespace sluice::tests {
namespace {

using Json = nlohmann::ordered_json;
using model::Right;
using model::Role;

// ---- who asks

struct Person {
  std::string name;
  std::vector<model::Member> memberships;
  enum class Token { kGood, kNone, kUnknown, kDisabled, kEnded, kNode } token = Token::kGood;
};

const std::vector<Right> kAllRights = {Right::kGateway, Right::kDataService, Right::kDataSource};

std::vector<Person> make_people() {
  std::vector<Person> people = {
      {"node", {}, Person::Token::kNode},
      {"nobody", {}},
      {"no-token", {}, Person::Token::kNone},
      {"unknown-token", {}, Person::Token::kUnknown},
      {"disabled-token", {{"shop", "", {Role::kAdmin}, kAllRights}}, Person::Token::kDisabled},
      {"ended-token", {{"shop", "", {Role::kAdmin}, kAllRights}}, Person::Token::kEnded},
      {"admin-of-all", {{"*", "", {Role::kAdmin}, kAllRights}}},
      {"visitor-of-all", {{"*", "", {Role::kVisitor}, kAllRights}}},
      {"operator-of-all", {{"*", "", {Role::kOperator}, kAllRights}}},
      {"admin-elsewhere", {{"bank", "", {Role::kAdmin}, kAllRights}}},
      {"developer-elsewhere", {{"bank", "", {Role::kDeveloper}, kAllRights}}},
      {"operator-elsewhere", {{"bank", "", {Role::kOperator}, kAllRights}}},
      {"admin-elsewhere-visitor-here",
       {{"bank", "", {Role::kAdmin}, kAllRights}, {"shop", "", {Role::kVisitor}, kAllRights}}},
      {"developer-and-approver", {{"shop", "", {Role::kDeveloper, Role::kApprover}, kAllRights}}},
  };
  for (const auto role :
       {Role::kAdmin, Role::kDeveloper, Role::kOperator, Role::kApprover, Role::kVisitor}) {
    const auto name = "the-" + std::string(to_text(role));
    people.push_back({name, {{"shop", "", {role}, kAllRights}}});
    if (role == Role::kAdmin) continue;  // has every right
    for (const auto right : kAllRights) {
      auto others = kAllRights;
      std::erase(others, right);
      people.push_back(
          {name + "-without-" + std::string(to_text(right)), {{"shop", "", {role}, others}}});
    }
    people.push_back({name + "-without-rights", {{"shop", "", {role}, {}}}});
  }
  return people;
}

std::string token_of(const Person& person) {
  switch (person.token) {
    case Person::Token::kNode:
      return "token-a";
    case Person::Token::kNone:
      return {};
    case Person::Token::kUnknown:
      return "token-of-whom";
    case Person::Token::kGood:
    case Person::Token::kDisabled:
    case Person::Token::kEnded:
      return "token-of-" + person.name;
  }
  return {};
}

// ---- what the matrix says

const studio::PermissionRule& rule_of(const std::string& permission) {
  for (const auto& rule : studio::list_permissions()) {
    if (rule.name == permission) return rule;
  }
  throw std::runtime_error("no permission is called " + permission);
}

template <class T>
bool contains(const std::vector<T>& values, const T& value) {
  return std::ranges::find(values, value) != values.end();
}

bool has_role(const model::Member& member, const studio::PermissionRule& rule) {
  return std::ranges::any_of(member.roles, [&](Role role) { return contains(rule.roles, role); });
}
bool holds(const model::Member& member, const studio::PermissionRule& rule) {
  return has_role(member, rule) && (!rule.right || contains(member.rights, *rule.right));
}
bool is_of(const model::Member& member, const std::string& workspace) {
  return member.workspace == workspace || member.workspace == "*";
}

enum class Verdict { kAllowed, kUnauthenticated, kForbidden, kUnseen, kNoSuchWorkspace };

// Whose a noun is, as the requests below name it.
struct Noun {
  std::vector<std::string> seen_in;    // members of these see it; "": everybody does
  std::vector<std::string> needed_in;  // where a permission to change it is needed
};
const Noun kOfShop{{"shop"}, {"shop"}};
const Noun kShared{{""}, {"*"}};
const Noun kOfAll{{"*"}, {"*"}};

struct Judge {
  const Person& person;

  bool may(const std::string& permission, const std::string& workspace) const {
    return std::ranges::any_of(person.memberships, [&](const auto& m) {
      return is_of(m, workspace) && holds(m, rule_of(permission));
    });
  }
  bool may_anywhere(const std::string& permission) const {
    return std::ranges::any_of(person.memberships,
                               [&](const auto& m) { return holds(m, rule_of(permission)); });
  }
  bool sees(const Noun& noun) const {
    return std::ranges::any_of(noun.seen_in, [&](const auto& workspace) {
      return workspace.empty() || std::ranges::any_of(person.memberships, [&](const auto& m) {
               return is_of(m, workspace);
             });
    });
  }
  std::optional<Verdict> judge_token() const {
    if (person.token == Person::Token::kNode) return Verdict::kAllowed;
    if (person.token != Person::Token::kGood) return Verdict::kUnauthenticated;
    return {};
  }
  // `permission` may be empty: whoever has a token may.
  Verdict judge(const std::string& permission, const std::string& place, const Noun& noun) const {
    if (place == "open") return Verdict::kAllowed;
    if (const auto verdict = judge_token()) return *verdict;
    if (permission.empty()) return Verdict::kAllowed;
    if (!may_anywhere(permission)) return Verdict::kForbidden;
    if (place == "any workspace") return Verdict::kAllowed;
    if (place == "every workspace") {
      return may(permission, "*") ? Verdict::kAllowed : Verdict::kForbidden;
    }
    if (!sees(noun)) {
      return place == "the workspace named" ? Verdict::kNoSuchWorkspace : Verdict::kUnseen;
    }
    if (permission == "look") return Verdict::kAllowed;
    for (const auto& workspace : noun.needed_in) {
      if (!may(permission, workspace)) return Verdict::kForbidden;
    }
    return Verdict::kAllowed;
  }
  // The requirement that a refusal names: the right is missing (R009) or the role (R010).
  std::string find_rule(const std::string& permission, const std::string& workspace) const {
    for (const auto& m : person.memberships) {
      if (is_of(m, workspace) && has_role(m, rule_of(permission))) return "R009";
    }
    return "R010";
  }
};

// ---- what is asked for

struct Stage {
  std::unique_ptr<AdminHouse> house;
  std::map<std::string, std::string> parts;  // of the paths: "/apis/{id}" -> an API's id

  admin::AdminResponse ask(const std::string& token, const std::string& method,
                           const std::string& target, const std::string& body = {}) const {
    admin::AdminRequest request{method, target, body, {{"Content-Type", "application/json"}}};
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    return house->ask(std::move(request));
  }
  Json must(const std::string& method, const std::string& target, const Json& body = {}) const {
    const auto answer =
        ask("token-a", method, target, body.is_null() ? std::string() : body.dump());
    if (answer.status >= 300) {
      throw std::runtime_error(method + " " + target + ": " + answer.body);
    }
    return Json::parse(answer.body, nullptr, false);
  }
};

std::string make_digest_digits(const std::string& token) {
  std::string digits;
  for (const char c : studio::make_token_digest(token)) {
    const auto byte = static_cast<unsigned char>(c);
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

template <class E>
Json make_words(const std::vector<E>& values) {
  auto words = Json::array();
  for (const auto value : values) words.push_back(to_text(value));
  return words;
}

// A workspace with one of everything, live; another one beside it; and everybody who asks.
Stage make_stage(const std::vector<Person>& people) {
  Stage stage;
  stage.house = std::make_unique<AdminHouse>();
  auto documents = Json::parse(R"([
    {"kind": "network", "name": "lan", "address_range": "10.0.0.0/16"},
    {"kind": "gateway-instance", "name": "public"},
    {"kind": "domain", "name": "api.example.com"},
    {"kind": "backend-service", "name": "other", "network": "lan", "addresses": ["10.0.0.1:80"]},
    {"kind": "workspace", "name": "shop", "requires_approval": true},
    {"kind": "workspace", "name": "bank"},
    {"kind": "resource-group", "name": "fast", "network": "default", "workspaces": ["shop"]},
    {"kind": "data-source", "workspace": "shop", "name": "db", "type": "sqlite"},
    {"kind": "rest-api", "name": "users", "base_path": "/v1"},
    {"kind": "rest-api", "name": "loose", "base_path": "/loose"},
    {"kind": "workflow", "workspace": "shop", "name": "User_Flow", "rest_api": "users",
     "folders": ["Orders"]},
    {"kind": "api", "workspace": "shop", "workflow": "User_Flow", "name": "Query_User",
     "path": "/user", "data_source": "db", "table": "t", "result_shape": "page",
     "response_parameters": [{"name": "id", "column": "id"}]},
    {"kind": "member", "workspace": "shop", "name": "target", "roles": ["visitor"]},
    {"kind": "authorization", "consumer": "shop", "api": "shop/Query_User"}])");
  for (const auto& person : people) {
    for (const auto& m : person.memberships) {
      documents.push_back({{"kind", "member"},
                           {"workspace", m.workspace},
                           {"name", person.name},
                           {"roles", make_words(m.roles)},
                           {"rights", make_words(m.rights)}});
    }
    if (person.token == Person::Token::kNode || person.token == Person::Token::kNone ||
        person.token == Person::Token::kUnknown) {
      continue;
    }
    Json token = {
        {"kind", "token"}, {"name", person.name}, {"sha256", make_digest_digits(token_of(person))}};
    if (person.token == Person::Token::kDisabled) token["enabled"] = false;
    if (person.token == Person::Token::kEnded) token["valid_until"] = "2024-12-31T23:59:59Z";
    documents.push_back(std::move(token));
  }
  stage.must("POST", "/admin/v1/apply", {{"documents", documents}});
  const std::string api = stage.must("GET", "/admin/v1/apis?name=Query_User")["items"][0]["id"];
  const auto on_api = "/admin/v1/apis/" + api;
  stage.must("POST", on_api + "/test");
  stage.must("POST", on_api + "/submit");
  stage.must("POST", on_api + "/versions/1/request");
  const auto approved = stage.ask("token-b", "POST", on_api + "/versions/1/approve");
  if (approved.status != 200) throw std::runtime_error(approved.body);
  stage.must("POST", on_api + "/versions/1/publish",
             {{"instance", "public"}, {"domain", ""}, {"backend", "Default"}});
  const auto issued =
      stage.must("POST", "/admin/v1/consumers/shop/credentials", {{"type", "api-key"}});
  const auto record =
      stage.must("GET", "/admin/v1/audit?kind=data-source")["items"][0]["number"].dump();
  stage.parts = {
      {"/admin/v1/apis/{id}", api},
      {"/admin/v1/apis/{id}/versions/{version}", "1"},
      {"/admin/v1/apis/{id}/test-records/{record}", "T1"},
      {"/admin/v1/audit/{number}", record},
      {"/admin/v1/backend-services/{name}", "other"},
      {"/admin/v1/consumers/{name}", "shop"},
      {"/admin/v1/credentials/{id}", issued["credential"]["id"]},
      {"/admin/v1/data-sources/{workspace}", "shop"},
      {"/admin/v1/data-sources/{workspace}/{name}", "db"},
      {"/admin/v1/data-sources/{workspace}/{name}/tables/{table}", "t"},
      {"/admin/v1/domains/{name}", "api.example.com"},
      {"/admin/v1/gateway-instances/{name}", "public"},
      {"/admin/v1/members/{workspace}", "shop"},
      {"/admin/v1/members/{workspace}/{name}", "target"},
      {"/admin/v1/networks/{name}", "lan"},
      {"/admin/v1/published-apis/{id}", api},
      {"/admin/v1/resource-groups/{name}", "fast"},
      {"/admin/v1/rest-apis/{name}", "users"},
      {"/admin/v1/tokens/{id}",
       stage.must("GET", "/admin/v1/tokens?name=nobody")["items"][0]["id"]},
      {"/admin/v1/workflows/{id}", stage.must("GET", "/admin/v1/workflows")["items"][0]["id"]},
      {"/admin/v1/workflows/{id}/folders/{path}", "Orders"},
      {"/admin/v1/workspaces/{name}", "shop"},
  };
  return stage;
}

// Fills the {parts} of a pattern. A new route with a part that is not in the list is a failure.
std::string make_target(const Stage& stage, const std::string& pattern) {
  std::string target, seen;
  std::istringstream words(pattern.substr(1));
  for (std::string word; std::getline(words, word, '/');) {
    seen += "/" + word;
    if (word.front() == '{') {
      const auto part = stage.parts.find(seen);
      if (part == stage.parts.end()) throw std::runtime_error("nothing is known for " + seen);
      word = part->second;
    }
    target += "/" + word;
  }
  return pattern.ends_with("/rollback") ? target + "?instance=public" : target;
}

// Whose the nouns of a collection are.
Noun find_noun(const std::string& pattern) {
  const auto is_under = [&](const char* collection) {
    return pattern.starts_with(std::string("/admin/v1/") + collection + "/");
  };
  if (is_under("gateway-instances") || is_under("networks") || is_under("domains") ||
      is_under("backend-services")) {
    return kShared;
  }
  if (is_under("rest-apis")) return {{""}, {"shop"}};
  if (is_under("resource-groups")) return {{"shop"}, {"*"}};
  if (is_under("tokens")) return kOfAll;
  return kOfShop;
}

// The body that names whom it concerns, where the path does not.
std::string make_body(const Stage& stage, const std::string& method, const std::string& pattern) {
  const std::map<std::string, Json> bodies = {
      {"POST /admin/v1/data-sources", {{"workspace", "shop"}, {"name", "x"}, {"type", "sqlite"}}},
      {"POST /admin/v1/workflows",
       {{"workspace", "shop"}, {"name", "Another_Flow"}, {"rest_api", "users"}}},
      {"POST /admin/v1/apis",
       {{"workspace", "shop"},
        {"workflow", "User_Flow"},
        {"name", "Another"},
        {"path", "/x"},
        {"data_source", "db"},
        {"table", "t"}}},
      {"POST /admin/v1/members", {{"workspace", "shop"}, {"name", "x"}, {"roles", {"visitor"}}}},
      {"POST /admin/v1/authorizations",
       {{"consumer", "shop"}, {"api", stage.parts.at("/admin/v1/apis/{id}")}}},
      {"POST /admin/v1/authorizations/revoke",
       {{"consumer", "shop"}, {"api", stage.parts.at("/admin/v1/apis/{id}")}}},
  };
  const auto body = bodies.find(method + " " + pattern);
  return body == bodies.end() ? std::string() : body->second.dump();
}

struct RouteLine {
  std::string method, pattern, permission, place;
};

Json read_description(const Stage& stage) { return stage.must("GET", "/admin/v1/openapi.json"); }

Json list_document_lines(const Json& description) {
  return description["paths"]["/admin/v1/apply"]["post"]["x-sluice-documents"];
}

std::vector<RouteLine> list_routes(const Json& description) {
  std::vector<RouteLine> routes;
  for (const auto& [pattern, methods] : description["paths"].items()) {
    for (const auto& [word, operation] : methods.items()) {
      std::string method = word;
      std::ranges::transform(method, method.begin(), [](char c) { return c & ~0x20; });
      const auto& needs = operation["x-sluice-permission"];
      routes.push_back({method, pattern, needs["name"].is_null() ? "" : needs["name"],
                        needs["in"].get<std::string>()});
    }
  }
  return routes;
}

Verdict classify(const admin::AdminResponse& answer) {
  if (answer.status == 401) return Verdict::kUnauthenticated;
  if (answer.status == 403) return Verdict::kForbidden;
  if (answer.status == 404) return Verdict::kUnseen;
  const bool is_no_workspace =
      answer.status == 400 &&
      Json::parse(answer.body).at("error").value("pointer", "") == "/workspace";
  return is_no_workspace ? Verdict::kNoSuchWorkspace : Verdict::kAllowed;
}

std::string say(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed:
      return "allowed";
    case Verdict::kUnauthenticated:
      return "401";
    case Verdict::kForbidden:
      return "403";
    case Verdict::kUnseen:
      return "404";
    case Verdict::kNoSuchWorkspace:
      return "400 /workspace";
  }
  return "?";
}

// Proves: R009, R010, R011
TEST(Permissions, EveryRouteAnswersEverybodyAsTheMatrixSays) {
  const auto people = make_people();
  auto stage = make_stage(people);
  const auto routes = list_routes(read_description(stage));
  EXPECT_GE(routes.size(), 100u);
  std::map<std::string, int> counts;
  for (const auto& route : routes) {
    auto noun = find_noun(route.pattern);
    // Records of a workspace are read one by one by its admins only.
    const bool is_record = route.pattern == "/admin/v1/audit/{number}";
    for (const auto& person : people) {
      const Judge judge{person};
      auto expected = judge.judge(route.permission, route.place, noun);
      if (is_record && expected == Verdict::kAllowed && person.token == Person::Token::kGood &&
          !judge.may("audit.read", "shop")) {
        expected = Verdict::kUnseen;
      }
      const auto what = person.name + " " + route.method + " " + route.pattern;
      const auto answer =
          stage.ask(token_of(person), route.method, make_target(stage, route.pattern),
                    make_body(stage, route.method, route.pattern));
      EXPECT_EQ(say(classify(answer)), say(expected)) << what << "\n" << answer.body;
      ++counts[say(expected)];
      const bool names_shop = noun.needed_in == std::vector<std::string>{"shop"} &&
                              person.memberships.size() == 1 &&
                              person.memberships[0].workspace == "shop";
      if (expected == Verdict::kForbidden && names_shop) {
        const auto error = Json::parse(answer.body)["error"];
        const auto rule = judge.find_rule(route.permission, "shop");
        // Of what every workspace needs, only whether he has it anywhere is told first.
        if (route.place != "every workspace") {
          EXPECT_EQ(error.value("rule", ""), rule) << what << "\n" << answer.body;
        }
        if (rule == "R009" && route.place != "every workspace") {
          const std::string right(to_text(*rule_of(route.permission).right));
          EXPECT_NE(answer.body.find("the right '" + right + "'"), std::string::npos)
              << what << "\n"
              << answer.body;
        }
      }
      if (expected == Verdict::kAllowed && route.method != "GET") stage = make_stage(people);
    }
  }
  // That nothing was judged in vain.
  for (const auto* verdict : {"allowed", "401", "403", "404", "400 /workspace"}) {
    EXPECT_GE(counts[verdict], 4) << verdict;
  }
}

// Proves: R011
TEST(Permissions, NothingThatIsReadTellsOfAnotherWorkspace) {
  const auto people = make_people();
  const auto stage = make_stage(people);
  const std::vector<std::string> tell_tales = {"shop",
                                               "Query_User",
                                               "User_Flow",
                                               "target",
                                               stage.parts.at("/admin/v1/apis/{id}"),
                                               stage.parts.at("/admin/v1/workflows/{id}"),
                                               stage.parts.at("/admin/v1/credentials/{id}")};
  int read = 0;
  for (const auto& route : list_routes(read_description(stage))) {
    if (route.method != "GET" || route.permission.empty()) continue;
    for (const auto& person : people) {
      const bool is_elsewhere =
          person.memberships.size() == 1 && person.memberships[0].workspace == "bank";
      if (!is_elsewhere) continue;
      const auto answer = stage.ask(token_of(person), "GET", make_target(stage, route.pattern));
      if (answer.status != 200) continue;
      ++read;
      for (const auto& word : tell_tales) {
        EXPECT_EQ(answer.body.find(word), std::string::npos)
            << person.name << " reads '" << word << "' at " << route.pattern << "\n"
            << answer.body;
      }
    }
  }
  EXPECT_GT(read, 60) << "there was something to read";
  // A group is shared by workspaces; which others there are is not told, nor found by asking.
  const auto ask = [&](const std::string& target) {
    return Json::parse(stage.ask("token-of-admin-elsewhere", "GET", target).body);
  };
  EXPECT_EQ(ask("/admin/v1/resource-groups/default")["workspaces"], Json({"bank"}));
  EXPECT_EQ(ask("/admin/v1/resource-groups?workspace=shop")["total"], 0);
  EXPECT_EQ(ask("/admin/v1/resource-groups?workspace=bank")["total"], 1);
}

// Proves: R009, R010, R011
TEST(Permissions, EveryKindOfDocumentIsTakenAsTheMatrixSays) {
  const auto people = make_people();
  const auto stage = make_stage(people);
  const auto api = Json::parse(R"({"workspace": "shop", "workflow": "User_Flow",
      "name": "Query_User", "path": "/user", "data_source": "db", "table": "t"})");
  auto definition = api;
  definition.erase("workspace");
  definition.erase("workflow");
  definition["resource_group"] = "default";
  definition["response_parameters"] = {{{"name", "id"}, {"column", "id"}}};
  definition["result_shape"] = "page";
  const struct {
    const char* kind;
    const char* with;
    Json body;
    std::string needed_in;
  } cases[] = {
      {"network", "", {{"name", "lan"}, {"address_range", "10.0.0.0/16"}}, "*"},
      {"gateway-instance", "", {{"name", "public"}}, "*"},
      {"domain", "", {{"name", "api.example.com"}}, "*"},
      {"backend-service",
       "",
       {{"name", "other"}, {"network", "lan"}, {"addresses", {"10.0.0.1:80"}}},
       "*"},
      {"workspace", "", {{"name", "shop"}}, "shop"},
      {"workspace", "", {{"name", "new"}}, "*"},
      {"resource-group", "", {{"name", "fast"}, {"network", "default"}}, "*"},
      {"data-source", "", {{"workspace", "shop"}, {"name", "db"}, {"type", "sqlite"}}, "shop"},
      {"rest-api", "", {{"name", "users"}, {"base_path", "/v1"}}, "shop"},
      {"rest-api", "", {{"name", "new"}, {"base_path", "/v2"}}, ""},
      {"rest-api", "", {{"name", "loose"}, {"base_path", "/loose"}}, "*"},
      {"workflow",
       "",
       {{"workspace", "shop"}, {"name", "User_Flow"}, {"rest_api", "users"}},
       "shop"},
      {"consumer", "", {{"name", "shop"}}, "shop"},
      {"consumer", "", {{"name", "mobile"}}, "*"},
      {"credential",
       "",
       {{"consumer", "shop"}, {"type", "api-key"}, {"given", {{"k", "v"}}}},
       "shop"},
      {"credential",
       "record",
       {{"consumer", "shop"},
        {"type", "api-key"},
        {"record",
         {{"id", "cred-x"},
          {"lookups", "YQ=="},
          {"is_unique", true},
          {"secret", "YQ=="},
          {"display", "d"},
          {"enabled", true},
          {"created_at", "2025-01-01T00:00:00Z"},
          {"rank", 1}}}},
       "shop"},
      {"api", "", api, "shop"},
      {"version",
       "",
       {{"api", "shop/Query_User"},
        {"version", 7},
        {"status", "Can Be Published"},
        {"definition", definition}},
       "shop"},
      {"deployment",
       "",
       {{"api", "shop/Query_User"}, {"instance", "public"}, {"version", 1}},
       "shop"},
      {"authorization", "", {{"consumer", "shop"}, {"api", "shop/Query_User"}}, "shop"},
      {"authorization", "", {{"consumer", "shop"}, {"rest_api", "users"}}, "shop"},
      {"authorization", "", {{"consumer", "shop"}, {"rest_api", "loose"}}, "*"},
      {"member", "", {{"workspace", "shop"}, {"name", "x"}, {"roles", {"visitor"}}}, "shop"},
      {"member", "", {{"workspace", "*"}, {"name", "x"}, {"roles", {"visitor"}}}, "*"},
      {"token", "", {{"name", "x"}, {"sha256", make_digest_digits("x")}}, "*"},
  };
  for (const auto& line : list_document_lines(read_description(stage))) {
    const std::string kind = line["kind"];
    const std::string with = line["with"].is_null() ? "" : line["with"];
    bool is_tried = false;
    for (const auto& c : cases) {
      if (kind != c.kind || with != c.with) continue;
      is_tried = true;
      auto document = c.body;
      document["kind"] = kind;
      const Json body = {{"dry_run", true}, {"documents", {document}}};
      for (const auto& person : people) {
        const Judge judge{person};
        const auto permission = line["permission"].get<std::string>();
        auto expected =
            judge.judge_token().value_or((c.needed_in.empty() ? judge.may_anywhere(permission)
                                                              : judge.may(permission, c.needed_in))
                                             ? Verdict::kAllowed
                                             : Verdict::kForbidden);
        const auto answer = stage.ask(token_of(person), "POST", "/admin/v1/apply", body.dump());
        // 404: the consumer that it names is none that he sees.
        const auto got = answer.status == 401                           ? Verdict::kUnauthenticated
                         : answer.status == 403 || answer.status == 404 ? Verdict::kForbidden
                                                                        : Verdict::kAllowed;
        EXPECT_EQ(say(got), say(expected)) << person.name << " " << document.dump() << "\n"
                                           << answer.body;
        if (got == Verdict::kAllowed) {
          EXPECT_EQ(answer.status, 200) << document.dump() << "\n" << answer.body;
        }
      }
    }
    EXPECT_TRUE(is_tried) << "no case is of the kind " << kind << " " << with;
  }
}

// ---- the page

std::string make_page(const Json& description) {
  std::ostringstream page;
  page << "# Who may do what\n\n"
          "Made from the matrix of permissions, the route table and the kinds of document by the "
          "test `Permissions.PageSaysWhatTheTablesSay`\n"
          "(`SLUICE_UPDATE_GOLDEN=1` rewrites it). [people.md](people.md) explains members, roles "
          "and tokens.\n\n"
          "## Permissions\n\n"
          "A member of a workspace has a permission there when one of his roles and, where one is "
          "named, the right are his.\n"
          "A member of every workspace (`*`) has it in all of them, and over what belongs to "
          "none. The node's own token has all.\n\n"
          "| permission | what it lets do | admin | developer | operator | approver | visitor | "
          "right |\n|---|---|---|---|---|---|---|---|\n";
  for (const auto& rule : studio::list_permissions()) {
    page << "| `" << rule.name << "` | " << rule.about;
    for (const auto role :
         {Role::kAdmin, Role::kDeveloper, Role::kOperator, Role::kApprover, Role::kVisitor}) {
      page << " | " << (contains(rule.roles, role) ? "yes" : "");
    }
    page << " | " << (rule.right ? to_text(*rule.right) : "") << " |\n";
  }
  page << "\n## Routes\n\n"
          "*Its workspace* is that of what the path names; what is shared by all (instances, "
          "networks, domains, tokens …) is every workspace's.\n"
          "Lists that need a permission in *any workspace* hold only what the caller sees. What he "
          "does not see is answered with 404, as if it were not there.\n\n"
          "| route | permission | where |\n|---|---|---|\n";
  for (const auto& route : list_routes(description)) {
    page << "| `" << route.method << " " << route.pattern << "` | "
         << (route.permission.empty() ? "–" : "`" + route.permission + "`") << " | " << route.place
         << " |\n";
  }
  page << "\n## Documents of `sluice apply`\n\n| kind | permission | where |\n|---|---|---|\n";
  for (const auto& line : list_document_lines(description)) {
    page << "| " << line["kind"].get<std::string>();
    if (!line["with"].is_null()) page << " with `" << line["with"].get<std::string>() << "`";
    page << " | `" << line["permission"].get<std::string>() << "` | "
         << line["in"].get<std::string>() << " |\n";
  }
  return page.str();
}

TEST(Permissions, PageSaysWhatTheTablesSay) {
  const auto path = std::filesystem::path(SLUICE_SOURCE_DIR) / "docs/permissions.md";
  const auto page = make_page(read_description(make_stage({{"nobody", {}}})));
  if (std::getenv("SLUICE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << page;
    return;
  }
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), page) << "rewrite it with SLUICE_UPDATE_GOLDEN=1 and read the difference";
}

TEST(Permissions, TheMatrixNamesEachPermissionOnceAndAnAdminHasAll) {
  std::map<std::string, int> names;
  for (const auto& rule : studio::list_permissions()) {
    ++names[std::string(rule.name)];
    EXPECT_TRUE(contains(rule.roles, Role::kAdmin)) << rule.name;
    EXPECT_FALSE(rule.about.empty()) << rule.name;
    EXPECT_EQ(&studio::find_rule(rule.permission), &rule);
  }
  for (const auto& [name, count] : names) EXPECT_EQ(count, 1) << name;
}

}  // namespace
}  // namespace sluice::tests
