// SPDX-License-Identifier: Apache-2.0
#include "studio/fakes.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sluice::studio {
namespace {

using namespace model;
using Lines = std::vector<std::string>;

ApiDefinition user_query() {
  ApiDefinition d;
  d.name = "Query User by User ID";
  d.path = "/user/info";
  d.data_source = "user_db";
  d.table = "user_info";
  d.request_parameters = {
      {.name = "user_id", .column = "user_id", .type = ParameterType::kLong, .sample = "10001"}};
  d.response_parameters = {{.name = "user_id", .column = "user_id", .type = ParameterType::kLong},
                           {.name = "user_name", .column = "user_name"}};
  d.shape = ResultShape::kSingle;
  d.resource_group = "default";
  d.authentication.type = "api-key";
  return d;
}

// Workspace, source, instances, REST API and workflow, as an apply would bring them.
Result<void> fill_basics(Edit& edit) {
  if (auto r = edit.put_workspace({.name = "shop"}); !r) return r.error();
  if (auto r = edit.put_data_source({"shop", "user_db", "sqlite", R"({"file":"x"})", ""}); !r) {
    return r.error();
  }
  if (auto r = edit.put_gateway_instance({"prod"}); !r) return r.error();
  if (auto r = edit.put_gateway_instance({"test"}); !r) return r.error();
  if (auto r = edit.put_domain({.name = "api.example.com"}); !r) return r.error();
  if (auto r = edit.put_domain({.name = "b.example.com"}); !r) return r.error();
  if (auto r = edit.put_rest_api({"dataservice-user-api", "/v1", "", ""}); !r) return r.error();
  auto workflow = edit.put_workflow(
      {.workspace = "shop", .name = "User Query Workflow", .rest_api = "dataservice-user-api"});
  return workflow ? Result<void>() : Result<void>(workflow.error());
}

struct House : FakeHouse {
  House() {
    const auto done = studio.apply("ann", fill_basics, ApplyMode::kCommit);
    EXPECT_TRUE(done) << done.error().detail;
    floor.calls.clear();
    documents.commits.clear();
  }

  template <class UseCase>
  auto run(UseCase use_case, std::string_view actor = "ann") {
    return studio.run(actor, use_case);
  }
  // Unwraps what must work.
  template <class UseCase>
  auto must(UseCase use_case, std::string_view actor = "ann") {
    auto answer = run(use_case, actor);
    if (!answer) throw std::runtime_error(answer.error().detail);
    return std::move(*answer);
  }

  Api create_api(ApiDefinition definition = user_query()) {
    return must([&](Edit& e) { return e.put_api("shop", "User Query Workflow", definition); })
        .stored;
  }
  void test(const std::string& id) {
    const auto report = studio.test_api(id, {{"user_id", "10001"}});
    ASSERT_TRUE(report) << report.error().detail;
    ASSERT_EQ(report->verdict, TestVerdict::kPassed);
  }
  ApiVersion submit(const std::string& id) {
    test(id);
    return must([&](Edit& e) { return e.submit(id); });
  }
  Result<Put<Deployment>> publish(const PublishRequest& request) {
    return run([&](Edit& e) { return e.publish(request); });
  }
  // An API that is live on `prod`.
  Api create_live_api() {
    const auto api = create_api();
    submit(api.id);
    const auto done = publish({api.id, 1, "prod", "api.example.com", "Default"});
    EXPECT_TRUE(done) << done.error().detail;
    return api;
  }
};

// ---- one transaction

TEST(Studio, AnApplyIsOnePrepareOneCommitOneSwap) {
  FakeHouse house;
  const auto changes = house.studio.apply("ann", fill_basics, ApplyMode::kCommit);
  ASSERT_TRUE(changes) << changes.error().detail;
  EXPECT_EQ(*changes, (std::vector<AppliedChange>{
                          {"consumer", "shop", Applied::kCreated},
                          {"workspace", "shop", Applied::kCreated},
                          {"network", "default", Applied::kCreated},
                          {"resource-group", "default", Applied::kCreated},
                          {"data-source", "shop/user_db", Applied::kCreated},
                          {"gateway-instance", "prod", Applied::kCreated},
                          {"gateway-instance", "test", Applied::kCreated},
                          {"domain", "api.example.com", Applied::kCreated},
                          {"domain", "b.example.com", Applied::kCreated},
                          {"rest-api", "dataservice-user-api", Applied::kCreated},
                          {"workflow", "shop/User Query Workflow", Applied::kCreated},
                      }));
  EXPECT_EQ(house.floor.calls, (Lines{"prepare", "swap"}));
  EXPECT_EQ(house.documents.commits.size(), 1u);
  EXPECT_TRUE(house.floor.serving.gateway_instances.find("prod"));
}

TEST(Studio, ApplyingTheSameAgainChangesNothing) {
  House house;
  const auto changes = house.studio.apply("ann", fill_basics, ApplyMode::kCommit);
  ASSERT_TRUE(changes);
  for (const auto& change : *changes) EXPECT_EQ(change.what, Applied::kUnchanged) << change.name;
  EXPECT_TRUE(house.floor.calls.empty());
  EXPECT_TRUE(house.documents.commits.empty());
}

TEST(Studio, ADryRunChecksEverythingAndChangesNothing) {
  FakeHouse house;
  const auto changes = house.studio.apply("ann", fill_basics, ApplyMode::kDryRun);
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->size(), 11u);
  EXPECT_EQ(house.floor.calls, (Lines{"prepare"}));
  EXPECT_TRUE(house.documents.commits.empty());
  EXPECT_TRUE(house.studio.state().workspaces.all().empty());

  house.floor.can_prepare = Error{SLUICE_E_CONFLICT, "two APIs on one path", {}, {}};
  EXPECT_FALSE(house.studio.apply("ann", fill_basics, ApplyMode::kDryRun));
}

TEST(Studio, AnApplyThatBreaksALawHalfwayChangesNothing) {
  FakeHouse house;
  const auto changes = house.studio.apply(
      "ann",
      [](Edit& e) -> Result<void> {
        if (auto filled = fill_basics(e); !filled) return filled.error();
        auto wrong = e.put_workspace({.name = "no/slash"});
        return wrong ? Result<void>() : Result<void>(wrong.error());
      },
      ApplyMode::kCommit);
  ASSERT_FALSE(changes);
  EXPECT_EQ(changes.error().where, "/name");
  EXPECT_TRUE(house.documents.commits.empty());
  EXPECT_TRUE(house.floor.calls.empty());
  EXPECT_TRUE(house.studio.state().workspaces.all().empty());
}

TEST(Studio, LoadsWhatAnotherStudioWroteAndServesIt) {
  House house;
  const auto api = house.create_live_api();
  store::Store again(store::FakeStore::table(), house.documents.self(), store::make_test_sealer(),
                     [](int, std::string_view) {});
  FakeLowerFloor floor;
  auto studio = Studio::make(again, floor, house.clock, make_counting_random());
  ASSERT_TRUE(studio) << studio.error().detail;
  EXPECT_TRUE(floor.calls.empty());
  EXPECT_EQ((*studio)->state().apis.all(), house.studio.state().apis.all());
  ASSERT_TRUE((*studio)->serve());
  EXPECT_EQ(floor.calls, (Lines{"prepare", "swap"}));
  EXPECT_TRUE(floor.serving.deployments.find(api.id + "/prod"));
}

TEST(Studio, NoticesAnotherWriterAndGoesOnAfterARefresh) {
  House house;
  store::Store again(store::FakeStore::table(), house.documents.self(), store::make_test_sealer(),
                     [](int, std::string_view) {});
  FakeLowerFloor floor;
  auto other = Studio::make(again, floor, house.clock, make_counting_random());
  ASSERT_TRUE(other);
  const auto add = [](Edit& e) { return e.put_gateway_instance({"edge"}); };
  ASSERT_TRUE((*other)->run("bob", add));

  const auto change = [](Edit& e) { return e.put_consumer({.name = "partner"}); };
  const auto refused = house.run(change);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, SLUICE_E_CONFLICT);
  EXPECT_FALSE(house.studio.state().consumers.find("partner"));
  ASSERT_TRUE(house.studio.refresh());
  EXPECT_TRUE(house.floor.serving.gateway_instances.find("edge"));
  EXPECT_TRUE(house.run(change));
}

// ---- design

// Proves: R103
TEST(Studio, AWorkspaceGetsItsConsumerOnce) {
  House house;
  const auto* consumer = house.studio.state().consumers.find("shop");
  ASSERT_TRUE(consumer);
  EXPECT_EQ(consumer->workspace, "shop");
  house.must([](Edit& e) { return e.put_workspace({.name = "shop", .requires_approval = true}); });
  EXPECT_EQ(house.studio.state().consumers.all().size(), 1u);

  house.must([](Edit& e) { return e.put_consumer({.name = "partner", .workspace = "shop"}); });
  EXPECT_EQ(house.studio.state().consumers.find("partner")->workspace, "");
  const auto taken = house.run([](Edit& e) { return e.put_workspace({.name = "partner"}); });
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().status, SLUICE_E_CONFLICT);
  const auto deleted = house.run([](Edit& e) { return e.delete_consumer("shop"); });
  EXPECT_EQ(deleted.error().status, SLUICE_E_CONFLICT);
}

// Proves: R055, R059, R065, R068, R073, R080
TEST(Studio, RefusesWhatDoesNotFit) {
  House house;
  const auto api = house.create_api();
  const auto workflow = house.studio.state().workflows.all().begin()->second;
  house.must([](Edit& e) { return e.put_rest_api({"other", "/v2", "", ""}); });
  house.must([](Edit& e) {
    return e.put_workflow({.workspace = "shop", .name = "Other Workflow", .rest_api = "other"});
  });
  const auto refuse = [](auto answer) -> Result<void> {
    return answer ? Result<void>() : Result<void>(answer.error());
  };
  const struct {
    const char* name;
    std::function<Result<void>(Edit&)> use_case;
    Status status;
    const char *where, *says;
  } cases[] = {
      {"source without workspace",
       [&](Edit& e) {
         return refuse(e.put_data_source({"x", "db", "sqlite", "{}", ""}));
       },
       SLUICE_E_ARGUMENT, "/workspace", "create it first"},
      {"workflow without REST API",
       [&](Edit& e) {
         return refuse(e.put_workflow({.workspace = "shop", .name = "Workflow", .rest_api = "x"}));
       },
       SLUICE_E_ARGUMENT, "/rest_api", "R055"},
      {"workflow bound to another REST API",
       [&](Edit& e) {
         auto changed = workflow;
         changed.rest_api = "other";
         return refuse(e.put_workflow(changed));
       },
       SLUICE_E_CONFLICT, "/rest_api", "R065"},
      {"the same by name",
       [&](Edit& e) {
         auto changed = workflow;
         changed.id.clear();
         changed.rest_api = "other";
         return refuse(e.put_workflow(changed));
       },
       SLUICE_E_CONFLICT, "/rest_api", "R065"},
      {"workflow takes another's name",
       [&](Edit& e) {
         auto changed = workflow;
         changed.name = "Other Workflow";
         return refuse(e.put_workflow(changed));
       },
       SLUICE_E_CONFLICT, "/name", "R059"},
      {"unknown workflow id",
       [&](Edit& e) {
         auto changed = workflow;
         changed.id = "wf-x";
         return refuse(e.put_workflow(changed));
       },
       SLUICE_E_NOT_FOUND, "", "wf-x"},
      {"API without workflow",
       [&](Edit& e) { return refuse(e.put_api("shop", "None", user_query())); }, SLUICE_E_ARGUMENT,
       "/workflow", "R068"},
      {"API moves to another workflow",
       [&](Edit& e) { return refuse(e.put_api("shop", "Other Workflow", user_query())); },
       SLUICE_E_CONFLICT, "/workflow", "move that one first"},
      {"path and method taken",
       [&](Edit& e) {
         auto d = user_query();
         d.name = "Another";
         return refuse(e.put_api("shop", "User Query Workflow", d));
       },
       SLUICE_E_CONFLICT, "/path", "R073"},
      {"same path, other method",
       [&](Edit& e) {
         auto d = user_query();
         d.name = "Another";
         d.method = HttpMethod::kPost;
         return refuse(e.put_api("shop", "User Query Workflow", d));
       },
       SLUICE_OK, "", ""},
      {"same path, other REST API",
       [&](Edit& e) {
         auto d = user_query();
         d.name = "Elsewhere";
         return refuse(e.put_api("shop", "Other Workflow", d));
       },
       SLUICE_OK, "", ""},
      {"unknown source",
       [&](Edit& e) {
         auto d = user_query();
         d.data_source = "none";
         return refuse(e.update_draft(api.id, d));
       },
       SLUICE_E_ARGUMENT, "/data_source", "R080"},
      {"law of the definition",
       [&](Edit& e) {
         auto d = user_query();
         d.path = "user";
         return refuse(e.update_draft(api.id, d));
       },
       SLUICE_E_ARGUMENT, "/path", "R070"},
      {"unknown API", [&](Edit& e) { return refuse(e.update_draft("api-x", user_query())); },
       SLUICE_E_NOT_FOUND, "", "api-x"},
      {"source in use", [&](Edit& e) { return e.delete_data_source("shop", "user_db"); },
       SLUICE_E_CONFLICT, "", "Query User by User ID"},
      {"workspace in use", [&](Edit& e) { return e.delete_workspace("shop"); }, SLUICE_E_CONFLICT,
       "", "still holds"},
      {"workflow in use", [&](Edit& e) { return e.delete_workflow(workflow.id); },
       SLUICE_E_CONFLICT, "", "still holds"},
      {"REST API in use", [&](Edit& e) { return e.delete_rest_api("dataservice-user-api"); },
       SLUICE_E_CONFLICT, "", "bound by"},
      {"nothing there", [&](Edit& e) { return e.delete_gateway_instance("none"); },
       SLUICE_E_NOT_FOUND, "", "none"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto done = house.run(c.use_case);
    if (c.status == SLUICE_OK) {
      EXPECT_TRUE(done) << done.error().detail;
      continue;
    }
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().status, c.status);
    EXPECT_EQ(done.error().where, c.where);
    EXPECT_NE(done.error().detail.find(c.says), std::string::npos) << done.error().detail;
  }
}

TEST(Studio, DeletesFromTheLeavesUp) {
  House house;
  const auto api = house.create_live_api();
  const auto workflow = house.studio.state().workflows.all().begin()->first;
  EXPECT_EQ(house.run([&](Edit& e) { return e.delete_api(api.id); }).error().status,
            SLUICE_E_CONFLICT);
  EXPECT_EQ(house.run([&](Edit& e) { return e.delete_gateway_instance("prod"); }).error().status,
            SLUICE_E_CONFLICT);
  const auto done = house.studio.apply(
      "ann",
      [&](Edit& e) -> Result<void> {
        for (auto step : {e.undeploy(api.id, "prod"), e.delete_api(api.id),
                          e.delete_workflow(workflow), e.delete_rest_api("dataservice-user-api"),
                          e.delete_data_source("shop", "user_db"), e.delete_workspace("shop"),
                          e.delete_gateway_instance("prod"), e.delete_gateway_instance("test"),
                          e.delete_resource_group("default"), e.delete_network("default"),
                          e.delete_domain("api.example.com"), e.delete_domain("b.example.com")}) {
          if (!step) return step.error();
        }
        return {};
      },
      ApplyMode::kCommit);
  ASSERT_TRUE(done) << done.error().detail;
  std::set<std::string> kinds;
  for (const auto& [key, document] : house.documents.documents) kinds.insert(key.first);
  EXPECT_EQ(kinds, (std::set<std::string>{"audit", "head"})) << "and what is said of it";
}

// ---- drafts and tests

// Proves: R109
TEST(Studio, AnEditMakesADraftUntestedAndSavingTheSameDoesNot) {
  House house;
  const auto api = house.create_api();
  const auto is_tested = [&] {
    const auto* now = house.studio.state().apis.find(api.id);
    return now->tested_revision == now->draft_revision;
  };
  EXPECT_FALSE(is_tested());
  house.test(api.id);
  EXPECT_TRUE(is_tested());
  house.must([&](Edit& e) { return e.update_draft(api.id, user_query()); });
  EXPECT_TRUE(is_tested());
  auto changed = user_query();
  changed.max_rows = 1;
  house.must([&](Edit& e) { return e.update_draft(api.id, changed); });
  EXPECT_FALSE(is_tested());
  const auto refused = house.run([&](Edit& e) { return e.submit(api.id); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, SLUICE_E_CONFLICT);
  EXPECT_NE(refused.error().detail.find("R109"), std::string::npos);
  // Back to what was tested is an edit all the same.
  house.must([&](Edit& e) { return e.update_draft(api.id, user_query()); });
  EXPECT_FALSE(is_tested());
}

TEST(Studio, ATestRunsTheDraftThatWasAndMarksOnlyThat) {
  House house;
  const auto api = house.create_api();
  auto changed = user_query();
  changed.table = "other";
  house.floor.while_running = [&] {
    house.must([&](Edit& e) { return e.update_draft(api.id, changed); });
  };
  const auto report = house.studio.test_api(api.id, {{"user_id", "10001"}});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->verdict, TestVerdict::kDraftChanged);
  EXPECT_EQ(house.studio.state().apis.find(api.id)->tested_revision, 0u);
  EXPECT_EQ(house.floor.calls, (Lines{"run /user/info on user_db user_id=10001"}));
}

// Proves: R114
TEST(Studio, OnlyASuccessPasses) {
  House house;
  const auto api = house.create_api();
  const struct {
    int status;
    TestVerdict verdict;
  } cases[] = {{500, TestVerdict::kFailed},
               {404, TestVerdict::kFailed},
               {0, TestVerdict::kFailed},
               {200, TestVerdict::kPassed}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.status);
    house.floor.outcome->http_status = c.status;
    const auto report = house.studio.test_api(api.id, {{"user_id", "1"}});
    ASSERT_TRUE(report);
    EXPECT_EQ(report->verdict, c.verdict);
    EXPECT_EQ(report->outcome.http_status, c.status);
  }
  house.floor.outcome = Error{SLUICE_E_UNAVAILABLE, "no such plugin", {}, {}};
  EXPECT_EQ(house.studio.test_api(api.id, {{"user_id", "1"}}).error().status, SLUICE_E_UNAVAILABLE);
}

// Proves: R111
TEST(Studio, ATestWithoutItsRequiredParametersIsNotRun) {
  House house;
  const auto api = house.create_api();
  for (const auto& parameters : {std::vector<std::pair<std::string, std::string>>{},
                                 {{"user_id", ""}},
                                 {{"USER_ID", "1"}}}) {
    const auto report = house.studio.test_api(api.id, parameters);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().where, "/parameters/user_id");
    EXPECT_NE(report.error().detail.find("R111"), std::string::npos);
  }
  EXPECT_TRUE(house.floor.calls.empty());
}

// Proves: R099
TEST(Studio, AnIncompleteDraftIsKeptAndGoesNoFurther) {
  House house;
  auto incomplete = user_query();
  incomplete.table.clear();
  incomplete.response_parameters.clear();
  const auto api = house.create_api(incomplete);
  EXPECT_TRUE(house.floor.calls.empty()) << "nothing served depends on a draft";
  const auto tested = house.studio.begin_test(
      "ann", {.api_id = api.id, .version = 0, .parameters = {{"user_id", "1"}}});
  ASSERT_FALSE(tested);
  EXPECT_EQ(tested.error().where, "/table");
  const auto submitted = house.run([&](Edit& e) { return e.submit(api.id); });
  ASSERT_FALSE(submitted);
  EXPECT_EQ(submitted.error().status, SLUICE_E_ARGUMENT);
  EXPECT_NE(submitted.error().detail.find("R099"), std::string::npos);
}

// ---- versions and approval

// Proves: R118, R119, R125
TEST(Studio, VersionsRiseAndNeverChange) {
  House house;
  const auto api = house.create_api();
  const auto first = house.submit(api.id);
  EXPECT_EQ(first.number, 1u);
  EXPECT_EQ(first.status, VersionStatus::kCanBePublished);
  EXPECT_EQ(first.submitted_by, "ann");
  EXPECT_EQ(first.submitted_at, house.clock.now);
  auto changed = user_query();
  changed.max_rows = 5;
  house.must([&](Edit& e) { return e.update_draft(api.id, changed); });
  for (unsigned number = 2; number <= 11; ++number) {
    EXPECT_EQ(house.submit(api.id).number, number);
  }
  const auto versions = list_versions(house.studio.state(), api.id);
  ASSERT_EQ(versions.size(), 11u);
  EXPECT_EQ(versions.front()->number, 11u);
  EXPECT_EQ(versions.front()->definition, changed);
  EXPECT_EQ(*versions.back(), first);
}

// Proves: R121, R122, R123, R124, R127
TEST(Studio, ApprovalGoesItsWay) {
  House house;
  house.must([](Edit& e) { return e.put_workspace({.name = "shop", .requires_approval = true}); });
  const auto api = house.create_api();
  ASSERT_EQ(house.submit(api.id).status, VersionStatus::kToBeRequested);
  const struct {
    const char *actor, *step;
    Status status;
    VersionStatus after;
  } steps[] = {
      {"ann", "publish", SLUICE_E_CONFLICT, VersionStatus::kToBeRequested},
      {"bob", "approve", SLUICE_E_CONFLICT, VersionStatus::kToBeRequested},
      {"ann", "request", SLUICE_OK, VersionStatus::kUnderApproval},
      {"ann", "request", SLUICE_E_CONFLICT, VersionStatus::kUnderApproval},
      {"ann", "publish", SLUICE_E_CONFLICT, VersionStatus::kUnderApproval},
      {"ann", "approve", SLUICE_E_FORBIDDEN, VersionStatus::kUnderApproval},
      {"bob", "reject without a reason", SLUICE_E_ARGUMENT, VersionStatus::kUnderApproval},
      {"bob", "reject", SLUICE_OK, VersionStatus::kRejected},
      {"ann", "publish", SLUICE_E_CONFLICT, VersionStatus::kRejected},
      {"bob", "approve", SLUICE_E_CONFLICT, VersionStatus::kRejected},
      {"ann", "request", SLUICE_OK, VersionStatus::kUnderApproval},
      {"bob", "approve", SLUICE_OK, VersionStatus::kCanBePublished},
      {"ann", "request", SLUICE_E_CONFLICT, VersionStatus::kCanBePublished},
      {"bob", "reject", SLUICE_E_CONFLICT, VersionStatus::kCanBePublished},
      {"ann", "publish", SLUICE_OK, VersionStatus::kCanBePublished},
  };
  for (const auto& s : steps) {
    SCOPED_TRACE(std::string(s.actor) + " " + s.step);
    const auto done = house.run(
        [&](Edit& e) -> Result<void> {
          const std::string_view step = s.step;
          if (step == "publish") {
            const auto d = e.publish({api.id, 1, "prod", "", "Default"});
            return d ? Result<void>() : Result<void>(d.error());
          }
          const auto v = step == "request"   ? e.request_approval(api.id, 1)
                         : step == "approve" ? e.approve(api.id, 1)
                         : step == "reject"  ? e.reject(api.id, 1, "too wide")
                                             : e.reject(api.id, 1, "");
          return v ? Result<void>() : Result<void>(v.error());
        },
        s.actor);
    EXPECT_EQ(done ? SLUICE_OK : done.error().status, s.status);
    EXPECT_EQ(list_versions(house.studio.state(), api.id)[0]->status, s.after);
  }
  house.must([](Edit& e) {
    return e.put_workspace(
        {.name = "shop", .requires_approval = true, .allows_self_approval = true});
  });
  house.submit(api.id);
  house.must([&](Edit& e) { return e.request_approval(api.id, 2); });
  const auto approved = house.must([&](Edit& e) { return e.approve(api.id, 2); });
  EXPECT_EQ(approved.decided_by, "ann");
}

TEST(Studio, AnExportIsRestoredAndAVersionIsNeverOverwritten) {
  House house;
  const auto api = house.create_api();
  ApiVersion version{api.id, 7, user_query(), VersionStatus::kCanBePublished, "ann", 5};
  const auto restore = [&](const ApiVersion& v) {
    return house.run([&](Edit& e) { return e.restore_version(v); });
  };
  EXPECT_EQ(restore(version)->what, Applied::kCreated);
  EXPECT_EQ(restore(version)->what, Applied::kUnchanged);
  EXPECT_EQ(house.studio.state().apis.find(api.id)->last_version, 7u);
  auto changed = version;
  changed.definition.max_rows = 1;
  EXPECT_EQ(restore(changed).error().status, SLUICE_E_CONFLICT);
  changed.number = 6;
  EXPECT_EQ(restore(changed).error().where, "/number");
  changed.number = 0;
  EXPECT_EQ(restore(changed).error().where, "/number");
  changed.number = 8;
  changed.definition.table.clear();
  EXPECT_EQ(restore(changed).error().where, "/definition/table");
  EXPECT_EQ(house.submit(api.id).number, 8u);
}

// ---- publishing

// Proves: R137
TEST(Studio, APublishThatCannotBePreparedChangesNothing) {
  House house;
  const auto api = house.create_live_api();
  house.submit(api.id);
  const auto before = house.documents.documents.size();
  house.documents.commits.clear();
  house.floor.calls.clear();
  house.floor.can_prepare = Error{SLUICE_E_CONFLICT, "two APIs on one path", {}, "/path"};
  const auto done = house.publish({api.id, 2, "prod", "b.example.com", "Default"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().detail, "two APIs on one path");
  EXPECT_EQ(house.floor.calls, (Lines{"prepare"}));
  EXPECT_TRUE(house.documents.commits.empty());
  EXPECT_EQ(house.documents.documents.size(), before);
  const auto& state = house.studio.state();
  EXPECT_EQ(state.deployments.find(api.id + "/prod")->version, 1u);
  EXPECT_EQ(state.rest_apis.find("local/dataservice-user-api")->domain, "api.example.com");
  EXPECT_EQ(house.floor.serving.deployments.find(api.id + "/prod")->version, 1u);
}

// Proves: R137
TEST(Studio, APublishThatCannotBeStoredIsNotServed) {
  House house;
  const auto api = house.create_live_api();
  house.submit(api.id);
  house.floor.calls.clear();
  house.documents.fail_commit = SLUICE_E_UNAVAILABLE;
  const PublishRequest request{api.id, 2, "prod", "", "Default"};
  const auto done = house.publish(request);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().status, SLUICE_E_UNAVAILABLE);
  EXPECT_EQ(house.floor.calls, (Lines{"prepare"})) << "prepared, never swapped in";
  EXPECT_EQ(house.studio.state().deployments.find(api.id + "/prod")->version, 1u);
  house.documents.fail_commit = SLUICE_OK;
  ASSERT_TRUE(house.publish(request));
  EXPECT_EQ(house.floor.serving.deployments.find(api.id + "/prod")->version, 2u);
}

// Proves: R128
TEST(Studio, PublishingAsksForEverySettingAndOnlyWhatCanBePublished) {
  House house;
  const auto api = house.create_api();
  house.submit(api.id);
  const PublishRequest right{api.id, 1, "prod", "api.example.com", "Default"};
  const struct {
    const char* name;
    std::function<void(PublishRequest&)> change;
    Status status;
    const char *where, *says;
  } cases[] = {
      {"unknown API", [](auto& r) { r.api_id = "api-x"; }, SLUICE_E_NOT_FOUND, "/api_id", "api-x"},
      {"unknown version", [](auto& r) { r.version = 2; }, SLUICE_E_NOT_FOUND, "/version", "V2"},
      {"version 0", [](auto& r) { r.version = 0; }, SLUICE_E_NOT_FOUND, "/version", "V0"},
      {"no instance", [](auto& r) { r.instance = ""; }, SLUICE_E_ARGUMENT, "/instance", "R132"},
      {"unknown instance", [](auto& r) { r.instance = "moon"; }, SLUICE_E_ARGUMENT, "/instance",
       "moon"},
      {"no domain", [](auto& r) { r.domain.reset(); }, SLUICE_E_ARGUMENT, "/domain", "R129"},
      {"no domain name", [](auto& r) { r.domain = "https://a"; }, SLUICE_E_ARGUMENT, "/domain",
       "R039"},
      {"no backend", [](auto& r) { r.backend = ""; }, SLUICE_E_ARGUMENT, "/backend", "R133"},
      {"another backend", [](auto& r) { r.backend = "orders"; }, SLUICE_E_ARGUMENT, "/backend",
       "R134"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto request = right;
    c.change(request);
    const auto done = house.publish(request);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().status, c.status);
    EXPECT_EQ(done.error().where, c.where);
    EXPECT_NE(done.error().detail.find(c.says), std::string::npos) << done.error().detail;
  }
  EXPECT_EQ(house.publish(right)->what, Applied::kCreated);
  house.clock.now += 1000;
  const auto again = house.publish(right);
  EXPECT_EQ(again->what, Applied::kUnchanged);
  EXPECT_EQ(again->stored.deployed_at, house.clock.now - 1000);
}

// Proves: R139, R153, R155, R157, R158
TEST(Studio, PublishingReplacesOnOneInstanceAndUndeployingLeavesTheOthers) {
  House house;
  const auto api = house.create_live_api();
  house.submit(api.id);
  ASSERT_TRUE(house.publish({api.id, 2, "test", "api.example.com", "Default"}));
  const auto live = [&](const State& state) {
    Lines lines;
    for (const auto* d : list_deployments(state, api.id)) {
      lines.push_back(d->instance + " V" + std::to_string(d->version));
    }
    return lines;
  };
  EXPECT_EQ(live(house.floor.serving), (Lines{"prod V1", "test V2"}));
  EXPECT_EQ(house.publish({api.id, 2, "prod", "api.example.com", "Default"})->what,
            Applied::kUpdated);
  EXPECT_EQ(live(house.floor.serving), (Lines{"prod V2", "test V2"}));
  house.must([&](Edit& e) { return e.publish({api.id, 1, "test", "api.example.com", "Default"}); });
  ASSERT_TRUE(house.run([&](Edit& e) { return e.undeploy(api.id, "prod"); }));
  EXPECT_EQ(live(house.floor.serving), (Lines{"test V1"}));
  EXPECT_EQ(house.run([&](Edit& e) { return e.undeploy(api.id, "prod"); }).error().status,
            SLUICE_E_NOT_FOUND);
}

// Proves: R098, R116
TEST(Studio, SavingADraftLeavesWhatIsServedAlone) {
  House house;
  const auto api = house.create_live_api();
  house.floor.calls.clear();
  auto changed = user_query();
  changed.path = "/user/other";
  house.must([&](Edit& e) { return e.update_draft(api.id, changed); });
  house.submit(api.id);
  EXPECT_EQ(house.floor.calls, (Lines{"run /user/other on user_db user_id=10001"}));
  EXPECT_EQ(house.floor.serving.versions.find(api.id + "/V1")->definition, user_query());

  // The path that the draft left is still live, so nobody else can be published on it.
  auto second = user_query();
  second.name = "Second";
  const auto other = house.create_api(second);
  house.submit(other.id);
  const auto taken = house.publish({other.id, 1, "prod", "api.example.com", "Default"});
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().detail.find("R073"), std::string::npos);
  EXPECT_TRUE(house.publish({other.id, 1, "test", "api.example.com", "Default"}));
}

// Proves: R130
TEST(Studio, TheDomainIsSharedByTheApisOfARestApi) {
  House house;
  const auto api = house.create_live_api();
  auto second = user_query();
  second.name = "Second";
  second.path = "/second";
  const auto other = house.create_api(second);
  house.submit(other.id);
  const auto& state = house.studio.state();
  const auto affected =
      list_deployed_apis(state, *state.rest_apis.find("local/dataservice-user-api"));
  ASSERT_EQ(affected.size(), 1u);
  EXPECT_EQ(affected[0]->id, api.id);
  ASSERT_TRUE(house.publish({other.id, 1, "prod", "b.example.com", "Default", {api.id}}));
  EXPECT_EQ(house.floor.serving.rest_apis.find("local/dataservice-user-api")->domain,
            "b.example.com");
  const auto put = [&](const char* base, const char* domain) {
    return house.run([&](Edit& e) {
      return e.put_rest_api({"dataservice-user-api", base, domain, ""});
    });
  };
  EXPECT_EQ(put("/v2", "b.example.com").error().where, "/base_path");
  EXPECT_EQ(put("/v1", "api.example.com").error().where, "/domain");
  EXPECT_EQ(put("/v1", "b.example.com")->what, Applied::kUnchanged);
}

// Proves: R103
TEST(Studio, PublishingAuthorisesTheWorkspacesConsumerOnlyWhenAuthenticationIsOn) {
  House house;
  const auto api = house.create_live_api();
  EXPECT_TRUE(house.floor.serving.authorizations.find("shop/" + api.id));
  auto open = user_query();
  open.name = "Open";
  open.path = "/open";
  open.authentication = {};
  const auto other = house.create_api(open);
  house.submit(other.id);
  ASSERT_TRUE(house.publish({other.id, 1, "prod", "api.example.com", "Default"}));
  EXPECT_FALSE(house.floor.serving.authorizations.find("shop/" + other.id));

  // An end that somebody set stays.
  house.must([&](Edit& e) { return e.grant({"shop", api.id, "", 99}); });
  house.submit(api.id);
  ASSERT_TRUE(house.publish({api.id, 2, "prod", "api.example.com", "Default"}));
  EXPECT_EQ(house.studio.state().authorizations.find("shop/" + api.id)->valid_until, 99);
}

// ---- consumers and credentials

TEST(Studio, ACredentialsSecretIsToldOnceAndSealed) {
  House house;
  const auto issued =
      house.must([](Edit& e) { return e.add_credential({.consumer = "shop", .type = "api-key"}); });
  ASSERT_EQ(issued.shown.size(), 1u);
  EXPECT_EQ(issued.shown[0].second, "made-1");
  EXPECT_EQ(issued.credential.lookups, std::vector<std::string>{"made-1"});
  EXPECT_EQ(issued.credential.created_at, house.clock.now);
  EXPECT_EQ(issued.credential.rank, 1u);
  for (const auto& [key, document] : house.documents.documents) {
    EXPECT_EQ(document.body.find("secret of made-1"), std::string::npos) << key.first;
  }
  const auto& body = house.documents.documents.at({"credential", issued.credential.id}).body;
  EXPECT_NE(body.find("sealed:v1:"), std::string::npos) << body;
  const auto* served = house.floor.serving.credentials.find(issued.credential.id);
  ASSERT_TRUE(served);
  EXPECT_EQ(served->secret, "secret of made-1");
}

TEST(Studio, RefusesCredentialsThatAreTakenOverOrUnknown) {
  House house;
  house.must([](Edit& e) { return e.put_consumer({.name = "partner"}); });
  house.must([](Edit& e) { return e.add_credential({"shop", "api-key", R"({"key":"a"})"}); });
  const auto now = house.clock.now;
  const struct {
    const char* name;
    NewCredential request;
    Status status;
    const char* where;
  } cases[] = {
      {"no consumer", {"nobody", "api-key"}, SLUICE_E_NOT_FOUND, "/consumer"},
      {"taken by itself", {"shop", "api-key", R"({"key":"a"})"}, SLUICE_E_CONFLICT, ""},
      {"taken by another", {"partner", "api-key", R"({"key":"a"})"}, SLUICE_E_CONFLICT, ""},
      {"the same of another type", {"partner", "hmac", R"({"key":"a"})"}, SLUICE_OK, ""},
      {"not unique", {"shop", "jwt"}, SLUICE_OK, ""},
      {"not unique, again", {"partner", "jwt"}, SLUICE_OK, ""},
      {"over now", {"shop", "api-key", "{}", 0, now}, SLUICE_E_ARGUMENT, "/valid_until"},
      {"over soon", {"shop", "api-key", "{}", 0, now + 1}, SLUICE_OK, ""},
      {"over before it begins",
       {"shop", "api-key", "{}", now + 9, now + 8},
       SLUICE_E_ARGUMENT,
       "/valid_until"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto done = house.run([&](Edit& e) { return e.add_credential(c.request); });
    EXPECT_EQ(done ? SLUICE_OK : done.error().status, c.status);
    if (!done) {
      EXPECT_EQ(done.error().where, c.where);
    }
  }
  // What the maker says is placed where it was given.
  const auto refused = [&](Error error) {
    house.floor.can_make = std::move(error);
    return house.run([](Edit& e) { return e.add_credential({"shop", "api-key"}); }).error();
  };
  EXPECT_EQ(refused({SLUICE_E_CONFIG, "too short", {}, "/key"}).where, "/given/key");
  EXPECT_EQ(refused({SLUICE_E_CONFIG, "too short", {}, "/key"}).status, SLUICE_E_ARGUMENT);
  EXPECT_EQ(refused({SLUICE_E_NOT_FOUND, "not loaded", {}, {}}).where, "/type");
}

TEST(Studio, AConsumerHoldsABoundedNumberOfCredentialsOfAType) {
  House house;
  const auto add = [](Edit& e) { return e.add_credential({"shop", "api-key"}); };
  std::string id;
  for (std::size_t i = 0; i < kCredentialsPerConsumer; ++i) id = house.must(add).credential.id;
  EXPECT_EQ(house.run(add).error().status, SLUICE_E_CONFLICT);
  EXPECT_TRUE(house.run([](Edit& e) { return e.add_credential({"shop", "hmac"}); }));
  // As many as are kept can be rotated where the old one leaves at once.
  const auto rotate = [&](model::UnixMs overlap_ms) {
    return house.run([&](Edit& e) { return e.rotate_credential(id, "{}", overlap_ms); });
  };
  EXPECT_EQ(rotate(1000).error().status, SLUICE_E_CONFLICT);
  const auto next = rotate(0);
  ASSERT_TRUE(next);
  EXPECT_FALSE(house.studio.state().credentials.find(id));
  id = next->credential.id;
  ASSERT_TRUE(house.run([&](Edit& e) { return e.revoke_credential(id); }));
  EXPECT_FALSE(house.floor.serving.credentials.find(id));
  EXPECT_TRUE(house.run(add));
  EXPECT_EQ(house.run([&](Edit& e) { return e.revoke_credential(id); }).error().status,
            SLUICE_E_NOT_FOUND);
}

TEST(Studio, RanksRiseWithCreationInsideOneTransactionToo) {
  House house;
  std::vector<std::string> ids;
  const auto added = house.run([&](Edit& e) -> Result<void> {
    for (int i = 0; i < 3; ++i) {
      auto issued = e.add_credential({"shop", "jwt"});
      if (!issued) return issued.error();
      ids.push_back(issued->credential.id);
    }
    return {};
  });
  ASSERT_TRUE(added);
  ASSERT_TRUE(house.run([&](Edit& e) { return e.revoke_credential(ids[0]); }));
  ids.push_back(house.must([](Edit& e) {
                       return e.add_credential({"shop", "jwt"});
                     })
                    .credential.id);
  for (std::size_t i = 1; i < ids.size(); ++i) {
    EXPECT_EQ(house.studio.state().credentials.find(ids[i])->rank, i + 1);
  }
}

TEST(Studio, ACredentialIsRotatedWithAnOverlap) {
  House house;
  const auto first = house.must([](Edit& e) { return e.add_credential({"shop", "api-key"}); });
  const auto& state = house.studio.state();
  const auto second =
      house.must([&](Edit& e) { return e.rotate_credential(first.credential.id, "{}", 1000); });
  EXPECT_NE(second.credential.id, first.credential.id);
  EXPECT_EQ(second.credential.consumer, "shop");
  EXPECT_EQ(state.credentials.find(first.credential.id)->valid_until, house.clock.now + 1000);
  EXPECT_EQ(state.credentials.find(second.credential.id)->valid_until, 0);
  // An end that comes sooner stays.
  const auto third =
      house.must([&](Edit& e) { return e.rotate_credential(first.credential.id, "{}", 5000); });
  EXPECT_EQ(state.credentials.find(first.credential.id)->valid_until, house.clock.now + 1000);
  // No overlap: the old one is gone.
  house.must([&](Edit& e) { return e.rotate_credential(third.credential.id, "{}", 0); });
  EXPECT_FALSE(state.credentials.find(third.credential.id));
  EXPECT_EQ(house.run([](Edit& e) { return e.rotate_credential("none", "{}", 0); }).error().status,
            SLUICE_E_NOT_FOUND);
  // The same again is no rotation, and the old one stays.
  const auto own = house.must([](Edit& e) {
    return e.add_credential({"shop", "api-key", R"({"key":"of-its-own"})"});
  });
  for (const model::UnixMs overlap_ms : {0, 1000}) {
    const auto same = house.run([&](Edit& e) {
      return e.rotate_credential(own.credential.id, R"({"key":"of-its-own"})", overlap_ms);
    });
    ASSERT_FALSE(same);
    EXPECT_EQ(same.error().status, SLUICE_E_CONFLICT);
    EXPECT_TRUE(state.credentials.find(own.credential.id));
  }
}

TEST(Studio, ACredentialIsChangedWithoutItsSecret) {
  House house;
  const auto id = house.must([](Edit& e) {
                         return e.add_credential({"shop", "api-key"});
                       })
                      .credential.id;
  const auto change = [&](const CredentialChange& wanted) {
    return house.run([&](Edit& e) { return e.change_credential(id, wanted); });
  };
  EXPECT_EQ(change({})->what, Applied::kUnchanged);
  EXPECT_EQ(change({.enabled = false})->what, Applied::kUpdated);
  EXPECT_FALSE(house.floor.serving.credentials.find(id)->enabled);
  EXPECT_EQ(change({.valid_from = 5, .valid_until = 9})->stored.valid_until, 9);
  EXPECT_FALSE(house.studio.state().credentials.find(id)->enabled) << "what is absent stays";
  EXPECT_EQ(change({.valid_until = 5}).error().where, "/valid_until");
  EXPECT_EQ(house.studio.state().credentials.find(id)->secret, "secret of made-1");
}

TEST(Studio, AGivenCredentialCanBeAppliedAgainAndRestored) {
  House house;
  house.must([](Edit& e) { return e.put_consumer({.name = "partner"}); });
  NewCredential given{"shop", "api-key", R"({"key":"a"})"};
  const auto put = [&] { return house.run([&](Edit& e) { return e.put_credential(given); }); };
  EXPECT_EQ(put()->what, Applied::kCreated);
  EXPECT_EQ(put()->what, Applied::kUnchanged);
  given.valid_until = house.clock.now + 9;
  EXPECT_EQ(put()->what, Applied::kUpdated);
  given.consumer = "partner";
  EXPECT_EQ(put().error().status, SLUICE_E_CONFLICT);
  given.given_json = "{}";
  EXPECT_EQ(put().error().where, "/given") << "a made secret would be another each time";
  NewCredential token{"shop", "jwt", R"({"jwks":1})"};
  const auto put_token = [&] {
    return house.run([&](Edit& e) { return e.put_credential(token); });
  };
  EXPECT_EQ(put_token()->what, Applied::kCreated);
  token.given_json = R"({"jwks":2})";
  EXPECT_EQ(put_token()->what, Applied::kUpdated) << "the same lookups: new keys of the same";

  auto credential = house.studio.state().credentials.all().begin()->second;
  const auto restore = [&] {
    return house.run([&](Edit& e) { return e.restore_credential(credential); });
  };
  EXPECT_EQ(restore()->what, Applied::kUnchanged);
  credential.id.clear();
  EXPECT_EQ(restore()->what, Applied::kUnchanged);
  credential.enabled = false;
  EXPECT_EQ(restore()->what, Applied::kUpdated);
  credential.id = "cred-other";
  EXPECT_EQ(restore().error().status, SLUICE_E_CONFLICT);
  credential.id.clear();
  credential.lookups = {"another"};
  EXPECT_EQ(restore()->what, Applied::kCreated);
}

TEST(Studio, GrantsAndDisablingReachTheGateway) {
  House house;
  const auto api = house.create_live_api();
  house.must([](Edit& e) { return e.put_consumer({.name = "partner"}); });
  EXPECT_EQ(house.must([&](Edit& e) {
                   return e.grant({"partner", api.id, "", 0});
                 })
                .what,
            Applied::kCreated);
  EXPECT_TRUE(house.floor.serving.authorizations.find("partner/" + api.id));
  EXPECT_EQ(house.run([&](Edit& e) {
                   return e.grant({"nobody", api.id, "", 0});
                 })
                .error()
                .where,
            "/consumer");
  EXPECT_EQ(house.run([&](Edit& e) {
                   return e.grant({"partner", "x", "", 0});
                 })
                .error()
                .where,
            "/api_id");
  ASSERT_TRUE(house.run([](Edit& e) { return e.disable_consumer("partner"); }));
  EXPECT_FALSE(house.floor.serving.consumers.find("partner")->enabled);
  ASSERT_TRUE(house.run([](Edit& e) { return e.enable_consumer("partner"); }));
  EXPECT_TRUE(house.floor.serving.consumers.find("partner")->enabled);
  ASSERT_TRUE(house.run([&](Edit& e) {
    return e.revoke_authorization({"partner", api.id, "", 0});
  }));
  EXPECT_FALSE(house.floor.serving.authorizations.find("partner/" + api.id));

  house.must([&](Edit& e) { return e.grant({"partner", api.id, "", 0}); });
  house.must([](Edit& e) { return e.add_credential({"partner", "api-key"}); });
  ASSERT_TRUE(house.run([](Edit& e) { return e.delete_consumer("partner"); }));
  EXPECT_FALSE(house.floor.serving.authorizations.find("partner/" + api.id));
  EXPECT_TRUE(house.floor.serving.credentials.all().empty());
}

TEST(Studio, AnAuthorizationForARestApiIsOneOfItsOwn) {
  House house;
  const auto api = house.create_live_api();
  house.must([](Edit& e) { return e.put_consumer({.name = "partner"}); });
  const std::string rest_api = "dataservice-user-api";
  EXPECT_EQ(house.must([&](Edit& e) {
                   return e.grant({"partner", "", rest_api, 0});
                 })
                .what,
            Applied::kCreated);
  house.must([&](Edit& e) { return e.grant({"partner", api.id, "", 7}); });
  EXPECT_EQ(house.floor.serving.authorizations.all().size(), 3u) << "and the workspace's own";
  ASSERT_TRUE(house.run([&](Edit& e) {
    return e.revoke_authorization({"partner", api.id, "", 0});
  }));
  EXPECT_TRUE(house.floor.serving.authorizations.find("partner/rest-api:local/" + rest_api));
  EXPECT_EQ(house.run([&](Edit& e) {
                   return e.revoke_authorization({"partner", api.id, "", 0});
                 })
                .error()
                .status,
            SLUICE_E_NOT_FOUND);
  EXPECT_EQ(house.run([](Edit& e) {
                   return e.grant({"partner", "", "none", 0});
                 })
                .error()
                .where,
            "/rest_api");
  EXPECT_EQ(house.run([&](Edit& e) {
                   return e.grant({"partner", api.id, rest_api, 0});
                 })
                .error()
                .where,
            "/api");
}

TEST(Studio, WithoutRandomnessNothingIsMade) {
  FakeHouse house([](std::span<unsigned char>) { return false; });
  ASSERT_FALSE(house.studio.apply("ann", fill_basics, ApplyMode::kCommit));
  EXPECT_TRUE(house.documents.commits.empty());
  std::array<unsigned char, 16> bytes{};
  EXPECT_TRUE(make_system_random()(bytes));
}

TEST(Studio, LooksAtSourcesThroughTheLowerFloor) {
  House house;
  EXPECT_TRUE(house.studio.list_tables("shop", "user_db", "user"));
  EXPECT_TRUE(house.studio.describe_table("shop", "user_db", "user_info"));
  EXPECT_EQ(house.studio.list_tables("shop", "none", "").error().status, SLUICE_E_NOT_FOUND);
  EXPECT_EQ(house.studio.describe_table("x", "user_db", "").error().status, SLUICE_E_NOT_FOUND);
  house.floor.source_check = Error{SLUICE_E_UNAVAILABLE, "no such file", {}, "/settings/file"};
  const auto* source = house.studio.state().data_sources.find("shop/user_db");
  EXPECT_EQ(house.studio.check_data_source(*source).error().detail, "no such file");
  EXPECT_EQ(house.floor.calls,
            (Lines{"list user_db user", "describe user_db user_info", "check user_db"}));
}

// Proves: R004, R053, R142
TEST(Studio, ComposesTheAddressThatPeopleCall) {
  const struct {
    const char *origin, *domain;
    Protocol protocol;
    const char *base, *path, *url;
  } cases[] = {
      {"http://127.0.0.1:8080", "", Protocol::kHttp, "/v1", "/user/info",
       "http://127.0.0.1:8080/v1/user/info"},
      {"http://gw/", "", Protocol::kHttp, "/v1", "/x", "http://gw/v1/x"},
      {"http://gw", "", Protocol::kHttp, "/", "/x", "http://gw/x"},
      {"http://127.0.0.1:8080", "api.example.com", Protocol::kHttp, "/", "/x",
       "http://api.example.com:8080/x"},
      {"http://127.0.0.1:80", "api.example.com", Protocol::kHttp, "/v1", "/x",
       "http://api.example.com/v1/x"},
      {"http://[::1]:8080", "a.b", Protocol::kHttp, "/v1", "/x", "http://a.b:8080/v1/x"},
      {"http://[::1]", "a.b", Protocol::kHttp, "/v1", "/x", "http://a.b/v1/x"},
      {"http://127.0.0.1:8080", "api.example.com", Protocol::kHttps, "/v1", "/user/info",
       "https://api.example.com/v1/user/info"},
      {"", "api.example.com", Protocol::kHttps, "/v1", "/x", "https://api.example.com/v1/x"},
      {"", "", Protocol::kHttp, "/v1", "/x", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.url);
    const Domain domain{.name = c.domain, .protocol = c.protocol};
    EXPECT_EQ(make_access_url(c.origin, domain.name.empty() ? nullptr : &domain,
                              {.base_path = c.base, .domain = c.domain}, {.path = c.path}),
              c.url);
  }
}

// Proves: R054, R142
TEST(Studio, TheAddressHasTheVersionUnlessAHeaderSaysIt) {
  const struct {
    VersionManagement versions;
    const char *url, *base;
  } cases[] = {
      {{.enabled = true, .version = "v2"}, "http://gw/shop/v2/x", "http://gw/shop/v2"},
      {{.enabled = true, .scheme = VersionScheme::kQuery, .version = "v2", .name = "ver"},
       "http://gw/shop/x?ver=v2",
       "http://gw/shop"},
      {{.enabled = true, .scheme = VersionScheme::kHeader, .version = "v2", .name = "X-Ver"},
       "http://gw/shop/x",
       "http://gw/shop"},
  };
  for (const auto& c : cases) {
    const RestApi rest_api{.base_path = "/shop", .version_management = c.versions};
    EXPECT_EQ(make_access_url("http://gw", nullptr, rest_api, {.path = "/x"}), c.url);
    EXPECT_EQ(make_base_url("http://gw", nullptr, rest_api), c.base);
  }
  EXPECT_EQ(make_base_url("http://gw", nullptr, {.base_path = "/"}), "http://gw");
}

}  // namespace
}  // namespace sluice::studio
