// SPDX-License-Identifier: Apache-2.0
// What a test leaves behind, and what may be done at each step.
#include "studio/actions.hpp"
#include "studio/shop_house.hpp"

namespace sluice::studio {
namespace {

using namespace model;

// Proves: R112, R113, R120
TEST(TestRecords, KeepWhatWasAskedAndWhatCame) {
  ShopHouse house;
  house.floor.outcome = TestOutcome{200,
                                    {{"Content-Type", "application/json"}},
                                    R"({"data":[]})",
                                    1250,
                                    "SELECT user_name FROM user_info WHERE user_id = ?",
                                    {"reads the whole table"}};
  house.floor.outcome->request = {"GET", "/user/info", "user_id=7", {}, ""};
  const auto report = house.test({.parameters = {{"user_id", "7"}}}, "bob");
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->record, 1u);
  const auto records = list_test_records(house.studio.state(), house.api_id);
  ASSERT_EQ(records.size(), 1u);
  const auto& r = *records[0];
  EXPECT_EQ(r.actor, "bob");
  EXPECT_EQ(r.started_at, house.clock.now);
  EXPECT_EQ(r.draft_revision, 1u);
  EXPECT_EQ(r.version, 0u);
  EXPECT_EQ(r.parameters, (std::vector<std::pair<std::string, std::string>>{{"user_id", "7"}}));
  EXPECT_EQ(r.request_target, "/user/info?user_id=7");
  EXPECT_EQ(r.verdict, TestVerdict::kPassed);
  EXPECT_EQ(r.http_status, 200);
  EXPECT_EQ(r.headers, house.floor.outcome->headers);
  EXPECT_EQ(r.body.get(), R"({"data":[]})");
  EXPECT_EQ(r.duration_us, 1250);
  EXPECT_EQ(r.sql, "SELECT user_name FROM user_info WHERE user_id = ?");
  EXPECT_EQ(r.hints, (std::vector<std::string>{"reads the whole table"}));
  EXPECT_EQ(r.fault, "");
}

// Proves: R115
TEST(TestRecords, SayWhatWasWrong) {
  ShopHouse house;
  house.floor.outcome = TestOutcome{502, {}, "{}", 1, "", {}};
  house.floor.outcome->fault = "no such table: user_info";
  ASSERT_TRUE(house.test({.fills_with_samples = true}));
  house.floor.outcome = Error{SLUICE_E_UNAVAILABLE, "the file is gone", "secret", {}};
  const auto untried = house.test({.fills_with_samples = true});
  EXPECT_EQ(untried.error().status, SLUICE_E_UNAVAILABLE);
  const auto records = list_test_records(house.studio.state(), house.api_id);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1]->fault, "no such table: user_info");
  EXPECT_EQ(records[1]->verdict, TestVerdict::kFailed);
  EXPECT_EQ(records[0]->fault, "the file is gone");
  EXPECT_EQ(records[0]->http_status, 0);
  EXPECT_NE(house.api().tested_revision, house.api().draft_revision);
}

TEST(TestRecords, AreBoundedInNumberAndSize) {
  ShopHouse house;
  house.floor.outcome = TestOutcome{200,
                                    {},
                                    std::string(kTestBodyBytesMax - 1, 'a') + "用户",
                                    1,
                                    std::string(kTestBodyBytesMax + 9, 's'),
                                    {}};
  for (int i = 0; i < 200; ++i) house.floor.outcome->headers.emplace_back("X", "y");
  const std::string value(5000, 'v');
  for (std::size_t i = 0; i < kTestRecordsMax + 3; ++i) {
    ASSERT_TRUE(house.test({.parameters = {{"user_id", value}}}));
  }
  const auto records = list_test_records(house.studio.state(), house.api_id);
  ASSERT_EQ(records.size(), kTestRecordsMax);
  EXPECT_EQ(records.front()->number, kTestRecordsMax + 3);
  EXPECT_EQ(records.back()->number, 4u);
  const auto& r = *records.front();
  EXPECT_EQ(r.body.get(), std::string(kTestBodyBytesMax - 1, 'a'));
  EXPECT_TRUE(r.is_body_cut);
  EXPECT_EQ(r.headers.size(), kTestHeadersMax);
  EXPECT_EQ(r.parameters[0].second.size(), kTextBytesMax);
  EXPECT_EQ(r.sql.size(), kTestBodyBytesMax);

  ASSERT_TRUE(house.run([&](Edit& e) { return e.delete_api(house.api_id); }));
  EXPECT_TRUE(house.studio.state().test_records.all().empty());
}

TEST(TestRecords, AreSealedInTheStore) {
  ShopHouse house;
  house.floor.outcome = TestOutcome{200, {}, R"({"name":"Alice"})", 1, "SELECT 1", {}};
  ASSERT_TRUE(house.test({.fills_with_samples = true}));
  const auto document = store::make_document(
      house.studio.state(), {store::Kind::kTestRecord, make_test_key(house.api_id, 1)},
      *store::make_test_sealer());
  ASSERT_TRUE(document && *document);
  EXPECT_EQ((*document)->find("Alice"), std::string::npos);
  EXPECT_NE((*document)->find("SELECT 1"), std::string::npos);
}

// Proves: R089, R111
TEST(Tests, SamplesStandForWhatIsNotGiven) {
  ShopHouse house;
  const struct {
    const char* name;
    TestRequest request;
    const char* ran;  // empty: refused
  } cases[] = {
      {"samples", {.fills_with_samples = true}, "run /user/info on db user_id=10001"},
      {"no samples", {}, ""},
      {"what is given wins",
       {.parameters = {{"user_id", "7"}}, .fills_with_samples = true},
       "run /user/info on db user_id=7"},
      {"what was emptied stays empty",
       {.parameters = {{"user_id", ""}}, .fills_with_samples = true},
       ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    house.floor.calls.clear();
    const auto report = house.test(c.request);
    EXPECT_EQ(report.ok(), *c.ran != '\0');
    EXPECT_EQ(house.floor.calls.empty() ? "" : house.floor.calls.front(), c.ran);
    if (!report) {
      EXPECT_EQ(report.error().where, "/parameters/user_id");
    }
  }
}

// Proves: R116
TEST(Tests, OfAVersionRunItAndLeaveTheDraftAlone) {
  ShopHouse house;
  house.submit();
  auto changed = ShopHouse::make_definition();
  changed.path = "/user/other";
  house.must([&](Edit& e) { return e.update_draft(house.api_id, changed); });
  house.floor.calls.clear();
  const auto report = house.test({.version = 1, .fills_with_samples = true});
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(house.floor.calls.front(), "run /user/info on db user_id=10001");
  EXPECT_EQ(report->verdict, TestVerdict::kPassed);
  EXPECT_NE(house.api().tested_revision, house.api().draft_revision);
  EXPECT_EQ(list_test_records(house.studio.state(), house.api_id)[0]->version, 1u);
  EXPECT_EQ(house.test({.version = 7}).error().status, SLUICE_E_NOT_FOUND);
}

TEST(Samples, AreSavedFromATestAndFrozenIntoTheVersion) {
  ShopHouse house;
  house.floor.outcome->body = R"({"data":[{"user_name":"Alice"}]})";
  ASSERT_TRUE(house.test({.fills_with_samples = true}));
  auto saved = house.must([&](Edit& e) { return e.save_sample(house.api_id, 1); }).stored;
  EXPECT_EQ(saved.draft.success_sample.get(), R"({"data":[{"user_name":"Alice"}]})");
  EXPECT_EQ(saved.draft_revision, 2u);
  EXPECT_EQ(saved.tested_revision, 2u) << "nothing that was tested has changed";
  EXPECT_EQ(house.must([&](Edit& e) { return e.save_sample(house.api_id, 1); }).what,
            Applied::kUnchanged);

  house.floor.outcome->http_status = 404;
  house.floor.outcome->body = "gone";
  ASSERT_TRUE(house.test({.fills_with_samples = true}));
  saved = house.must([&](Edit& e) { return e.save_sample(house.api_id, 2); }).stored;
  EXPECT_EQ(saved.draft.failure_sample.get(), "gone");
  EXPECT_EQ(saved.draft.success_sample.get(), R"({"data":[{"user_name":"Alice"}]})");

  const auto version = house.must([&](Edit& e) { return e.submit(house.api_id); });
  EXPECT_EQ(version.definition.failure_sample.get(), "gone");

  // An edit that says nothing of being tested is untested, and a sample does not heal that.
  auto changed = house.api().draft;
  changed.timeout_ms = 1;
  house.must([&](Edit& e) { return e.update_draft(house.api_id, changed); });
  changed.success_sample = std::string();
  house.must([&](Edit& e) { return e.update_draft(house.api_id, changed); });
  saved = house.must([&](Edit& e) { return e.save_sample(house.api_id, 1); }).stored;
  EXPECT_NE(saved.tested_revision, saved.draft_revision);
}

TEST(Samples, AreRefusedWhenThereIsNoWholeAnswer) {
  ShopHouse house;
  house.floor.outcome->body = std::string(kTestBodyBytesMax + 1, 'a');
  ASSERT_TRUE(house.test({.fills_with_samples = true}));
  house.floor.outcome->body = "\xFF";
  ASSERT_TRUE(house.test({.fills_with_samples = true}));
  house.floor.outcome = Error{SLUICE_E_UNAVAILABLE, "gone", {}, {}};
  ASSERT_FALSE(house.test({.fills_with_samples = true}));
  for (const unsigned record : {1u, 2u, 3u}) {
    const auto saved = house.run([&](Edit& e) { return e.save_sample(house.api_id, record); });
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().status, SLUICE_E_CONFLICT) << record;
  }
  EXPECT_EQ(house.run([&](Edit& e) { return e.save_sample(house.api_id, 9); }).error().status,
            SLUICE_E_NOT_FOUND);
}

TEST(Tests, TheTableThatWasSeenIsFrozenWithTheVersion) {
  ShopHouse house;
  house.floor.outcome->table = {{{.name = "user_id", .declared = "INTEGER"}}, {}};
  EXPECT_EQ(house.submit().table, house.floor.outcome->table);
  // Too many columns to keep: nothing is known then.
  house.floor.outcome->table.columns.resize(kTableColumnsMax + 1);
  EXPECT_EQ(house.submit().table, TableFacts{});
}

std::string tell(const std::vector<std::string_view>& actions) {
  std::string told;
  for (const auto action : actions) told += (told.empty() ? "" : " ") + std::string(action);
  return told;
}

// Proves: R109, R117, R121, R122, R123, R124, R125, R127
TEST(Actions, AreWhatMayBeDoneNow) {
  ShopHouse house;
  const auto of_draft = [&](std::string_view actor = "ann") {
    return tell(list_actions(house.studio.state(), house.api(), actor));
  };
  const auto of_version = [&](std::string_view actor = "ann") {
    return tell(list_actions(house.studio.state(),
                             *house.studio.state().versions.find(make_version_key(house.api_id, 1)),
                             actor));
  };
  const auto set_approval = [&](bool requires_approval, bool allows_self_approval) {
    house.must([&](Edit& e) {
      auto workspace = *e.state().workspaces.find("shop");
      workspace.requires_approval = requires_approval;
      workspace.allows_self_approval = allows_self_approval;
      return e.put_workspace(workspace);
    });
  };
  EXPECT_EQ(of_draft(), "edit clone move test delete");
  auto incomplete = ShopHouse::make_definition();
  incomplete.table.clear();
  house.must([&](Edit& e) { return e.update_draft(house.api_id, incomplete); });
  EXPECT_EQ(of_draft(), "edit clone move delete");
  house.must([&](Edit& e) { return e.update_draft(house.api_id, ShopHouse::make_definition()); });
  ASSERT_TRUE(house.test({.fills_with_samples = true}));
  EXPECT_EQ(of_draft(), "edit clone move test submit delete");

  set_approval(true, false);
  house.must([&](Edit& e) { return e.submit(house.api_id); });
  EXPECT_EQ(of_version(), "test request");
  house.must([&](Edit& e) { return e.request_approval(house.api_id, 1); });
  EXPECT_EQ(of_version("ann"), "test withdraw reject");
  EXPECT_EQ(of_version("bob"), "test approve reject");
  set_approval(true, true);
  EXPECT_EQ(of_version("ann"), "test withdraw approve reject");
  house.must([&](Edit& e) { return e.reject(house.api_id, 1, "no index"); }, "bob");
  EXPECT_EQ(of_version(), "test request");
  house.must([&](Edit& e) { return e.request_approval(house.api_id, 1); });
  house.must([&](Edit& e) { return e.approve(house.api_id, 1); }, "bob");
  EXPECT_EQ(of_version(), "test publish");
}

// Proves: R122, R124
TEST(Approval, IsWithdrawnByWhoAsked) {
  ShopHouse house;
  house.must([&](Edit& e) {
    auto workspace = *e.state().workspaces.find("shop");
    workspace.requires_approval = true;
    return e.put_workspace(workspace);
  });
  house.submit();
  const auto withdraw = [&](std::string_view actor) {
    return house.run([&](Edit& e) { return e.withdraw(house.api_id, 1); }, actor);
  };
  EXPECT_EQ(withdraw("ann").error().status, SLUICE_E_CONFLICT) << "nobody has asked yet";
  auto version = house.must([&](Edit& e) { return e.request_approval(house.api_id, 1); });
  EXPECT_EQ(version.requested_at, house.clock.now);
  EXPECT_EQ(withdraw("bob").error().status, SLUICE_E_FORBIDDEN);
  const auto withdrawn = withdraw("ann");
  ASSERT_TRUE(withdrawn) << withdrawn.error().detail;
  EXPECT_EQ(withdrawn->status, VersionStatus::kToBeRequested);
  EXPECT_EQ(withdrawn->requested_by, "");
  EXPECT_EQ(withdrawn->requested_at, 0);

  // The draft may be edited while its version waits: what waits is frozen.
  house.must([&](Edit& e) { return e.request_approval(house.api_id, 1); });
  auto changed = ShopHouse::make_definition();
  changed.timeout_ms = 1;
  house.must([&](Edit& e) { return e.update_draft(house.api_id, changed); });
  house.clock.now += 1000;
  version = house.must([&](Edit& e) { return e.reject(house.api_id, 1, "too slow"); }, "bob");
  EXPECT_EQ(version.definition.timeout_ms, 3000);
  EXPECT_EQ(version.decided_at, house.clock.now);
  version = house.must([&](Edit& e) { return e.request_approval(house.api_id, 1); });
  EXPECT_EQ(version.decided_at, 0);
  EXPECT_EQ(version.decision_reason, "");
}

}  // namespace
}  // namespace sluice::studio
