// SPDX-License-Identifier: Apache-2.0
// A plugin in plain C keeps the promises of every data source.
#include <sluice/testing/data_source_conformance.hpp>

namespace sluice::testing {
namespace {

DataSourceSubject make_subject() {
  DataSourceSubject subject;
  subject.name = "SquaresInC";
  subject.file = SQUARES_FILE;
  subject.type = "squares";
  subject.make_settings = [] { return "{}"; };
  subject.bad_settings = {{R"({"max_rows":0})", "/max_rows"},
                          {R"({"max_rows":1000001})", "/max_rows"},
                          {R"({"max_rows":"9"})", "/max_rows"}};
  subject.samples = {
      {"three", {"squares ?1", {3}}, {"n", "square"}, {{"0", "0"}, {"1", "1"}, {"2", "4"}}},
      {"none", {"squares ?1", {0}}, {"n", "square"}, {}},
  };
  subject.many_rows.emplace("squares ?1", std::vector<OwnedQuery::Argument>{50});
  subject.long_query.emplace("squares ?1", std::vector<OwnedQuery::Argument>{1000});
  subject.echo.emplace("echo ?1");
  subject.known_table = "squares";
  return subject;
}

INSTANTIATE_TEST_SUITE_P(Squares, DataSourceConformance, ::testing::Values(make_subject()),
                         name_of_subject);

TEST(SquaresInC, RefusesWhatItDoesNotUnderstand) {
  const auto plugin = load_plugin(SQUARES_FILE);
  ASSERT_TRUE(plugin) << plugin.error().internal;
  const auto* component = find_component(**plugin, SLUICE_KIND_DATA_SOURCE, "squares");
  ASSERT_NE(component, nullptr);
  FakeHost host;
  const auto source = TestInstance::make(*component, host, R"({"max_rows":5})");
  ASSERT_TRUE(source);
  const struct {
    const char* name;
    OwnedQuery query;
    Status status;
  } cases[] = {
      {"up to the bound", {"squares ?1", {5}}, SLUICE_OK},
      {"beyond the bound", {"squares ?1", {6}}, SLUICE_E_TOO_LARGE},
      {"negative", {"squares ?1", {-1}}, SLUICE_E_ARGUMENT},
      {"a text", {"squares ?1", {"5"}}, SLUICE_E_ARGUMENT},
      {"no argument", {"squares ?1"}, SLUICE_E_ARGUMENT},
      {"another statement", {"SELECT 1"}, SLUICE_E_ARGUMENT},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ScriptedOp op;
    RecordingRows rows;
    EXPECT_EQ((*source)->execute(op.raw(), c.query.raw(), rows.raw()), c.status);
    EXPECT_EQ(op.failure().detail.empty(), c.status == SLUICE_OK);
  }
}

}  // namespace
}  // namespace sluice::testing
