// SPDX-License-Identifier: Apache-2.0
#include "snapshot/snapshot.hpp"

#include "problem/problem.hpp"

#include <gtest/gtest.h>

namespace sluice::snapshot {
namespace {

Route make_route(std::string id, std::string method, std::string path, std::string domain = {}) {
  return {.api_id = std::move(id),
          .method = std::move(method),
          .path = std::move(path),
          .domain = std::move(domain)};
}

http::Request ask(std::string_view host, std::string_view path, std::string_view method,
                  std::string_view query = {}, std::span<const http::Header> headers = {}) {
  http::Request request{};
  request.authority = host;
  request.path = path;
  request.method = method;
  request.query = query;
  request.headers = headers;
  return request;
}

// Proves: R037, R074
TEST(Snapshot, MatchesHostPathAndMethod) {
  auto made = Snapshot::make({make_route("a", "GET", "/v1/x"), make_route("b", "POST", "/v1/x"),
                              make_route("c", "GET", "/v1/y", "api.example.com"),
                              make_route("d", "GET", "/v1/y", "other.example.com")},
                             nullptr);
  ASSERT_TRUE(made);
  const struct {
    const char *host, *path, *method, *api;
    Status status;
  } cases[] = {
      {"127.0.0.1:8080", "/v1/x", "GET", "a", SLUICE_OK},
      {"localhost", "/v1/x", "HEAD", "a", SLUICE_OK},
      {"[::1]:80", "/v1/x", "POST", "b", SLUICE_OK},
      {"API.example.com:443", "/v1/y", "GET", "c", SLUICE_OK},
      {"api.example.com.", "/v1/y", "GET", "c", SLUICE_OK},
      {"api.example.com", "/v1/x", "GET", "", problem::kRouteNotFound},
      {"unknown.example.com", "/v1/x", "GET", "", problem::kRouteNotFound},
      {"127.0.0.1", "/v1/y", "GET", "", problem::kRouteNotFound},  // two domains have it
      {"127.0.0.1", "/v1/X", "GET", "", problem::kRouteNotFound},
      {"127.0.0.1", "/v1/%78", "GET", "", problem::kRouteNotFound},
      {"127.0.0.1", "/v1/x/", "GET", "", problem::kRouteNotFound},
      {"127.0.0.1", "/v1/x", "DELETE", "", problem::kMethodNotAllowed},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.host) + " " + c.method + " " + c.path);
    const auto match = (*made)->match(ask(c.host, c.path, c.method));
    EXPECT_EQ(match.status, c.status);
    EXPECT_EQ(match.route ? match.route->api_id : "", c.api);
  }
  EXPECT_EQ((*made)->match(ask("127.0.0.1", "/v1/x", "PUT")).allow, "GET, HEAD, POST");
}

// Proves: R073
TEST(Snapshot, RefusesTwoApisOnOnePathAndNamesItAlone) {
  const auto made =
      Snapshot::make({make_route("a", "GET", "/v1/x"), make_route("b", "GET", "/v1/x")}, nullptr);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().status, SLUICE_E_CONFLICT);
  // Who is told need not see both.
  EXPECT_EQ(made.error().detail,
            "two APIs both serve GET /v1/x; change the path or undeploy one of them");
}

using Scheme = model::VersionScheme;

Route make_route(std::string id, std::string method, Scheme scheme, std::string version,
                 std::string name, std::string domain = {}) {
  auto route = make_route(std::move(id), std::move(method), "/v/x", std::move(domain));
  route.version_management = {true, scheme, std::move(version), std::move(name)};
  return route;
}

// Proves: R054
TEST(Snapshot, ChoosesAmongVersionsByWhatTheCallSays) {
  constexpr auto kHeader = Scheme::kHeader, kQuery = Scheme::kQuery;
  auto made = Snapshot::make(
      {make_route("q1", "GET", kQuery, "v1", "ver"), make_route("q2", "GET", kQuery, "v2", "ver"),
       make_route("p2", "POST", kQuery, "v2", "ver"),
       make_route("h1", "GET", kHeader, "v1", "X-Version", "api.example.com"),
       make_route("h2", "GET", kHeader, "v2", "x-version", "api.example.com"),
       make_route("plain", "POST", "/v/x", "api.example.com")},
      nullptr);
  ASSERT_TRUE(made) << made.error().detail;
  const struct {
    const char *host, *method, *query;
    std::vector<http::Header> headers;
    const char* api;
    Status status;
    const char* allow = "";
  } cases[] = {
      {"127.0.0.1", "GET", "ver=v1", {}, "q1", SLUICE_OK},
      {"127.0.0.1", "HEAD", "a=b&ver=v2&c", {}, "q2", SLUICE_OK},
      {"127.0.0.1", "GET", "%76er=%76%31", {}, "q1", SLUICE_OK},
      {"127.0.0.1", "POST", "ver=v2", {}, "p2", SLUICE_OK},
      {"127.0.0.1", "GET", "", {}, "", problem::kRouteNotFound},
      {"127.0.0.1", "GET", "ver", {}, "", problem::kRouteNotFound},
      {"127.0.0.1", "GET", "ver=", {}, "", problem::kRouteNotFound},
      {"127.0.0.1", "GET", "ver=v3", {}, "", problem::kRouteNotFound},
      {"127.0.0.1", "GET", "ver=V1", {}, "", problem::kRouteNotFound},
      {"127.0.0.1", "GET", "VER=v1", {}, "", problem::kRouteNotFound},
      {"127.0.0.1", "GET", "ver=v1&ver=v1", {}, "", problem::kRouteNotFound},
      {"127.0.0.1", "GET", "ver=v1&ver=v2", {}, "", problem::kRouteNotFound},
      {"127.0.0.1", "GET", "ver=%zz", {}, "", problem::kRouteNotFound},
      {"127.0.0.1",
       "GET",
       "ver=v1v1v1v1v1v1v1v1v1v1v1v1v1v1v1v1v1v1v1",
       {},
       "",
       problem::kRouteNotFound},
      {"127.0.0.1", "GET", "", {{"ver", "v1"}}, "", problem::kRouteNotFound},
      // A version's methods are its own.
      {"127.0.0.1", "POST", "ver=v1", {}, "", problem::kMethodNotAllowed, "GET, HEAD"},
      {"127.0.0.1", "PUT", "ver=v2", {}, "", problem::kMethodNotAllowed, "GET, HEAD, POST"},
      {"127.0.0.1", "PUT", "ver=v3", {}, "", problem::kRouteNotFound},
      {"api.example.com", "GET", "", {{"X-VERSION", "v1"}}, "h1", SLUICE_OK},
      {"api.example.com", "GET", "", {{"Accept", "a"}, {"x-version", "v2"}}, "h2", SLUICE_OK},
      {"api.example.com", "GET", "ver=v1", {}, "", problem::kMethodNotAllowed, "POST"},
      {"api.example.com",
       "GET",
       "",
       {{"X-Version", "v1, v2"}},
       "",
       problem::kMethodNotAllowed,
       "POST"},
      {"api.example.com",
       "GET",
       "",
       {{"X-Version", "v1"}, {"X-Version", "v1"}},
       "",
       problem::kMethodNotAllowed,
       "POST"},
      {"api.example.com", "POST", "", {}, "plain", SLUICE_OK},
      {"api.example.com", "POST", "", {{"X-Version", "v9"}}, "plain", SLUICE_OK},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.host) + " " + c.method + " " + c.query);
    const auto match = (*made)->match(ask(c.host, "/v/x", c.method, c.query, c.headers));
    EXPECT_EQ(match.status, c.status);
    EXPECT_EQ(match.allow, c.allow);
    EXPECT_EQ(match.route ? match.route->api_id : "", c.api);
  }
  EXPECT_EQ((*made)->find_version_place(ask("127.0.0.1", "/v/x", "GET")),
            "the query parameter 'ver'");
  EXPECT_EQ((*made)->find_version_place(ask("api.example.com", "/v/x", "POST")),
            "the header X-Version");
  EXPECT_EQ((*made)->find_version_place(ask("127.0.0.1", "/v/y", "GET")), "");
}

// Proves: R054, R073
TEST(Snapshot, TwoVersionsShareAPathOnlyWhereCallersSayThemInOnePlace) {
  constexpr auto kHeader = Scheme::kHeader, kQuery = Scheme::kQuery;
  const Route first = make_route("a", "GET", kQuery, "v1", "ver");
  const struct {
    const char* name;
    Route second;
    bool is_right;
  } cases[] = {
      {"another version", make_route("b", "GET", kQuery, "v2", "ver"), true},
      {"another method", make_route("b", "POST", kQuery, "v1", "ver"), true},
      {"another domain", make_route("b", "GET", kQuery, "v1", "ver", "api.example.com"), true},
      {"the same", make_route("b", "GET", kQuery, "v1", "ver"), false},
      {"another parameter", make_route("b", "GET", kQuery, "v2", "Ver"), false},
      {"another place", make_route("b", "GET", kHeader, "v2", "ver"), false},
      {"without versions", make_route("b", "GET", "/v/x"), false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    for (const bool turned : {false, true}) {
      const auto made = turned ? Snapshot::make({c.second, first}, nullptr)
                               : Snapshot::make({first, c.second}, nullptr);
      ASSERT_EQ(bool(made), c.is_right);
      if (made) continue;
      EXPECT_EQ(made.error().status, SLUICE_E_CONFLICT);
      EXPECT_TRUE(made.error().detail.starts_with("two APIs both serve GET /v/x;"))
          << made.error().detail;
    }
  }
}

// Proves: R036, R054
TEST(Snapshot, TheOwnAddressAnswersForAVersionThatOneDomainHas) {
  constexpr auto kHeader = Scheme::kHeader, kQuery = Scheme::kQuery;
  const auto match = [](std::vector<Route> routes, std::string_view query) {
    const auto made = Snapshot::make(std::move(routes), nullptr);
    if (!made) return made.error().detail;
    const auto found = (*made)->match(ask("127.0.0.1", "/v/x", "GET", query));
    return found.route ? found.route->api_id : std::string("none");
  };
  const std::vector<Route> two = {make_route("a1", "GET", kQuery, "v1", "ver", "a.com"),
                                  make_route("a2", "GET", kQuery, "v2", "ver", "a.com"),
                                  make_route("b2", "GET", kQuery, "v2", "ver", "b.com")};
  EXPECT_EQ(match(two, "ver=v1"), "a1");
  EXPECT_EQ(match(two, "ver=v2"), "none") << "two domains have it";
  auto three = two;
  three.push_back(make_route("own", "GET", kQuery, "v2", "ver"));
  EXPECT_EQ(match(three, "ver=v2"), "own") << "it has nowhere else to be called";
  three.push_back(make_route("c", "GET", "/v/x", "c.com"));
  three.push_back(make_route("d", "GET", kHeader, "v1", "X-V", "d.com"));
  EXPECT_EQ(match(three, "ver=v2"), "own");
  auto mixed = two;
  mixed.push_back(make_route("c", "GET", "/v/x", "c.com"));
  EXPECT_EQ(match(mixed, "ver=v1"), "none");
  EXPECT_EQ(match(mixed, ""), "none");
}

TEST(Snapshot, FindsCredentialsOfTheirOwnKindOnly) {
  auto index = std::make_shared<CredentialIndex>();
  index->add(
      "api-key", {"key"},
      {.id = "c1", .consumer = "alice", .secret = "s", .attributes = {{"source", "bearer"}}});
  const auto made = Snapshot::make({}, index);
  sluice_credential found{};
  EXPECT_TRUE((*made)->find_credential("api-key", "key", 0, found));
  EXPECT_EQ(to_view(found.consumer), "alice");
  EXPECT_EQ(to_view(found.attributes[0].value), "bearer");
  EXPECT_FALSE((*made)->find_credential("hmac", "key", 0, found));
  EXPECT_FALSE((*made)->find_credential("api-key", "kez", 0, found));
}

TEST(Snapshot, FindsThoseThatShareAKeyInTheOrderOfTheirRanks) {
  auto index = std::make_shared<CredentialIndex>();
  const auto add = [&](std::string id, std::uint64_t rank, std::vector<std::string> keys) {
    index->add(
        "jwt", keys,
        {.id = std::move(id), .consumer = "c", .secret = {}, .attributes = {}, .rank = rank});
  };
  add("third", 7, {"iss:a", "any"});
  add("first", 2, {"iss:a"});
  add("b-second", 5, {"iss:a"});
  add("a-second", 5, {"iss:a", "any"});
  const auto made = Snapshot::make({}, index);
  const auto list = [&](std::string_view key) {
    std::string text;
    sluice_credential found{};
    for (std::size_t n = 0; (*made)->find_credential("jwt", key, n, found); ++n) {
      text += std::string(to_view(found.id)) + " ";
    }
    return text;
  };
  EXPECT_EQ(list("iss:a"), "first a-second b-second third ");
  EXPECT_EQ(list("any"), "a-second third ");
  EXPECT_EQ(list("none"), "");
  EXPECT_EQ(index->size(), 4u);
}

TEST(Snapshot, KeepsTheRevisionOfACredentialThatStayedAndNeverUsesOneTwice) {
  const auto revision_of = [](const CredentialIndex& index) {
    sluice_credential found{};
    EXPECT_TRUE(index.find("jwt", "k", 0, found));
    return found.revision;
  };
  const CredentialIndex::Entry entry{
      .id = "c1", .consumer = "alice", .secret = "s", .attributes = {{"a", "b"}}};
  CredentialIndex first;
  first.add("jwt", {"k"}, entry);
  CredentialIndex second(&first);
  second.add("jwt", {"k"}, entry);
  second.forget_before();
  EXPECT_EQ(revision_of(second), revision_of(first));

  CredentialIndex third(&second);
  auto changed = entry;
  changed.secret = "t";
  third.add("jwt", {"k"}, changed);
  EXPECT_NE(revision_of(third), revision_of(second));
  CredentialIndex fourth(&third);
  fourth.add("jwt", {"k"}, entry);  // back again: another record all the same
  EXPECT_NE(revision_of(fourth), revision_of(first));
  EXPECT_NE(revision_of(fourth), 0u);
}

TEST(Grants, HoldUntilTheirEndAndTheLaterOfTwoCounts) {
  Grants grants;
  grants.add("for-ever", 0);
  grants.add("for-ever", 5);
  grants.add("late", 10);
  grants.add("late", 20);
  grants.add("late", 15);
  const struct {
    const char* consumer;
    std::uint64_t now;
    bool is_granted;
  } cases[] = {
      {"for-ever", 1'000'000, true}, {"late", 19, true}, {"late", 20, false}, {"nobody", 0, false}};
  for (const auto& c : cases) {
    EXPECT_EQ(grants.is_granted(c.consumer, c.now), c.is_granted) << c.consumer << " " << c.now;
  }
}

TEST(Grants, OfTheApiOrOfItsRestApiAreEnough) {
  const auto of_api = std::make_shared<Grants>();
  of_api->add("both", 10);
  of_api->add("api", 0);
  const auto of_rest_api = std::make_shared<Grants>();
  of_rest_api->add("both", 20);
  of_rest_api->add("rest-api", 0);
  RouteGrants nobody, grants;
  grants.of_api = of_api;
  grants.of_rest_api = of_rest_api;
  EXPECT_TRUE(grants.is_granted("api", 5));
  EXPECT_TRUE(grants.is_granted("rest-api", 5));
  EXPECT_TRUE(grants.is_granted("both", 15));
  EXPECT_FALSE(grants.is_granted("both", 20));
  EXPECT_FALSE(grants.is_granted("another", 5));
  EXPECT_FALSE(nobody.is_granted("both", 5));
}

TEST(Holder, FreesASnapshotOnTheControlSideOnly) {
  Holder holder(2);
  std::weak_ptr<const Snapshot> old;
  {
    auto made = *Snapshot::make({make_route("old", "GET", "/x")}, nullptr);
    old = made;
    holder.store(std::move(made));
  }
  (void)holder.view(0);
  (void)holder.view(1);
  auto pinned = holder.pin(1);
  holder.store(*Snapshot::make({}, nullptr));
  EXPECT_FALSE(old.expired()) << "threads have it";
  (void)holder.view(0);
  (void)holder.view(1);
  holder.collect();
  EXPECT_FALSE(old.expired()) << "a call has it";
  pinned.reset();
  EXPECT_FALSE(old.expired()) << "whoever lets go last does not free it";
  holder.collect();
  EXPECT_TRUE(old.expired());
}

TEST(Holder, ShowsANewSnapshotToAThreadAtItsNextCallAndKeepsThePinnedOne) {
  Holder holder(1);
  holder.store(*Snapshot::make({make_route("old", "GET", "/x")}, nullptr));
  EXPECT_EQ(holder.view(0).routes()[0].api_id, "old");
  const auto pinned = holder.pin(0);
  holder.store(*Snapshot::make({make_route("new", "GET", "/x")}, nullptr));
  EXPECT_EQ(holder.view(0).routes()[0].api_id, "new");
  EXPECT_EQ(pinned->routes()[0].api_id, "old");
}

}  // namespace
}  // namespace sluice::snapshot
