// SPDX-License-Identifier: Apache-2.0
// Statements against the demo's tables: what they give, typed, and what is refused.
#include <gtest/gtest.h>

#include <atomic>

#include "demo.hpp"
#include "executor.hpp"
#include "sql_ast.hpp"
#include "sql_functions.hpp"

namespace emulator {
namespace {

class EmulatorSql : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    project_ = new ProjectFacts;
    project_->name = "demo_proj";
    warehouse_ = new Warehouse("");
    make_demo(*warehouse_, *project_);
  }
  static void TearDownTestSuite() {
    delete warehouse_;
    delete project_;
  }

  // CSV without its header, the text of other statements, or the error.
  static std::string run(const std::string& text, Settings settings = {}) {
    settings.emplace("odps.sql.timezone", "UTC");
    const std::atomic<bool> never{false};
    try {
      const auto script = parse_job(text, settings);
      const Outcome outcome = run_script(script, settings, *project_, *warehouse_, never, -1);
      if (outcome.failed || !outcome.select) return outcome.text;
      const std::string csv = make_csv(outcome.rows, 10000, outcome.zone);
      return csv.substr(csv.find('\n') + 1);
    } catch (const sql::SqlError& error) {
      return error.what();
    }
  }

  static std::string types_of(const std::string& text) { return run("EXPLAIN OUTPUT " + text); }

  static ProjectFacts* project_;
  static Warehouse* warehouse_;
};

ProjectFacts* EmulatorSql::project_ = nullptr;
Warehouse* EmulatorSql::warehouse_ = nullptr;

TEST_F(EmulatorSql, GivesWhatTheDialectMeans) {
  const struct {
    const char *text, *rows;
  } cases[] = {
      // literals and escapes
      {R"(select 'it\'s', "a\"b", 'a\\b', 'tab\tend', '\101';)",
       "\"it's\",\"a\"\"b\",\"a\\b\",\"tab\tend\",\"A\"\n"},
      {"select 5, 5L, 1.5, 1.5BD, -3, true, null", "5,5,1.5,1.5,-3,true,\\N\n"},
      {"select 9223372036854775807L, -9223372036854775808L",
       "9223372036854775807,-9223372036854775808\n"},
      {"select cast('2026-11-23 06:00:00' as datetime), date'2026-11-23'",
       "2026-11-23 06:00:00,2026-11-23\n"},
      {"select cast('12.345' as decimal(10,2)), cast('x' as bigint), cast(1.9 as bigint)",
       "12.35,\\N,1\n"},
      {"-- a comment\nselect /* another */ 1", "1\n"},
      {"select unbase64('aGk='), unhex('6869')", "\"hi\",\"hi\"\n"},
      // names
      {"select `user_id` as `id` from `demo_proj`.`user_info` where `user_id` = 10001", "10001\n"},
      {"select u.user_name n from user_info u where u.age > 26", "\"Bob\"\n"},
      {"SELECT USER_NAME FROM USER_INFO WHERE AGE = 25", "\"Alice\"\n"},
      // settings in front
      {"set odps.sql.allow.fullscan=true; select count(*) from events;", "5\n"},
      // order, limit, offset; NULL is the smallest
      {"select id, name from orders order by name limit 3",
       "2,\\N\n1,\"alpha\"\n3,\"it's \"\"quoted\"\", line\nbreak\"\n"},
      {"select id from orders order by id desc limit 1 offset 1", "2\n"},
      {"select id from ten_thousand_rows order by id desc limit 2", "10000\n9999\n"},
      {"select age a from user_info order by a desc limit 1", "30\n"},
      // operators and implicit conversions
      {"select user_id from user_info where user_name in ('Bob', 'Eve') and age between 1 and 99",
       "10002\n"},
      {"select user_id from user_info where user_id = '10001'", "10001\n"},
      {"select user_id from user_info where user_name like 'A%'", "10001\n"},
      {"select user_id from user_info where user_name like 'a%'", ""},
      {"select user_id from user_info where user_name rlike '^B.b$'", "10002\n"},
      {"select id from orders where name is null", "2\n"},
      {"select id from orders where amount = 12.34BD", "1\n"},
      {"select id from orders where amount > 9", "1\n"},
      {"select id from orders where amount < cast('-9.5' as decimal(10,2))", "3\n"},
      {"select id from orders where created >= '2026-11-23 06:00:00'", "1\n"},
      {"select id from orders order by amount limit 3", "2\n3\n1\n"},
      {"select 7 / 2, 7 % 3, 7 div 2, 0.1BD + 0.2BD, 1 + '1'", "3.5,1,3,0.3,2.0\n"},
      {"select case when age > 26 then 'old' else 'young' end from user_info",
       "\"young\"\n\"old\"\n"},
      {"select if(age = 25, 'x', null), nvl(null, 'd'), coalesce(null, 1) from user_info limit 1",
       "\"x\",\"d\",1\n"},
      {"select concat('a', 1), upper('x'), length('h\xc3\xa9llo'), substr('hello', 2, 3)",
       "\"a1\",\"X\",5,\"ell\"\n"},
      {"select year(date'2026-11-23'), to_char(datetime'2026-11-23 06:07:08', 'yyyymmdd hh:mi:ss')",
       "2026,\"20261123 06:07:08\"\n"},
      {"select dateadd(date'2026-01-31', 1, 'mm'), datediff(date'2026-11-23', date'2026-11-20', "
       "'dd')",
       "2026-02-28,3\n"},
      // composites
      {"select c_array[0], c_map['k'], c_struct.b, size(c_array) from all_types where c_int = 3",
       "1,7,\"x\",3\n"},
      {"select array(1, 2), map('a', 1), named_struct('f', 'g')",
       "\"[1,2]\",\"{a:1}\",\"{f:g}\"\n"},
      // grouping
      {"select count(*), count(v), sum(v), min(v), max(v) from events where pt = '20261123'",
       "3,2,40,10,30\n"},
      {"select k, sum(v) s from events where pt >= '2' group by k having sum(v) > 2 order by s "
       "limit 9",
       "\"a\",11\n\"c\",30\n"},
      {"select sum(amount), avg(amount), max(amount) from orders", "-987.66,-493.83,12.34\n"},
      {"select distinct pt from events where pt <> ''", "\"20261122\"\n\"20261123\"\n"},
      {"select count(*) from (select user_id from user_info) t", "2\n"},
      // joins, unions, sub-queries, windows
      {"select u.user_name, v.page from user_info u join visits v on u.user_id = v.user_id and "
       "v.day = '20261123' where v.hour = 7",
       "\"Alice\",\"/orders\"\n"},
      {"select u.user_id, o.id from user_info u left join orders o on u.user_id = o.id where u.age "
       "= 25",
       "10001,\\N\n"},
      {"select 1 as a union all select 2L", "1\n2\n"},
      {"select user_id from user_info where user_id in (select user_id from visits where day = "
       "'20261124')",
       "10002\n"},
      {"with t as (select 1 as x) select x + 1 from t", "2\n"},
      {"select a, b from values (1, 'x'), (2, null) t(a, b) where b is null", "2,\\N\n"},
      {"select id, row_number() over (order by id desc) from orders order by id limit 3",
       "1,3\n2,2\n3,1\n"},
      {"select user_name from adults where user_id = 10001", "\"Alice\"\n"},
      {"select u.user_id from user_info u left anti join visits v on u.user_id = v.user_id and "
       "v.day = '20261124'",
       "10001\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(run(c.text), c.rows);
  }
}

TEST_F(EmulatorSql, RefusesAsTheServiceDoes) {
  const struct {
    const char *text, *error;
  } cases[] = {
      {"selec 1", "ODPS-0130161:[1,1] Parse exception - invalid token 'selec'"},
      {"select 'a''b'", "ODPS-0130161:[1,11] Parse exception - invalid token 'b'"},
      {"select '\\q'", "ODPS-0130161:[1,9] Parse exception - unexpected escape sequence"},
      {"select 'abc", "ODPS-0130161:[1,8] Parse exception - a string literal has no end"},
      {"select 1; drop table user_info",
       "ODPS-0130161:[1,1] Parse exception - only one statement in a job, unless "
       "odps.sql.submit.mode=script"},
      {"select 1 from",
       "ODPS-0130161:[1,14] Parse exception - invalid token '<EOF>', expect a name"},
      {"select 1 from nope",
       "ODPS-0130131:[1,15] Table not found - table demo_proj.nope cannot be resolved"},
      {"select 1 from other.user_info", "ODPS-0420111:Project not found - 'other'"},
      {"select x from user_info",
       "ODPS-0130071:[1,8] Semantic analysis exception - column x cannot be resolved"},
      {"select nofun(1)",
       "ODPS-0130071:[1,8] Semantic analysis exception - function or view nofun cannot be "
       "resolved"},
      {"select * from events",
       "ODPS-0130071:[0,0] Semantic analysis exception - physical plan generation failed: "
       "Table(demo_proj,events) is full scan with all partitions, please specify partition "
       "predicates."},
      {"select * from events limit 10",
       "ODPS-0130071:[0,0] Semantic analysis exception - physical plan generation failed: "
       "Table(demo_proj,events) is full scan with all partitions, please specify partition "
       "predicates."},
      {"select * from events where k = 'a'",
       "ODPS-0130071:[0,0] Semantic analysis exception - physical plan generation failed: "
       "Table(demo_proj,events) is full scan with all partitions, please specify partition "
       "predicates."},
      {"select * from events where concat(pt, '') = 'a'",
       "ODPS-0130071:[0,0] Semantic analysis exception - physical plan generation failed: "
       "Table(demo_proj,events) is full scan with all partitions, please specify partition "
       "predicates."},
      {"select * from events where pt = 'a' or k = 'a'",
       "ODPS-0130071:[0,0] Semantic analysis exception - physical plan generation failed: "
       "Table(demo_proj,events) is full scan with all partitions, please specify partition "
       "predicates."},
      {"select 1 from user_info\norder by age",
       "ODPS-0130071:[2,1] Semantic analysis exception - ORDER BY must be used with a LIMIT "
       "clause, please set odps.sql.validate.orderby.limit=false to use it."},
      {"select 1 from (select age from user_info order by age) t",
       "ODPS-0130071:[1,1] Semantic analysis exception - ORDER BY must be used with a LIMIT "
       "clause, please set odps.sql.validate.orderby.limit=false to use it."},
      {"select age, count(*) from user_info",
       "ODPS-0130071:[1,8] Semantic analysis exception - column reference age should appear in "
       "GROUP BY key"},
      {"select 1 from user_info where age",
       "ODPS-0130071:[1,31] Semantic analysis exception - expect BOOLEAN type in WHERE, but got "
       "BIGINT"},
      {"select 1/0", "ODPS-0121095:Invalid argument - division by zero"},
      {"select array(1) = 1",
       "ODPS-0130141:[1,17] Illegal implicit type cast - in =, cannot bring ARRAY<INT> and INT to "
       "one type"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(run(c.text), c.error);
  }
}

TEST_F(EmulatorSql, SettingsChangeTheRules) {
  EXPECT_EQ(run("select count(*) from events", {{"odps.sql.allow.fullscan", "true"}}), "5\n");
  EXPECT_EQ(
      run("select age from user_info order by age", {{"odps.sql.validate.orderby.limit", "false"}}),
      "25\n30\n");
  EXPECT_EQ(
      run("select created from orders where id = 1", {{"odps.sql.timezone", "Asia/Shanghai"}}),
      "2026-11-23 14:00:00\n");
  EXPECT_EQ(run("select cast(1 as int)", {{"odps.sql.type.system.odps2", "false"}}),
            "ODPS-0130071:[1,8] Semantic analysis exception - INT type is not enabled in current "
            "mode. Please set odps.sql.type.system.odps2=true to use it.");
  EXPECT_EQ(run("select 1", {{"odps.sql.timezone", "Nowhere/Else"}}),
            "ODPS-0420061:Invalid parameter - odps.sql.timezone 'Nowhere/Else'");
}

TEST_F(EmulatorSql, ExplainsTheTypesOfColumns) {
  EXPECT_EQ(
      types_of("select * from user_info"),
      R"j({"columns":[{"name":"user_id","type":"bigint"},{"name":"user_name","type":"string"},)j"
      R"j({"name":"age","type":"bigint"}]})j");
  EXPECT_EQ(types_of("select count(*), 1, 'x', 1.5BD, avg(age) as a from user_info"),
            R"j({"columns":[{"name":"_c0","type":"bigint"},{"name":"_c1","type":"int"},)j"
            R"j({"name":"_c2","type":"string"},{"name":"_c3","type":"decimal(38,18)"},)j"
            R"j({"name":"a","type":"double"}]})j");
  EXPECT_EQ(run("explain output drop table if exists nothing"), "nothing to explain");
}

TEST_F(EmulatorSql, KeepsTables) {
  EXPECT_EQ(
      run("create table t1 (a bigint not null, b decimal(10,2), c array<string>) comment 'x'"),
      "OK");
  EXPECT_EQ(run("create table t1 (a bigint)"),
            "ODPS-0130071:[1,1] Semantic analysis exception - table demo_proj.t1 already exists");
  EXPECT_EQ(run("create table if not exists t1 (a bigint)"), "OK");
  EXPECT_EQ(run("insert into t1 values (1, 1.005BD, array('a', null)), (2, null, null)"), "OK");
  EXPECT_EQ(run("insert into t1 (a) select user_id from user_info"), "OK");
  EXPECT_EQ(run("select * from t1 order by a limit 9"),
            "1,1.01,\"[a,\\N]\"\n2,\\N,\\N\n10001,\\N,\\N\n10002,\\N,\\N\n");
  EXPECT_EQ(run("insert overwrite table t1 values (3, 0, array())"), "OK");
  EXPECT_EQ(run("select * from t1"), "3,0,\"[]\"\n");
  EXPECT_EQ(
      run("insert into t1 values (1)"),
      "ODPS-0130071:[1,1] Semantic analysis exception - wrong columns count 1 in data source, "
      "requires 3 columns");
  EXPECT_EQ(run("truncate table t1"), "OK");
  EXPECT_EQ(run("select count(*) from t1"), "0\n");
  EXPECT_EQ(run("create table t2 as select 1 as one, 'x' as x"), "OK");
  EXPECT_EQ(run("select * from t2"), "1,\"x\"\n");
  EXPECT_EQ(run("create table t3 like events"), "OK");
  EXPECT_EQ(run("alter table t3 add partition (pt='1') partition (pt='2')"), "OK");
  EXPECT_EQ(run("insert into t3 partition (pt) values ('k', 1, '3')"), "OK");
  EXPECT_EQ(run("show partitions t3"), "pt=1\npt=2\npt=3\n");
  EXPECT_EQ(run("alter table t3 drop partition (pt='3')"), "OK");
  EXPECT_EQ(run("select count(*) from t3 where pt > ''"), "0\n");
  EXPECT_EQ(run("create view v1 as select one from t2"), "OK");
  EXPECT_EQ(run("create or replace view v1 as select x from t2"), "OK");
  EXPECT_EQ(run("select * from v1"), "\"x\"\n");
  EXPECT_EQ(run("drop table v1"), "ODPS-0130071:[1,1] Semantic analysis exception - v1 is a view");
  EXPECT_EQ(run("drop view v1"), "OK");
  for (const char* table : {"t1", "t2", "t3"}) {
    EXPECT_EQ(run(std::string("drop table ") + table), "OK");
  }
  EXPECT_EQ(run("drop table if exists t1"), "OK");
  EXPECT_EQ(run("show tables like 't%'"), "ALIYUN$owner1:ten_thousand_rows\n");
}

TEST_F(EmulatorSql, AStatementEndsWhenItIsCancelled) {
  const std::atomic<bool> cancelled{true};
  Settings settings;
  const auto script = parse_job("select count(*) from billion_rows", settings);
  const Outcome outcome = run_script(script, settings, *project_, *warehouse_, cancelled, -1);
  EXPECT_TRUE(outcome.failed);
  EXPECT_EQ(outcome.text, "ODPS-0123105:Job got killed");
}

TEST_F(EmulatorSql, ALargeResultIsReadFromAnyRowOn) {
  const std::atomic<bool> never{false};
  Settings settings;
  const auto script = parse_job("select id, name from million_rows limit 30000", settings);
  const Outcome outcome = run_script(script, settings, *project_, *warehouse_, never, -1);
  ASSERT_FALSE(outcome.failed) << outcome.text;
  ASSERT_EQ(outcome.rows->count(), 30000);
  for (const std::int64_t start : {0, 1, 255, 256, 12345, 29999}) {
    ResultSet::Cursor cursor(outcome.rows, start);
    std::string record;
    std::uint32_t crc = 0;
    ASSERT_TRUE(cursor.next(record, crc));
    EXPECT_NE(record.find("name-" + std::to_string(start + 1)), std::string::npos) << start;
  }
  ResultSet::Cursor cursor(outcome.rows, 30000);
  std::string record;
  std::uint32_t crc = 0;
  EXPECT_FALSE(cursor.next(record, crc));
}

TEST(EmulatorDecimals, AreExact) {
  const struct {
    char operation;
    const char *a, *b, *result;
  } cases[] = {{'+', "0.1", "0.2", "0.3"},
               {'-', "1", "0.000000000000000001", "0.999999999999999999"},
               {'*', "-1.5", "1.5", "-2.25"},
               {'/', "1", "3", "0.333333333333333333"},
               {'+', "99999999999999999999", "1", "100000000000000000000"},
               {'*', "99999999999999999999", "99999999999999999999", ""}};
  for (const auto& c : cases) {
    EXPECT_EQ(sql::combine_decimals(c.operation, c.a, c.b), c.result) << c.a << c.operation << c.b;
  }
  EXPECT_LT(sql::compare_decimals("-10", "-9.5"), 0);
  EXPECT_GT(sql::compare_decimals("10", "9.5"), 0);
  EXPECT_EQ(sql::compare_decimals("1.50", "1.5"), 0);
}

}  // namespace
}  // namespace emulator
