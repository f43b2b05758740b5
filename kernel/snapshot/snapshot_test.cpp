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
    const auto match = (*made)->match(c.host, c.path, c.method);
    EXPECT_EQ(match.status, c.status);
    EXPECT_EQ(match.route ? match.route->api_id : "", c.api);
  }
  EXPECT_EQ((*made)->match("127.0.0.1", "/v1/x", "PUT").allow, "GET, HEAD, POST");
}

TEST(Snapshot, RefusesTwoApisOnOnePathAndNamesBoth) {
  const auto made =
      Snapshot::make({make_route("a", "GET", "/v1/x"), make_route("b", "GET", "/v1/x")}, nullptr);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().status, SLUICE_E_CONFLICT);
  EXPECT_NE(made.error().detail.find("a and b"), std::string::npos);
}

TEST(Snapshot, FindsCredentialsOfTheirOwnKindOnly) {
  auto index = std::make_shared<CredentialIndex>();
  index->add(
      "api-key", "key",
      {.id = "c1", .consumer = "alice", .secret = "s", .attributes = {{"source", "bearer"}}});
  const auto made = Snapshot::make({}, index);
  sluice_credential found{};
  EXPECT_TRUE((*made)->find_credential("api-key", "key", found));
  EXPECT_EQ(to_view(found.consumer), "alice");
  EXPECT_EQ(to_view(found.attributes[0].value), "bearer");
  EXPECT_FALSE((*made)->find_credential("hmac", "key", found));
  EXPECT_FALSE((*made)->find_credential("api-key", "kez", found));
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
