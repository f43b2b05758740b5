// SPDX-License-Identifier: Apache-2.0
// Who may change members and tokens, beyond having the permission; and tokens themselves.
#include "studio/fakes.hpp"
#include "studio/permissions.hpp"

#include <gtest/gtest.h>

namespace sluice::studio {
namespace {

using model::Member;
using model::Right;
using model::Role;

constexpr model::UnixMs kNow = 1'735'689'600'000;

model::State make_state(const std::vector<Member>& members,
                        const std::vector<std::string>& tokens) {
  model::State state;
  state.workspaces.put("shop", {.name = "shop"});
  state.workspaces.put("bank", {.name = "bank"});
  for (const auto& m : members) state.members.put(model::make_key(m.workspace, m.name), m);
  for (const auto& name : tokens) {
    state.tokens.put("tok-" + name, {.id = "tok-" + name, .name = name, .sha256 = name});
  }
  return state;
}

void put(model::State& state, const Member& member) {
  state.members.put(model::make_key(member.workspace, member.name), member);
}

// What is said of an edit by `actor`; empty: he may.
std::string judge(const std::string& actor, const model::State& before, const model::State& after,
                  model::UnixMs now = kNow) {
  const auto may = check_people(Access::find(before, actor), before, after, now);
  return may ? "" : may.error().detail;
}

TEST(People, GiveNothingThatTheyDoNotHoldThemselves) {
  const auto before = make_state({{"*", "top", {Role::kAdmin}},
                                  {"shop", "ann", {Role::kAdmin}},
                                  {"shop", "dev", {Role::kDeveloper}},
                                  {"shop", "op", {Role::kOperator}, {Right::kGateway}},
                                  {"shop", "vis", {Role::kVisitor}}},
                                 {"top", "ann", "dev", "op", "vis"});
  const struct {
    const char* name;
    const char* actor;
    Member member;
    const char* refused_with;  // "": he may
  } cases[] = {
      {"an admin gives what he likes", "ann", {"shop", "new", {Role::kOperator}}, ""},
      {"but not elsewhere", "ann", {"bank", "new", {Role::kVisitor}}, "'look'"},
      {"nor everywhere", "ann", {"*", "new", {Role::kVisitor}}, "'look'"},
      {"an admin of all may do that", "top", {"*", "new", {Role::kAdmin}}, ""},
      {"what one holds can be given", "dev", {"shop", "new", {Role::kDeveloper}}, ""},
      {"another role cannot", "dev", {"shop", "new", {Role::kOperator}}, "'gateway.manage'"},
      {"nor more of it",
       "dev",
       {"shop", "new", {Role::kDeveloper, Role::kAdmin}},
       "'workspace.manage'"},
      {"nor another right", "op", {"shop", "new", {Role::kOperator}}, "'test.read'"},
      {"with the same right it can",
       "op",
       {"shop", "new", {Role::kOperator}, {Right::kGateway}},
       ""},
      {"nor is one who has more made less",
       "dev",
       {"shop", "op", {Role::kVisitor}},
       "'gateway.manage'"},
      {"nor more of oneself", "vis", {"shop", "vis", {Role::kAdmin}}, "'workspace.manage'"},
      {"a stranger gives nothing", "stranger", {"shop", "new", {Role::kVisitor}}, "'look'"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto after = before;
    put(after, c.member);
    const auto said = judge(c.actor, before, after);
    EXPECT_EQ(said.empty(), *c.refused_with == '\0') << said;
    EXPECT_NE(said.find(c.refused_with), std::string::npos) << said;
    EXPECT_TRUE(check_people(Access::of_node(), before, after, kNow));
  }
}

TEST(People, TheLastAdminWhoseTokenWorksStays) {
  const Member ann{"shop", "ann", {Role::kAdmin}}, ben{"shop", "ben", {Role::kAdmin}},
      top{"*", "top", {Role::kAdmin}};
  const auto without = [](model::State state, const Member& m) {
    state.members.erase(model::make_key(m.workspace, m.name));
    return state;
  };
  const auto change = [](model::State state, const std::string& name, auto edit) {
    auto token = *state.tokens.find("tok-" + name);
    edit(token);
    state.tokens.put("tok-" + name, token);
    return state;
  };
  const auto one = make_state({ann}, {"ann"});
  EXPECT_NE(judge("ann", one, without(one, ann)), "");
  const auto demoted = [&] {
    auto state = one;
    put(state, {"shop", "ann", {Role::kDeveloper}});
    return state;
  }();
  EXPECT_NE(judge("ann", one, demoted), "");
  EXPECT_TRUE(check_people(Access::of_node(), one, demoted, kNow));

  const auto two = make_state({ann, ben}, {"ann", "ben"});
  EXPECT_EQ(judge("ann", two, without(two, ann)), "");
  EXPECT_NE(judge("ann", two, without(without(two, ann), ben)), "") << "both in one edit";
  const auto tokenless = make_state({ann, ben}, {"ann"});
  EXPECT_NE(judge("ann", tokenless, without(tokenless, ann)), "");
  EXPECT_EQ(judge("ann", tokenless, without(tokenless, ben)), "");

  const auto above = make_state({ann, top}, {"ann", "top"});
  EXPECT_EQ(judge("ann", above, without(above, ann)), "") << "there is one of every workspace";
  EXPECT_NE(judge("top", above, without(above, top)), "") << "what belongs to none needs one";
  const auto disabled = change(above, "top", [](model::Token& t) { t.enabled = false; });
  EXPECT_NE(judge("top", above, disabled), "");
  const auto ended = change(above, "top", [](model::Token& t) { t.valid_until = kNow; });
  EXPECT_NE(judge("top", above, ended), "");
  const auto later = change(above, "top", [](model::Token& t) { t.valid_until = kNow + 1; });
  EXPECT_EQ(judge("top", above, later), "");
  const auto others = change(above, "ann", [](model::Token& t) { t.enabled = false; });
  EXPECT_EQ(judge("top", above, others), "") << "top is an admin there too";
  auto rotated = disabled;
  rotated.tokens.put("tok-2", {.id = "tok-2", .name = "top", .sha256 = "2"});
  EXPECT_EQ(judge("top", above, rotated), "") << "another token of the same name";
  // A workspace that is gone has no admin, and needs none.
  auto gone = without(two, ann);
  gone = without(gone, ben);
  gone.workspaces.erase("shop");
  EXPECT_EQ(judge("ann", two, gone), "");
}

TEST(People, AMemberAndATokenAreKeptWithTheirLaws) {
  FakeHouse house;
  const auto put_member = [&](Member member) {
    return house.studio.run("ann", [&](Edit& edit) { return edit.put_member(std::move(member)); });
  };
  ASSERT_TRUE(house.studio.run("ann", [](Edit& e) { return e.put_workspace({.name = "shop"}); }));
  EXPECT_EQ(put_member({"shop", "ben", {Role::kVisitor}})->what, Applied::kCreated);
  EXPECT_EQ(put_member({"shop", "ben", {Role::kVisitor}})->what, Applied::kUnchanged);
  EXPECT_EQ(put_member({"shop", "ben", {Role::kDeveloper}})->what, Applied::kUpdated);
  EXPECT_EQ(put_member({"nowhere", "ben", {Role::kVisitor}}).error().where, "/workspace");
  EXPECT_FALSE(put_member({"shop", "node", {Role::kVisitor}}));

  const auto add = [&](model::Token token) {
    return house.studio.run("ann", [&](Edit& edit) { return edit.add_token(std::move(token)); });
  };
  const auto made = add({.name = "ben"});
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->secret.substr(0, 4), "sat_");
  EXPECT_EQ(made->secret.substr(0, 8), made->token.display);
  EXPECT_EQ(made->token.created_by, "ann");
  const auto& state = house.studio.state();
  ASSERT_NE(find_token(state, made->secret, kNow), nullptr);
  EXPECT_EQ(find_token(state, made->secret, kNow)->name, "ben");
  EXPECT_EQ(find_token(state, made->secret + "x", kNow), nullptr);
  EXPECT_EQ(find_token(state, "", kNow), nullptr);

  EXPECT_FALSE(add({.name = "ben", .sha256 = made->token.sha256})) << "the digest is taken";
  EXPECT_FALSE(add({.name = "ben", .valid_until = 1})) << "over before it begins";
  EXPECT_TRUE(add({.name = "ben", .sha256 = make_token_digest("own"), .valid_until = 1}))
      << "a given one may be, as an export has it";
  EXPECT_EQ(find_token(state, "own", kNow), nullptr);
  EXPECT_FALSE(add({.name = "ben", .sha256 = "short"}));
  EXPECT_FALSE(
      add({.name = "ben", .sha256 = make_token_digest("long"), .display = std::string(17, 'x')}));

  const auto change = [&](const TokenChange& wanted) {
    return house.studio.run("ann",
                            [&](Edit& edit) { return edit.change_token(made->token.id, wanted); });
  };
  ASSERT_TRUE(change({.enabled = false}));
  EXPECT_EQ(find_token(state, made->secret, kNow), nullptr);
  ASSERT_TRUE(change({.enabled = true, .valid_until = kNow + 10}));
  EXPECT_NE(find_token(state, made->secret, kNow + 9), nullptr);
  EXPECT_EQ(find_token(state, made->secret, kNow + 10), nullptr) << "its end is not in it";
  const auto remove = [&](const std::string& id) {
    return house.studio.run("ann", [&](Edit& edit) { return edit.delete_token(id); });
  };
  EXPECT_TRUE(remove(made->token.id));
  EXPECT_EQ(remove(made->token.id).error().status, SLUICE_E_NOT_FOUND);

  ASSERT_TRUE(house.studio.run("ann", [](Edit& e) { return e.delete_workspace("shop"); }));
  EXPECT_TRUE(state.members.all().empty()) << "members go with their workspace";
}

}  // namespace
}  // namespace sluice::studio
