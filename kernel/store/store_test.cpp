// SPDX-License-Identifier: Apache-2.0
#include "store/documents.hpp"
#include "store/fake_store.hpp"
#include "store/repository.hpp"

#include <gtest/gtest.h>

namespace sluice::store {
namespace {

using namespace model;

ApiDefinition full_definition() {
  ApiDefinition d;
  d.name = "Query User";
  d.description = "\xE7\x94\xA8 \"quoted\" \n";
  d.path = "/user/info";
  d.method = HttpMethod::kPost;
  d.data_source = "db";
  d.table = "user_info";
  d.request_parameters = {{"user_id",
                           "user_id",
                           ParameterType::kLong,
                           Position::kBody,
                           Operator::kLessOrEqual,
                           false,
                           "7",
                           "10001",
                           "who",
                           LikeMatch::kContains,
                           {{{"7", "8"}}, "1", "9", 2, 3, "[0-9]+"}},
                          {.name = "plain"}};
  d.response_parameters = {{"name", "user_name", ParameterType::kString, "Alice", "called"}};
  d.shape = ResultShape::kPage;
  d.envelope = Envelope::kBare;
  d.int64_as_string = true;
  d.resource_group = "fast";
  d.timeout_ms = 30'000;
  d.max_rows = 1;
  d.authentication = {"api-key", R"({"a":1})"};
  d.success_sample = std::string(R"({"data":[]})");
  d.failure_sample = std::string("no");
  d.fixed_conditions = {
      {"live", "deleted", ParameterType::kIntList, Operator::kNotIn, "1,2", LikeMatch::kPattern}};
  d.conditions = {"", Join::kAny, {{"user_id"}, {"", Join::kAll, {{"plain"}, {"live"}}}}};
  d.order = {{"created_at", Direction::kDescending}, {.column = "name"}};
  d.caller_order = {"orderBy", {{"name", "user_name"}, {"age", "age"}}};
  d.key_columns = {"user_id", "tenant"};
  d.paging = Paging::kCursor;
  d.mode = ApiMode::kScript;
  d.script = {"SELECT 1 AS x", ScriptMode::kAdvanced};
  d.acceleration = "cache";
  return d;
}

TableFacts full_table() {
  return {{{"user_id", "INTEGER", ParameterType::kLong, false, 1}, {.name = "age"}},
          {{"by_age", true, {"age", "user_id"}}}};
}

// One noun of every kind, no member at its default.
State full_state() {
  State s;
  s.workspaces.put("shop", {"shop", "sells", true, true, "west"});
  s.data_sources.put("shop/db", {"shop", "db", "sqlite", R"({"file":"x"})", "orders"});
  s.networks.put("west/inner", {"inner", "west", "10.0.0.0/8", "ours"});
  s.resource_groups.put(
      "west/fast", {"fast", "west", "exclusive", "inner", {"bank", "shop"}, 7, 0, "for the shop"});
  s.gateway_instances.put(
      "prod", {"prod", "gw-1", "west", "outer", NetworkAccess::kPublicAndPrivate,
               Specification::kMultiNode, InstanceStatus::kStopped, "the first", 1735689600003});
  s.domains.put("api.example.com", {"api.example.com", "west", Protocol::kHttps, "ours"});
  model::BackendService data{.name = "data", .region = "west", .network = "inner"};
  data.protocol = Protocol::kHttps;
  data.addresses = {"10.0.0.1:80", "[fd00::1]:81"};
  data.dns_name = "data.internal";
  data.port = 8443;
  data.health_check = {"/healthz", 1000, 100, 1, 2};
  data.description = "over there";
  s.backend_services.put("west/data", std::move(data));
  s.rest_apis.put("west/users", {"users", "/v1", "api.example.com", "all users", "west"});
  s.workflows.put("wf-1", {"wf-1", "shop", "User Query", "users", "cloud-native", {"A", "A/B"}});
  s.apis.put("api-1", {"api-1",
                       "shop",
                       "wf-1",
                       full_definition(),
                       18446744073709551615u,
                       3,
                       12,
                       {"A/B", {"slow", "beta"}, Visibility::kPrivate},
                       "ann",
                       full_table(),
                       9});
  s.versions.put("api-1/V12",
                 {"api-1", 12, full_definition(), VersionStatus::kRejected, "ann", 1735689600000,
                  "bob", "eve", "not yet", 1735689600002, 1735689600003, full_table()});
  s.deployments.put("api-1/prod",
                    {"api-1", "prod", 12, "Default", "ann", 1735689600001, "test", 4});
  s.publish_records.put("api-1/prod/R4", {"api-1", "prod", 4, PublishAction::kUndeploy, 12,
                                          "api.example.com", "data", "test", "ann", 1735689600002});
  s.consumers.put("shop", {"shop", "shop", "its own", false});
  const std::string digest("\0\x01\xFE\xFF and more", 13);
  s.credentials.put("cred-1", {"cred-1",
                               "shop",
                               "api-key",
                               {digest, "another"},
                               false,
                               digest,
                               "dk_abcde",
                               {{"source", "bearer"}, {"x", ""}},
                               false,
                               98,
                               99,
                               100,
                               18446744073709551615u,
                               {{"key", "dk_abcdefgh"}, {"x", ""}}});
  s.members.put("shop/ann", {"shop", "ann", {Role::kDeveloper, Role::kVisitor}, {Right::kGateway}});
  s.tokens.put("tok-1", {"tok-1", "ci", PrincipalKind::kMachine, "of the pipeline", digest,
                         "sat_1f00", false, 98, 99, "ann"});
  s.authorizations.put("shop/api-1", {"shop", "api-1", "", 77});
  s.authorizations.put("shop/rest-api:west/users", {"shop", "", "users", 78, "west"});
  s.test_records.put("api-1/T9", {"api-1",
                                  9,
                                  12,
                                  4,
                                  "ann",
                                  1735689600004,
                                  {{"user_id", "1"}, {"x", ""}},
                                  "/user/info?user_id=1",
                                  "a=1",
                                  TestVerdict::kDraftChanged,
                                  200,
                                  {{"Content-Type", "application/json"}},
                                  std::string("{\"a\":\"\xFF\"}"),
                                  true,
                                  1250,
                                  "SELECT ?",
                                  {"no index"},
                                  "no such table",
                                  {{"instance", "i1"}}});
  return s;
}

std::vector<DocumentRef> refs_of(const State& s) {
  std::vector<DocumentRef> refs;
  const auto add = [&](Kind kind, const auto& collection) {
    for (const auto& [key, noun] : collection.all()) refs.push_back({kind, key});
  };
  add(Kind::kWorkspace, s.workspaces);
  add(Kind::kDataSource, s.data_sources);
  add(Kind::kGatewayInstance, s.gateway_instances);
  add(Kind::kNetwork, s.networks);
  add(Kind::kResourceGroup, s.resource_groups);
  add(Kind::kDomain, s.domains);
  add(Kind::kBackendService, s.backend_services);
  add(Kind::kRestApi, s.rest_apis);
  add(Kind::kWorkflow, s.workflows);
  add(Kind::kApi, s.apis);
  add(Kind::kVersion, s.versions);
  add(Kind::kDeployment, s.deployments);
  add(Kind::kPublishRecord, s.publish_records);
  add(Kind::kConsumer, s.consumers);
  add(Kind::kCredential, s.credentials);
  add(Kind::kAuthorization, s.authorizations);
  add(Kind::kTestRecord, s.test_records);
  add(Kind::kMember, s.members);
  add(Kind::kToken, s.tokens);
  return refs;
}

void expect_equal(const State& a, const State& b) {
  EXPECT_EQ(a.workspaces.all(), b.workspaces.all());
  EXPECT_EQ(a.data_sources.all(), b.data_sources.all());
  EXPECT_EQ(a.gateway_instances.all(), b.gateway_instances.all());
  EXPECT_EQ(a.networks.all(), b.networks.all());
  EXPECT_EQ(a.resource_groups.all(), b.resource_groups.all());
  EXPECT_EQ(a.domains.all(), b.domains.all());
  EXPECT_EQ(a.backend_services.all(), b.backend_services.all());
  EXPECT_EQ(a.rest_apis.all(), b.rest_apis.all());
  EXPECT_EQ(a.workflows.all(), b.workflows.all());
  EXPECT_EQ(a.apis.all(), b.apis.all());
  EXPECT_EQ(a.versions.all(), b.versions.all());
  EXPECT_EQ(a.deployments.all(), b.deployments.all());
  EXPECT_EQ(a.publish_records.all(), b.publish_records.all());
  EXPECT_EQ(a.consumers.all(), b.consumers.all());
  EXPECT_EQ(a.members.all(), b.members.all());
  EXPECT_EQ(a.tokens.all(), b.tokens.all());
  EXPECT_EQ(a.credentials.all(), b.credentials.all());
  EXPECT_EQ(a.authorizations.all(), b.authorizations.all());
  EXPECT_EQ(a.test_records.all(), b.test_records.all());
}

TEST(Documents, EveryNounComesBackAsItWas) {
  const auto state = full_state();
  const auto refs = refs_of(state);
  ASSERT_EQ(refs.size(), kKinds.size() + 1) << "and a second authorization";
  State back;
  for (const auto& ref : refs) {
    SCOPED_TRACE(to_text(ref.kind));
    const auto document = make_document(state, ref, *make_test_sealer());
    ASSERT_TRUE(document && *document);
    const auto loaded =
        load_document(to_text(ref.kind), ref.key, **document, *make_test_sealer(), back);
    ASSERT_TRUE(loaded) << loaded.error().detail;
  }
  expect_equal(state, back);
  const auto none = make_document(state, {Kind::kApi, "api-2"}, *make_test_sealer());
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, std::nullopt);
}

TEST(Documents, RefusesWhatItDoesNotFullyUnderstand) {
  constexpr const char* kProd =
      R"({"format":1,"name":"prod","region":"r","protocol":"http","description":""})";
  const struct {
    const char *name, *kind, *key, *body, *says;
  } cases[] = {
      {"right", "domain", "prod", kProd, ""},
      {"unknown kind", "folder", "prod", kProd, "of a kind"},
      {"no JSON", "domain", "prod", "{", "is no JSON"},
      {"no object", "domain", "prod", "[]", "is no object"},
      {"unknown member", "domain", "prod",
       R"({"format":1,"name":"prod","region":"r","protocol":"http","description":"","x":1})",
       "/x is not known"},
      {"missing member", "domain", "prod", R"({"format":1})", "/name is missing"},
      {"no format", "domain", "prod", R"({"name":"prod"})", "/format is missing"},
      {"newer format", "domain", "prod", R"({"format":2,"name":"prod"})", "/format is 2"},
      {"another key", "domain", "test", kProd, "not its own"},
      {"text for a number", "deployment", "a/p",
       R"({"format":1,"api_id":"a","instance":"p","version":"1"})", "/version is no integer"},
      {"negative version", "deployment", "a/p",
       R"({"format":1,"api_id":"a","instance":"p","version":-1})", "/version is no integer"},
      {"number for a switch", "workspace", "w",
       R"({"format":1,"name":"w","description":"","requires_approval":1})",
       "/requires_approval is neither"},
      {"odd digits", "credential", "c",
       R"({"format":1,"id":"c","consumer":"x","type":"t","lookups":["61","abc"]})",
       "/lookups/1 is no hexadecimal"},
      {"a secret in the clear", "credential", "c",
       R"({"format":1,"id":"c","consumer":"x","type":"t","lookups":["61"],"is_unique":true,"secret":"s"})",
       "/secret is not sealed"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    State state;
    const auto loaded = load_document(c.kind, c.key, c.body, *make_test_sealer(), state);
    EXPECT_EQ(loaded.ok(), std::string_view(c.says).empty());
    if (loaded) continue;
    EXPECT_EQ(loaded.error().status, SLUICE_E_CONFIG);
    EXPECT_NE(loaded.error().detail.find(c.says), std::string::npos) << loaded.error().detail;
    EXPECT_EQ(loaded.error().where, "/" + std::string(c.kind) + "/" + c.key);
  }
}

TEST(Documents, RefusesNestedSurprises) {
  State state = full_state();
  auto document = **make_document(state, {Kind::kApi, "api-1"}, *make_test_sealer());
  const auto replace = [&](std::string_view from, std::string_view to) {
    auto changed = document;
    const auto at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return changed.replace(at, from.size(), to);
  };
  const struct {
    std::string body;
    const char* says;
  } cases[] = {
      {replace("\"POST\"", "\"PUT\""), "/draft/method has an unknown word"},
      {replace("\"default\":\"7\"", "\"default\":7"),
       "/draft/request_parameters/0/default is no text"},
      {replace("\"sample\":\"10001\"", "\"sample\":\"10001\",\"mask\":1"),
       "/draft/request_parameters/0/mask is not known"},
  };
  for (const auto& c : cases) {
    const auto loaded = load_document("api", "api-1", c.body, *make_test_sealer(), state);
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().detail.find(c.says), std::string::npos) << loaded.error().detail;
  }
}

TEST(Documents, RefusesTextThatIsNotUtf8) {
  State state;
  state.consumers.put("c", {.name = "c", .description = "\xFF"});
  const auto document = make_document(state, {Kind::kConsumer, "c"}, *make_test_sealer());
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().status, SLUICE_E_ARGUMENT);
}

struct Fixture {
  FakeStore fake;
  std::vector<std::string> log;
  Store store{FakeStore::table(), fake.self(), make_test_sealer(),
              [this](int, std::string_view line) { log.emplace_back(line); }};
};

TEST(Store, CommitsAndLoadsTheWholeState) {
  Fixture f;
  const auto state = full_state();
  ASSERT_TRUE(f.store.load_state());
  ASSERT_TRUE(f.store.commit(state, refs_of(state), {}));
  EXPECT_EQ(f.fake.commits.size(), 1u) << "one transaction";
  Store other(FakeStore::table(), f.fake.self(), make_test_sealer(), [](int, std::string_view) {});
  const auto loaded = other.load_state();
  ASSERT_TRUE(loaded) << loaded.error().detail;
  expect_equal(state, *loaded);
  EXPECT_EQ(other.loaded_revision(), 1u);
}

TEST(Store, WritesOnlyWhatIsNamedAndDeletesWhatIsGone) {
  Fixture f;
  auto state = full_state();
  ASSERT_TRUE(f.store.commit(state, refs_of(state), {}));
  state.consumers.erase("shop");
  state.gateway_instances.put("test", {"test"});
  const DocumentRef touched[] = {{Kind::kGatewayInstance, "test"},
                                 {Kind::kConsumer, "shop"},
                                 {Kind::kConsumer, "shop"},
                                 {Kind::kConsumer, "never there"}};
  ASSERT_TRUE(f.store.commit(state, touched, {}));
  EXPECT_EQ(f.fake.commits.back(),
            (std::vector<std::string>{"+gateway-instance/test", "-consumer/shop", "+head/state"}));
  ASSERT_TRUE(f.store.commit(state, std::span(touched).last(1), {}));
  EXPECT_EQ(f.fake.commits.size(), 2u) << "nothing to write, nothing committed";
}

TEST(Store, TellsAConcurrentWriterByTheDocument) {
  Fixture f;
  auto state = full_state();
  ASSERT_TRUE(f.store.commit(state, refs_of(state), {}));
  Store other(FakeStore::table(), f.fake.self(), make_test_sealer(), [](int, std::string_view) {});
  auto theirs = other.load_state();
  ASSERT_TRUE(theirs);
  theirs->consumers.put("shop", {"shop", "shop", "theirs", true});
  const DocumentRef consumer{Kind::kConsumer, "shop"}, instance{Kind::kGatewayInstance, "new"};
  ASSERT_TRUE(other.commit(*theirs, std::span(&consumer, 1), {}));

  const auto same = f.store.commit(state, std::span(&consumer, 1), {});
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().status, SLUICE_E_CONFLICT);
  EXPECT_EQ(same.error().where, "/consumer/shop");

  // Another document: it could break a law together with theirs, so it is refused as well.
  state.gateway_instances.put("new", {"new"});
  const auto another = f.store.commit(state, std::span(&instance, 1), {});
  ASSERT_FALSE(another);
  EXPECT_EQ(another.error().status, SLUICE_E_CONFLICT);
  EXPECT_EQ(another.error().where, "/head/state");

  EXPECT_NE(f.store.loaded_revision(), *f.store.read_revision());
  ASSERT_TRUE(f.store.load_state());
  EXPECT_EQ(f.store.loaded_revision(), *f.store.read_revision());
  EXPECT_TRUE(f.store.commit(state, std::span(&instance, 1), {}));
}

TEST(Store, HandsOnWhatTheComponentFailedWith) {
  Fixture f;
  auto state = full_state();
  f.fake.fail_commit = SLUICE_E_BUSY;
  const auto busy = f.store.commit(state, refs_of(state), {});
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error(), (Error{SLUICE_E_BUSY, "the fake store was told to fail", "told to", {}}));
  EXPECT_EQ(f.log.size(), 1u);
  f.fake.fail_commit = SLUICE_PENDING;  // a store that answers later is no store here
  EXPECT_EQ(f.store.commit(state, refs_of(state), {}).error().status, SLUICE_E_INTERNAL);
  f.fake.fail_commit = SLUICE_OK;
  ASSERT_TRUE(f.store.commit(state, refs_of(state), {}));
  f.fake.fail_scan = SLUICE_E_UNAVAILABLE;
  EXPECT_EQ(f.store.load_state().error().status, SLUICE_E_UNAVAILABLE);
}

TEST(Store, NamesADamagedDocument) {
  Fixture f;
  f.fake.documents[{"api", "api-1"}] = {"{}", 1};
  const auto loaded = f.store.load_state();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().status, SLUICE_E_CONFIG);
  EXPECT_EQ(loaded.error().where, "/api/api-1");
}

TEST(Store, RefusesADocumentThatIsTooLarge) {
  Fixture f;
  State state;
  state.consumers.put("c", {.name = "c", .description = std::string(kDocumentBytesMax, 'x')});
  const DocumentRef ref{Kind::kConsumer, "c"};
  const auto done = f.store.commit(state, std::span(&ref, 1), {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().status, SLUICE_E_TOO_LARGE);
  EXPECT_TRUE(f.fake.commits.empty());
}

}  // namespace
}  // namespace sluice::store
