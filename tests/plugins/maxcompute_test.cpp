// SPDX-License-Identifier: Apache-2.0
// ds-maxcompute, as the file that is shipped, against the emulator over the gateway's own HTTP
// client: the promises of every data source, every type, every method, every fault.
#include "tests/plugins/emulator_process.hpp"

#include "http/clock.hpp"

#include <sluice/testing/data_source_conformance.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace sluice::testing {
namespace {

constexpr const char* kFile = SLUICE_PLUGIN_DIR "/ds-maxcompute.so";

using Texts = std::vector<std::vector<std::string>>;

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

EmulatorProcess& shared_emulator() {
  static EmulatorProcess emulator;
  static const bool is_quick = [] {
    emulator.control("POST", "settings", R"({"runningAnswers":0})");
    return true;
  }();
  (void)is_quick;
  return emulator;
}

DataSourceSubject make_subject(const std::string& method) {
  DataSourceSubject subject;
  subject.name = "MaxCompute_" + method;
  subject.file = kFile;
  subject.type = "maxcompute";
  subject.prepare_host = [](FakeHost& host) { offer_outgoing(host, shared_outgoing()); };
  subject.make_settings = [method] {
    return shared_emulator().make_settings(R"(,"acceleration":")" + method + R"(")");
  };
  subject.bad_settings = {
      {"{}", "/endpoint"},
      {R"({"endpoint":"http://h/api","project":"p","access_id":"a","access_key":"b"})",
       "/endpoint"},
      {R"({"endpoint":"https://h/api","access_id":"a","access_key":"b"})", "/project"},
      {R"({"endpoint":"https://h/api","project":"p","access_key":"b"})", "/access_id"},
      {R"({"endpoint":"https://h/api","project":"p","access_id":"a"})", "/access_key"},
      {R"({"endpoint":"https://h/api","project":"p","access_id":"a","access_key":"b",)"
       R"("acceleration":"maxqa"})",
       "/quota"},
  };
  subject.samples = {
      {"the worked example",
       {"SELECT `user_id`, `user_name` FROM `user_info` WHERE `user_id` = ?1 LIMIT ?2", {10001, 1}},
       {"user_id", "user_name"},
       {{"10001", "'Alice'"}}},
      {"NULLs, quotes, decimals, times",
       {"SELECT id, name, price, amount, created FROM orders ORDER BY id LIMIT 10"},
       {"id", "name", "price", "amount", "created"},
       {{"1", "'alpha'", "1.5", "decimal 12.34", "timestamp 1795413600000000"},
        {"2", "NULL", "NULL", "NULL", "NULL"},
        {"3", "'it's \"quoted\", line\nbreak'", "-0.25", "decimal -1000", "timestamp -1000000"}}},
      {"no row", {"SELECT user_id AS id FROM user_info WHERE user_id = ?1", {-1}}, {"id"}, {}},
      {"a partition",
       {"SELECT k, v, pt FROM events WHERE pt = ?1 AND v > ?2 ORDER BY k LIMIT 5", {"20261123", 5}},
       {"k", "v", "pt"},
       {{"'a'", "10", "'20261123'"}, {"'c'", "30", "'20261123'"}}},
  };
  subject.many_rows.emplace("SELECT id FROM ten_thousand_rows LIMIT 50");
  subject.long_query.emplace("SELECT id FROM ten_thousand_rows LIMIT 2000");
  subject.echo.emplace("SELECT ?1 AS text");
  subject.known_table = "user_info";
  return subject;
}

INSTANTIATE_TEST_SUITE_P(MaxCompute, DataSourceConformance,
                         ::testing::Values(make_subject("maxqa"), make_subject("mcqa"),
                                           make_subject("cache"), make_subject("none")),
                         name_of_subject);

// One source over an emulator, and calls with a real deadline.
struct House {
  explicit House(const EmulatorProcess& emulator, const std::string& more = {}) {
    offer_outgoing(host, shared_outgoing());
    auto plugin = load_plugin(kFile);
    if (!plugin) throw std::runtime_error(plugin.error().internal);
    component = find_component(**plugin, SLUICE_KIND_DATA_SOURCE, "maxcompute");
    auto made = TestInstance::make(*component, host, emulator.make_settings(more));
    if (!made) throw std::runtime_error(made.error().detail);
    instance = std::move(*made);
    if (auto started = instance->start(); !started) {
      throw std::runtime_error(started.error().detail);
    }
  }
  struct Call {
    Call(const House& house, OwnedQuery given, std::uint64_t within_ms = 20'000)
        : query(std::move(given)), began(std::chrono::steady_clock::now()) {
      op.raw()->deadline_ns = http::monotonic_ns() + within_ms * 1'000'000;
      returned = house.instance->execute(op.raw(), query.raw(), rows.raw());
    }
    Status await() {
      const Status status = op.await(returned);
      took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::steady_clock::now() - began)
                    .count();
      return status;
    }
    std::string noted(const std::string& name) const {
      std::string last;
      for (const auto& [noted_name, value] : op.notes()) {
        if (noted_name == name) last = value;
      }
      return last;
    }
    OwnedQuery query;
    ScriptedOp op;
    RecordingRows rows;
    Status returned = SLUICE_E_INTERNAL;
    std::chrono::steady_clock::time_point began;
    std::int64_t took_ms = 0;
  };
  static OwnedQuery query_by(const std::string& method, std::string text,
                             std::vector<OwnedQuery::Argument> args = {}) {
    OwnedQuery query(std::move(text), std::move(args));
    query.acceleration = method;
    return query;
  }

  FakeHost host;
  const sluice_component* component = nullptr;
  std::unique_ptr<TestInstance> instance;
};

const Texts kAllTypes{
    {"1",
     "2",
     "3",
     "4",
     "0.25",
     "1.5",
     "decimal 12345678901234567890.123456789012345678",
     "true",
     "'h\xc3\xa9llo'",
     "'varchar'",
     "'char'",
     "x'0062696e'",
     "'2026-11-23'",
     "timestamp 1795413600000000",
     "'2026-11-23T06:00:00.123456789Z'",
     "'2026-11-23T06:00:00.123456789'",
     "json'{\"k\":[1,null,true]}'",
     "json'[1,null,3]'",
     "json'{\"k\":7}'",
     "json'{\"a\":5,\"b\":\"x\"}'"},
};

TEST(MaxComputeOverTheWire, BringsEveryTypeByEveryMethod) {
  auto& emulator = shared_emulator();
  House house(emulator);
  for (const std::string method : {"none", "maxqa", "mcqa", "cache", "cache"}) {
    SCOPED_TRACE(method);
    House::Call call(house,
                     House::query_by(method, "SELECT * FROM all_types WHERE c_tinyint = ?1", {1}));
    ASSERT_EQ(call.await(), SLUICE_OK) << call.op.failure().internal;
    EXPECT_EQ(call.noted("acceleration"), method);
    EXPECT_EQ(call.noted("fallback"), "");
    EXPECT_EQ(call.rows.rows, kAllTypes);
    House::Call nulls(house,
                      House::query_by(method, "SELECT * FROM all_types WHERE c_tinyint IS NULL"));
    ASSERT_EQ(nulls.await(), SLUICE_OK) << nulls.op.failure().internal;
    EXPECT_EQ(nulls.rows.rows, (Texts{std::vector<std::string>(20, "NULL")}));
  }
}

// An argument comes back as it went, of every type that there is a literal for.
TEST(MaxComputeOverTheWire, BringsEveryArgumentBackAsItWent) {
  House house(shared_emulator());
  OwnedQuery query = House::query_by(
      "none", "SELECT ?1 AS a, ?2 AS b, ?3 AS c, ?4 AS d, ?5 AS e, ?6 AS f, ?7 AS g, ?8 AS h",
      {nullptr, true, std::int64_t{9223372036854775807}, 1e300,
       OwnedQuery::Argument(std::string("\x01'\\\"\n\r\t;--/*\xf0\x9f\x8c\x8a]]>")), 1.5,
       OwnedQuery::Argument(std::string("\0\xff", 2), SLUICE_T_BYTES), -5});
  House::Call call(house, std::move(query));
  ASSERT_EQ(call.await(), SLUICE_OK) << call.op.failure().internal;
  EXPECT_EQ(call.rows.rows,
            (Texts{{"NULL", "true", "9223372036854775807", "1e+300",
                    "'\x01'\\\"\n\r\t;--/*\xf0\x9f\x8c\x8a]]>'", "1.5", "x'00ff'", "-5"}}));
  OwnedQuery exact = House::query_by("none", "SELECT ?1 AS a, ?2 AS b");
  exact.args = {OwnedQuery::Argument(nullptr), OwnedQuery::Argument(nullptr)};
  exact.args[0].cell = make_decimal(static_cast<std::uint64_t>(-1250), -1, 2);
  exact.args[1].cell = make_timestamp(1'795'413'600'123'456);
  House::Call digits(house, std::move(exact));
  ASSERT_EQ(digits.await(), SLUICE_OK) << digits.op.failure().internal;
  EXPECT_EQ(digits.rows.rows, (Texts{{"decimal -12.5", "timestamp 1795413600123456"}}));
}

TEST(MaxComputeOverTheWire, SignsInBothVersionsAndWithAToken) {
  EmulatorProcess strict({"--sts-token", "TOKEN", "--region", "cn-hangzhou"});
  for (const char* more :
       {R"(,"sts_token":"TOKEN")", R"(,"sts_token":"TOKEN","region":"cn-hangzhou")"}) {
    SCOPED_TRACE(more);
    House house(strict, more);
    House::Call call(house, {"SELECT user_id FROM user_info WHERE user_id = 10001"});
    EXPECT_EQ(call.await(), SLUICE_OK) << call.op.failure().internal;
    EXPECT_TRUE(house.instance->check_health());
  }
  House without(strict);
  House::Call refused(without, {"SELECT user_id FROM user_info"});
  EXPECT_EQ(refused.await(), SLUICE_E_UNAVAILABLE);
  EXPECT_EQ(refused.op.failure().detail, "the data source refuses the gateway's credentials");
  for (const auto& line : without.host.log()) EXPECT_FALSE(has(line.text, "testSecret"));
}

TEST(MaxComputeOverTheWire, RefusesAFullScanUnlessItIsAllowed) {
  House strict(shared_emulator());
  House::Call refused(strict, {"SELECT k FROM events LIMIT 10"});
  EXPECT_EQ(refused.await(), SLUICE_E_ARGUMENT);
  EXPECT_TRUE(has(refused.op.failure().detail, "every partition")) << refused.op.failure().detail;
  House open(shared_emulator(), R"(,"full_scan":true)");
  House::Call allowed(open, {"SELECT k FROM events LIMIT 10"});
  EXPECT_EQ(allowed.await(), SLUICE_OK) << allowed.op.failure().internal;
  EXPECT_EQ(allowed.rows.rows.size(), 5u);
}

TEST(MaxComputeOverTheWire, TellsItsTablesOverSeveralPages) {
  EmulatorProcess emulator;
  emulator.control("POST", "settings", R"({"pageItems":3})");
  House house(emulator);
  const auto* catalog = house.instance->find_ability<sluice_catalog>(SLUICE_CATALOG_ID);
  ScriptedOp op;
  RecordingCatalog out;
  ASSERT_EQ(catalog->list_tables(house.instance->self(), op.raw(), to_str(""), out.raw()),
            SLUICE_OK);
  EXPECT_GE(out.tables.size(), 9u);
  EXPECT_EQ(out.views, (std::vector<std::string>{"adults"}));
  RecordingCatalog events;
  ASSERT_EQ(
      catalog->describe_table(house.instance->self(), op.raw(), to_str("visits"), events.raw()),
      SLUICE_OK);
  EXPECT_EQ(events.indexes,
            (std::vector<RecordingCatalog::Index>{{"partition", false, {"day", "hour"}}}));
}

// Each fault of issue 5 ends with its code, in time, and leaves nothing at the service.
TEST(MaxComputeOverTheWire, EveryFaultHasItsCodeAndNothingHangs) {
  EmulatorProcess emulator;
  const struct {
    const char *name, *method, *fault;
    Status status;
    const char* detail;  // part of the text for the caller; null: it goes well in spite of it
    std::uint64_t within_ms = 20'000;
  } cases[] = {
      {"slow beyond the deadline", "none",
       R"({"kind":"slow","on":"instance.status","times":-1,"delayMs":30000})", SLUICE_E_TIMEOUT,
       "did not answer in time", 1'000},
      {"slow submission", "none", R"({"kind":"slow","on":"instance.create","delayMs":3000})",
       SLUICE_E_TIMEOUT, "did not answer in time", 1'000},
      {"slow rows", "none", R"({"kind":"slow","on":"tunnel.data","times":-1,"delayMs":30000})",
       SLUICE_E_TIMEOUT, "did not answer in time", 1'500},
      {"a job that takes long", "none", R"({"kind":"job_slow","delayMs":60000})", SLUICE_E_TIMEOUT,
       "did not answer in time", 1'000},
      {"5xx once", "none", R"({"kind":"status","on":"instance.status","status":503})", SLUICE_OK,
       nullptr},
      {"5xx for ever", "none",
       R"({"kind":"status","on":"instance.status","status":503,"times":-1})", SLUICE_E_UNAVAILABLE,
       "not available now"},
      {"5xx at the submission", "none", R"({"kind":"status","on":"instance.create","status":500})",
       SLUICE_E_UNAVAILABLE, "not available now"},
      {"throttled once", "none", R"({"kind":"throttle","on":"instance.create","retryAfter":1})",
       SLUICE_OK, nullptr},
      {"throttled beyond the deadline", "none",
       R"({"kind":"throttle","on":"instance.create","times":-1,"retryAfter":60})", SLUICE_E_BUSY,
       "as much as it can"},
      {"throttled by the tunnel", "none",
       R"({"kind":"throttle","on":"tunnel.data","retryAfter":1,"code":"FlowExceeded"})", SLUICE_OK,
       nullptr},
      {"cut once", "none", R"({"kind":"truncate","on":"tunnel.data","bytes":200})", SLUICE_OK,
       nullptr},
      {"cut for ever", "none", R"({"kind":"truncate","on":"tunnel.data","bytes":5,"times":-1})",
       SLUICE_E_UNAVAILABLE, "cannot be reached"},
      {"a connection that is dropped", "none", R"({"kind":"drop","on":"instance.create"})",
       SLUICE_E_UNAVAILABLE, "cannot be reached"},
      {"dropped while rows are read", "none", R"({"kind":"drop","on":"tunnel.data"})", SLUICE_OK,
       nullptr},
      {"a record's checksum", "none", R"({"kind":"corrupt","on":"tunnel.data","what":"record"})",
       SLUICE_E_UNAVAILABLE, "is damaged"},
      {"the stream's checksum", "none", R"({"kind":"corrupt","on":"tunnel.data","what":"stream"})",
       SLUICE_E_UNAVAILABLE, "is damaged"},
      {"the count", "none", R"({"kind":"corrupt","on":"tunnel.data","what":"count"})",
       SLUICE_E_UNAVAILABLE, "is damaged"},
      {"a record's checksum by mcqa", "mcqa",
       R"({"kind":"corrupt","on":"query.data","what":"record"})", SLUICE_E_UNAVAILABLE,
       "is damaged"},
      {"an expired token", "none", R"({"kind":"expired_token","on":"*","times":-1})",
       SLUICE_E_UNAVAILABLE, "refuses the gateway's credentials"},
      {"a skewed clock", "none", R"({"kind":"clock_skew","on":"*","times":-1,"skewSeconds":3600})",
       SLUICE_E_UNAVAILABLE, "clock differs"},
      {"a lost session", "mcqa", R"({"kind":"lost_session","on":"query.submit"})", SLUICE_OK,
       nullptr},
      {"no resources", "mcqa",
       R"({"kind":"lost_session","on":"query.submit","message":"ODPS-1830001:no resources"})",
       SLUICE_OK, nullptr},
      {"a job that fails", "none",
       R"({"kind":"job_failure","message":"ODPS-0010000:System internal error"})",
       SLUICE_E_UNAVAILABLE, "not available now"},
      {"maxqa is away", "maxqa",
       R"({"kind":"status","on":"maxqa.connect","status":503,"times":-1})", SLUICE_OK, nullptr},
      {"maxqa refuses its connection", "maxqa",
       R"({"kind":"status","on":"maxqa.instance.create","status":403,"code":"NoPermission"})",
       SLUICE_OK, nullptr},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    emulator.clear();
    House house(emulator);
    if (std::string_view(c.method) == "mcqa") {  // the session stands before the fault comes
      House::Call first(house, House::query_by("mcqa", "SELECT 1 AS a"));
      ASSERT_EQ(first.await(), SLUICE_OK) << first.op.failure().internal;
    }
    emulator.add_fault(c.fault);
    House::Call call(house,
                     House::query_by(c.method, "SELECT id, name FROM ten_thousand_rows LIMIT 100"),
                     c.within_ms);
    EXPECT_EQ(call.await(), c.status) << call.op.failure().internal;
    EXPECT_LT(call.took_ms, static_cast<std::int64_t>(c.within_ms) + 1'000);
    if (c.detail) {
      EXPECT_TRUE(has(call.op.failure().detail, c.detail)) << call.op.failure().detail;
    } else {
      EXPECT_EQ(call.rows.rows.size(), 100u);
    }
    EXPECT_EQ(call.op.stray_completions(), 0u);
    emulator.control("DELETE", "faults");
    house.instance.reset();
    EXPECT_TRUE(emulator.await_count("unfinished", 0)) << "a job was left running";
  }
}

TEST(MaxComputeOverTheWire, StopsAtTheServiceWhatItsCallerLeft) {
  EmulatorProcess emulator;
  House house(emulator);
  for (const std::string method : {"none", "maxqa", "mcqa"}) {
    SCOPED_TRACE(method);
    House::Call call(house, House::query_by(method, "SELECT COUNT(*) FROM billion_rows"));
    ASSERT_TRUE(emulator.await_count("running", 1)) << call.op.failure().internal;
    const auto* table = static_cast<const sluice_data_source*>(house.component->api);
    call.op.cancel();
    table->cancel(house.instance->self(), call.op.raw());
    EXPECT_EQ(call.await(), SLUICE_E_CANCELLED);
    EXPECT_TRUE(emulator.await_count("running", 0)) << "the job runs on";
  }
}

// A sink that takes 1000 rows and then waits: what is read ahead stays bounded, all of it comes.
TEST(MaxComputeOverTheWire, WaitsForASlowSink) {
  auto& emulator = shared_emulator();
  House house(emulator);
  const auto* table = static_cast<const sluice_data_source*>(house.component->api);
  for (const std::string method : {"none", "mcqa"}) {
    SCOPED_TRACE(method);
    OwnedQuery query = House::query_by(method, "SELECT id, name, price FROM ten_thousand_rows");
    ScriptedOp op;
    RecordingRows rows;
    rows.pause_each(1'000);
    const Status returned = house.instance->execute(op.raw(), query.raw(), rows.raw());
    for (int i = 0; i < 2'000 && op.completions() == 0; ++i) {
      if (rows.is_paused()) {
        rows.resumed();
        table->resume(house.instance->self(), op.raw());
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    EXPECT_EQ(op.await(returned), SLUICE_OK) << op.failure().internal;
    EXPECT_EQ(rows.fault, "");
    ASSERT_EQ(rows.rows.size(), 10'000u);
    EXPECT_EQ(rows.rows.back()[0], "10000");
  }
}

TEST(MaxComputeOverTheWire, ReadsCsvWithoutATunnel) {
  House house(shared_emulator(), R"(,"results":"csv")");
  for (const std::string method : {"none", "maxqa", "mcqa"}) {
    SCOPED_TRACE(method);
    House::Call call(
        house, House::query_by(method, "SELECT id, name, amount FROM orders ORDER BY id LIMIT 10"));
    ASSERT_EQ(call.await(), SLUICE_OK) << call.op.failure().internal;
    // A query of a session tells no types by CSV: bare digits are a number then.
    const char* whole = method == "mcqa" ? "-1000" : "decimal -1000";
    EXPECT_EQ(call.rows.rows, (Texts{{"1", "'alpha'", "decimal 12.34"},
                                     {"2", "NULL", "NULL"},
                                     {"3", "'it's \"quoted\", line\nbreak'", whole}}));
  }
}

}  // namespace
}  // namespace sluice::testing
