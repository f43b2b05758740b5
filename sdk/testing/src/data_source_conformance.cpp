// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/data_source_conformance.hpp>

#include <algorithm>
#include <array>
#include <thread>

namespace sluice::testing {
namespace {

// One call and everything that came of it.
struct Call {
  Call(const TestInstance& instance, const OwnedQuery& given, const ScriptedOp::Script& script = {},
       std::uint64_t refused_row = UINT64_MAX, Status refusal = SLUICE_OK)
      : query(given), op(script) {
    rows.refuse_row(refused_row, refusal);
    status = op.await(instance.execute(op.raw(), query.raw(), rows.raw()));
  }

  OwnedQuery query;
  RecordingRows rows;
  ScriptedOp op;
  Status status = SLUICE_E_INTERNAL;
};

// The execution class tells how a gateway would call first.
std::uint32_t first_mode(const sluice_component& component) {
  return component.exec == SLUICE_EXEC_WORKER ? SLUICE_RUN_WORKER : SLUICE_RUN_INLINE;
}

constexpr std::array kHostileTexts = {
    "' OR '1'='1", "'; DROP TABLE t; --", "\"; --", "%_\\", "${x}", "?1",
    "NULL",        "\xf0\x9f\x8c\x8a",    ""};

}  // namespace

std::string name_of_subject(const ::testing::TestParamInfo<DataSourceSubject>& info) {
  return info.param.name;
}

void DataSourceConformance::SetUp() {
  if (GetParam().prepare_host) GetParam().prepare_host(host_);
  auto plugin = load_plugin(GetParam().file);
  ASSERT_TRUE(plugin) << plugin.error().detail << ": " << plugin.error().internal;
  component_ = find_component(**plugin, SLUICE_KIND_DATA_SOURCE, GetParam().type);
  ASSERT_NE(component_, nullptr) << "no data source of that type in the file";
  instance_ = make_started();
  ASSERT_NE(instance_, nullptr);
}

std::unique_ptr<TestInstance> DataSourceConformance::make_started() {
  auto made = TestInstance::make(*component_, host_, GetParam().make_settings());
  if (!made) {
    ADD_FAILURE() << made.error().where << ": " << made.error().detail;
    return nullptr;
  }
  if (auto started = (*made)->start(); !started) {
    ADD_FAILURE() << started.error().detail;
    return nullptr;
  }
  return std::move(*made);
}

// A program that tests a plugin of another kind links this file too.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DataSourceConformance);

TEST_P(DataSourceConformance, AnswersItsSampleQueries) {
  for (const auto& sample : GetParam().samples) {
    SCOPED_TRACE(sample.name);
    for (const std::uint32_t mode : {first_mode(*component_), std::uint32_t{SLUICE_RUN_WORKER}}) {
      const Call call(*instance_, sample.query, {.mode = mode});
      ASSERT_EQ(call.status, SLUICE_OK) << call.op.failure().detail;
      EXPECT_EQ(call.rows.fault, "");
      EXPECT_EQ(call.rows.begun, 1u);
      EXPECT_EQ(call.rows.columns, sample.columns);
      EXPECT_EQ(call.rows.rows, sample.rows);
    }
  }
}

TEST_P(DataSourceConformance, StopsAfterMaxRows) {
  if (!GetParam().many_rows) GTEST_SKIP() << "the subject has no query of many rows";
  for (const std::uint64_t bound : {1u, 3u, 10u}) {
    SCOPED_TRACE(bound);
    OwnedQuery query = *GetParam().many_rows;
    query.max_rows = bound;
    const Call call(*instance_, query);
    EXPECT_EQ(call.status, SLUICE_OK);
    EXPECT_EQ(call.rows.rows.size(), bound);
  }
}

TEST_P(DataSourceConformance, StopsWhenTheSinkRefusesARow) {
  if (!GetParam().many_rows) GTEST_SKIP() << "the subject has no query of many rows";
  for (const std::uint64_t row : {0u, 1u, 7u}) {
    for (const Status refusal : {SLUICE_E_TOO_LARGE, SLUICE_E_CANCELLED}) {
      SCOPED_TRACE(std::to_string(row) + " " + std::to_string(refusal));
      const Call call(*instance_, *GetParam().many_rows, {}, row, refusal);
      EXPECT_EQ(call.status, refusal) << "the sink's own status goes back";
      EXPECT_EQ(call.rows.rows.size(), row);
      EXPECT_EQ(call.rows.after_refusal, 0u);
    }
  }
  const Call after(*instance_, *GetParam().many_rows);
  EXPECT_EQ(after.status, SLUICE_OK) << "a refused call leaves nothing behind";
}

TEST_P(DataSourceConformance, StopsWhenTheCallIsCancelled) {
  const auto& subject = GetParam();
  if (!subject.long_query) GTEST_SKIP() << "the subject has no long query";
  for (const std::uint64_t at : {0u, 1u, 10u}) {
    SCOPED_TRACE(at);
    const Call call(*instance_, *subject.long_query, {.cancel_at = at});
    EXPECT_EQ(call.status, SLUICE_E_CANCELLED);
    EXPECT_LE(call.op.checkpoints(), at + 2) << "it went on after it was told to stop";
  }
}

TEST_P(DataSourceConformance, StopsAtTheDeadline) {
  const auto& subject = GetParam();
  if (!subject.long_query) GTEST_SKIP() << "the subject has no long query";
  for (const std::uint64_t at : {0u, 10u}) {
    SCOPED_TRACE(at);
    const Call call(*instance_, *subject.long_query, {.timeout_at = at});
    EXPECT_EQ(call.status, SLUICE_E_TIMEOUT);
    EXPECT_LE(call.op.checkpoints(), at + 2) << "it went on after it was told to stop";
  }
}

TEST_P(DataSourceConformance, GivesUpInlineAndIsWholeOnAWorker) {
  const auto& subject = GetParam();
  if (component_->exec != SLUICE_EXEC_INLINE_FIRST) GTEST_SKIP() << "not an inline-first source";
  if (!subject.long_query) GTEST_SKIP() << "the subject has no long query";
  const Call whole(*instance_, *subject.long_query);
  ASSERT_EQ(whole.status, SLUICE_OK);
  for (const std::uint64_t budget : {0u, 1u, 10u}) {
    SCOPED_TRACE(budget);
    const Call attempt(*instance_, *subject.long_query,
                       {.mode = SLUICE_RUN_INLINE, .budget = budget});
    EXPECT_EQ(attempt.status, SLUICE_RETRY_ON_WORKER);
    const Call again(*instance_, *subject.long_query);
    EXPECT_EQ(again.status, SLUICE_OK);
    EXPECT_EQ(again.rows.begun, 1u);
    EXPECT_EQ(again.rows.rows, whole.rows.rows);
  }
}

TEST_P(DataSourceConformance, BindsArgumentsAndNeverPastesThem) {
  if (!GetParam().echo) GTEST_SKIP() << "the subject has no query that echoes its argument";
  for (const std::string text : kHostileTexts) {
    SCOPED_TRACE(text);
    OwnedQuery query = *GetParam().echo;
    query.args = {OwnedQuery::Argument(text)};
    const Call call(*instance_, query);
    ASSERT_EQ(call.status, SLUICE_OK) << call.op.failure().detail;
    ASSERT_EQ(call.rows.rows.size(), 1u);
    EXPECT_EQ(call.rows.rows[0], (std::vector<std::string>{"'" + text + "'"}));
  }
}

TEST_P(DataSourceConformance, ListsAndDescribesItsTables) {
  const auto* catalog = instance_->find_ability<sluice_catalog>(SLUICE_CATALOG_ID);
  if (!catalog) GTEST_SKIP() << "the source has no catalog";
  const std::string& known = GetParam().known_table;
  const std::string absent = "no such thing anywhere";
  for (const auto& [search, expected] :
       {std::pair{std::string(), true}, std::pair{known.substr(0, known.size() - 1), true},
        std::pair{absent, false}}) {
    SCOPED_TRACE(search);
    ScriptedOp op;
    RecordingCatalog out;
    ASSERT_EQ(
        op.await(catalog->list_tables(instance_->self(), op.raw(), to_str(search), out.raw())),
        SLUICE_OK);
    const bool found = std::find(out.tables.begin(), out.tables.end(), known) != out.tables.end();
    EXPECT_EQ(found, expected);
    EXPECT_TRUE(std::is_sorted(out.tables.begin(), out.tables.end()));
  }
  ScriptedOp op;
  RecordingCatalog out;
  ASSERT_EQ(
      op.await(catalog->describe_table(instance_->self(), op.raw(), to_str(known), out.raw())),
      SLUICE_OK);
  EXPECT_FALSE(out.columns.empty());
  for (const auto& column : out.columns) {
    EXPECT_FALSE(column.name.empty());
    EXPECT_NE(column.type, std::uint32_t{SLUICE_T_NULL});
  }
}

TEST_P(DataSourceConformance, SaysThatATableIsNotFound) {
  const auto* catalog = instance_->find_ability<sluice_catalog>(SLUICE_CATALOG_ID);
  if (!catalog) GTEST_SKIP() << "the source has no catalog";
  for (const std::string table : {"no_such_table", "", "x'; DROP TABLE t; --", "a\"b"}) {
    SCOPED_TRACE(table);
    ScriptedOp op;
    RecordingCatalog out;
    EXPECT_EQ(
        op.await(catalog->describe_table(instance_->self(), op.raw(), to_str(table), out.raw())),
        SLUICE_E_NOT_FOUND);
    EXPECT_FALSE(op.failure().detail.empty());
    EXPECT_TRUE(out.columns.empty());
  }
}

TEST_P(DataSourceConformance, DescribesAStatementWithoutRunningIt) {
  const auto* statement = instance_->find_ability<sluice_statement>(SLUICE_STATEMENT_ID);
  if (!statement) GTEST_SKIP() << "the source does not describe statements";
  const auto describe = [&](const OwnedQuery& query, ScriptedOp& op, RecordingStatement& out) {
    return op.await(statement->describe(instance_->self(), op.raw(), query.raw(), out.raw()));
  };
  for (const auto& sample : GetParam().samples) {
    SCOPED_TRACE(sample.name);
    ScriptedOp op;
    RecordingStatement out;
    ASSERT_EQ(describe(sample.query, op, out), SLUICE_OK) << op.failure().detail;
    std::vector<std::string> names;
    for (const auto& column : out.columns) names.push_back(column.name);
    EXPECT_EQ(names, sample.columns);
    EXPECT_EQ(out.fault, "");
  }
  if (GetParam().long_query) {
    ScriptedOp op({.cancel_at = 10});
    RecordingStatement out;
    EXPECT_EQ(describe(*GetParam().long_query, op, out), SLUICE_OK) << "it was run";
  }
  const std::string& known = GetParam().known_table;
  for (const std::string& text :
       {"DELETE FROM " + known, "DROP TABLE " + known, "SELECT 1; DELETE FROM " + known,
        "SELECT no_such_column_anywhere FROM " + known, std::string("SELECT FROM WHERE"),
        std::string()}) {
    SCOPED_TRACE(text);
    ScriptedOp op;
    RecordingStatement out;
    const Status status = describe({text}, op, out);
    EXPECT_TRUE(status == SLUICE_E_ARGUMENT || status == SLUICE_E_NOT_FOUND) << status;
    EXPECT_FALSE(op.failure().detail.empty());
    EXPECT_TRUE(out.columns.empty());
  }
}

TEST_P(DataSourceConformance, AnswersTheSameFromManyThreads) {
  constexpr int kThreads = 4, kRounds = 200;
  const auto& samples = GetParam().samples;
  ASSERT_FALSE(samples.empty());
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kRounds; ++i) {
          const auto& sample = samples[static_cast<std::size_t>(i + t) % samples.size()];
          const std::uint32_t modes[] = {SLUICE_RUN_WORKER, first_mode(*component_)};
          const Call call(*instance_, sample.query, {.mode = modes[i % 2]});
          if (call.status != SLUICE_OK || call.rows.rows != sample.rows) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(DataSourceConformance, IsMadeAndDestroyedManyTimes) {
  const auto& samples = GetParam().samples;
  for (int i = 0; i < 100; ++i) {
    const auto instance = make_started();
    ASSERT_NE(instance, nullptr);
    EXPECT_TRUE(instance->check_health());
    if (i % 10 == 0 && !samples.empty()) {
      ASSERT_EQ(Call(*instance, samples[0].query).rows.rows, samples[0].rows);
    }
  }
}

TEST_P(DataSourceConformance, KeepsTwoInstancesApart) {
  const auto& samples = GetParam().samples;
  ASSERT_FALSE(samples.empty());
  auto other = make_started();
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(Call(*instance_, samples[0].query).rows.rows, samples[0].rows);
  EXPECT_EQ(Call(*other, samples[0].query).rows.rows, samples[0].rows);
  other.reset();
  EXPECT_EQ(Call(*instance_, samples[0].query).rows.rows, samples[0].rows);
}

TEST_P(DataSourceConformance, RefusesBadSettingsWithTheirPlace) {
  for (const auto& bad : GetParam().bad_settings) {
    SCOPED_TRACE(bad.json);
    auto made = TestInstance::make(*component_, host_, bad.json);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().status, SLUICE_E_CONFIG);
    EXPECT_EQ(made.error().where, bad.where);
    EXPECT_FALSE(made.error().detail.empty());
  }
}

}  // namespace sluice::testing
