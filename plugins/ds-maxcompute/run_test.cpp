// SPDX-License-Identifier: Apache-2.0
// The walk of a query against a service inside of the test.
#include "run.hpp"
#include "test_records.hpp"
#include "test_service.hpp"

#include <gtest/gtest.h>

namespace sluice::maxcompute {
namespace {

using Call = House::Call;
using Texts = std::vector<std::vector<std::string>>;

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TestService::Answer http_error(int status, std::string code, std::string message,
                               std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {.http_status = status,
          .body = "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>",
          .headers = std::move(headers)};
}

TEST(MaxComputeRun, RunsAnOrdinaryJobAndReadsItsRowsByTunnel) {
  House house;
  Call call(house, "SELECT id, name FROM t WHERE id >= ?1", {0}, "none");
  EXPECT_FALSE(call.is_over()) << "nothing of it waits inside of execute()";
  EXPECT_EQ(house.settle(call), SLUICE_OK) << call.op.failure().internal;
  EXPECT_EQ(call.rows.fault, "");
  EXPECT_EQ(call.rows.columns, (std::vector<std::string>{"id", "name"}));
  EXPECT_EQ(call.rows.column_types, (std::vector<std::uint32_t>{SLUICE_T_INT64, SLUICE_T_TEXT}));
  EXPECT_EQ(call.rows.rows, (Texts{{"0", "'n0'"}, {"1", "'n1'"}, {"2", "'n2'"}}));
  EXPECT_EQ(call.noted("acceleration"), "none");
  EXPECT_EQ(call.noted("instance"), "job1");
  EXPECT_EQ(call.noted("log_view"),
            "https://logview.aliyun.com/logview/?h=https%3A%2F%2Fmc.example.com%2Fapi&p=p&i=job1");
  EXPECT_EQ(house.service.seen,
            (std::vector<std::string>{
                "POST /api/projects/p/instances?curr_project=p",
                "GET /api/projects/p/instances/job1?instancestatus&curr_project=p",
                "GET /api/projects/p/instances/job1?instancestatus&curr_project=p",
                "GET /api/projects/p/instances/job1?taskstatus&curr_project=p",
                "GET /api/projects/p/tunnel?service&curr_project=p",
                "POST /projects/p/instances/job1?downloads&curr_project=p",
                "GET /projects/p/instances/job1?downloadid=d1&rowrange=%280%2C3%29&data&"
                "curr_project=p"}));
  EXPECT_TRUE(has(house.service.bodies[0], "WHERE id &gt;= 0;</Query>"));
  EXPECT_FALSE(has(house.service.bodies[0], "allow.fullscan"));
  EXPECT_EQ(house.service.stopped, 0);
  EXPECT_EQ(house.source->shared().running(), 0u);
  EXPECT_EQ(house.timers->waiting(), 0u) << "no timer is left behind";

  Call second(house, "SELECT 1");
  EXPECT_EQ(house.settle(second), SLUICE_OK);
  EXPECT_EQ(house.service.seen[11], "POST /projects/p/instances/job2?downloads&curr_project=p")
      << "the tunnel is asked for once";
}

TEST(MaxComputeRun, SignsWhatItSends) {
  House house([](SourceSettings& s) {
    s.credentials.sts_token = "TOKEN";
    s.schema = "s1";
  });
  Call call(house, "SELECT 1");
  EXPECT_EQ(house.settle(call), SLUICE_OK);
  for (const auto& sent : house.client.sent()) {
    SCOPED_TRACE(sent.url);
    EXPECT_TRUE(find_header(sent.headers, "Authorization").starts_with("ODPS AK:"));
    EXPECT_EQ(find_header(sent.headers, "Date"), "Mon, 23 Nov 2026 06:00:00 GMT");
    EXPECT_EQ(find_header(sent.headers, "x-odps-user-agent"), "ds-maxcompute/1.0");
    EXPECT_EQ(find_header(sent.headers, "authorization-sts-token"), "TOKEN");
    const bool is_rest = has(sent.url, "/api/");
    EXPECT_EQ(has(sent.url, "curr_schema=s1"), is_rest) << "the tunnel takes the project only";
    EXPECT_EQ(find_header(sent.headers, "x-odps-tunnel-version"), is_rest ? "" : "6");
  }
}

TEST(MaxComputeRun, TellsWhyAJobFailed) {
  House house;
  house.service.task_status = "Failed";
  house.service.task_result = "ODPS-0130131:[1,15] Table not found - table p.t cannot be resolved";
  Call call(house, "SELECT * FROM t");
  EXPECT_EQ(house.settle(call), SLUICE_E_NOT_FOUND);
  EXPECT_EQ(call.op.failure().detail, "the table or a column of it is gone");
  EXPECT_EQ(call.op.failure().internal, house.service.task_result + " (instance job1)");
  EXPECT_EQ(call.rows.begun, 0u);

  house.service.task_status = "Cancelled";
  Call stopped(house, "SELECT * FROM t");
  EXPECT_EQ(house.settle(stopped), SLUICE_E_INTERNAL);
  EXPECT_EQ(stopped.op.failure().detail, "the job was stopped at the data source");
}

TEST(MaxComputeRun, RefusesWhatItCannotSend) {
  House house;
  Call writing(house, "DROP TABLE t");
  EXPECT_EQ(writing.status(), SLUICE_E_ARGUMENT);
  Call unknown(house, "SELECT 1", {}, "warp");
  EXPECT_EQ(unknown.status(), SLUICE_E_ARGUMENT);
  EXPECT_TRUE(house.service.seen.empty());
}

TEST(MaxComputeRun, StopsTheJobWhenTheCallerGoes) {
  House house;
  house.service.polls_running = 1'000'000;
  Call call(house, "SELECT 1");
  for (int i = 0; i < 5; ++i) house.timers->advance();
  EXPECT_EQ(house.service.submitted, 1);
  EXPECT_FALSE(call.is_over());
  call.op.cancel();
  house.source->cancel(Op(call.op.raw()));
  EXPECT_TRUE(call.is_over()) << "the caller does not wait for the service";
  EXPECT_EQ(call.status(), SLUICE_E_CANCELLED);
  EXPECT_EQ(house.service.stopped, 1);
  EXPECT_EQ(house.service.seen.back(), "PUT /api/projects/p/instances/job1?curr_project=p");
  EXPECT_TRUE(has(house.service.bodies.back(), "<Status>Terminated</Status>"));
  EXPECT_EQ(house.source->shared().running(), 0u);
  EXPECT_EQ(house.timers->waiting(), 0u);
  house.source->cancel(Op(call.op.raw()));  // late: nobody is there
}

TEST(MaxComputeRun, AsksAgainToStopAJob) {
  House house;
  house.service.polls_running = 1'000'000;
  int away = 2, asked = 0;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (sent.method != "PUT") return std::nullopt;
    ++asked;
    return away-- > 0 ? std::optional(http_error(503, "ServiceUnavailable", "x")) : std::nullopt;
  };
  Call call(house, "SELECT 1");
  for (int i = 0; i < 5; ++i) house.timers->advance();
  call.op.cancel();
  house.source->cancel(Op(call.op.raw()));
  EXPECT_EQ(call.status(), SLUICE_E_CANCELLED) << "the caller does not wait for that";
  EXPECT_EQ(house.source->shared().running(), 1u);
  house.drain();
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(house.service.stopped, 1);
  EXPECT_EQ(house.source->shared().running(), 0u);
}

TEST(MaxComputeRun, StopsTheJobAtTheDeadline) {
  House house([](SourceSettings& s) { s.query_timeout_ms = 5'000; });
  house.service.polls_running = 1'000'000;
  Call call(house, "SELECT 1");
  EXPECT_EQ(house.settle(call), SLUICE_E_TIMEOUT);
  EXPECT_EQ(call.op.failure().detail, "the data source did not answer in time");
  EXPECT_EQ(call.op.failure().internal, "instance job1");
  EXPECT_EQ(house.service.stopped, 1);
  EXPECT_EQ(house.timers->monotonic_ns(), 6'000'000'000u);
  EXPECT_EQ(house.source->shared().running(), 0u);
}

// The caller goes while nobody knows yet which job it will be.
TEST(MaxComputeRun, StopsAJobThatIsToldOfAfterTheCallerWent) {
  House house;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (sent.method != "POST") return std::nullopt;
    TestService::Answer answer{.http_status = 201, .held = true};
    answer.headers = {{"Location", "http://h/api/projects/p/instances/late1"}};
    return answer;
  };
  Call call(house, "SELECT 1");
  call.op.cancel();
  house.source->cancel(Op(call.op.raw()));
  EXPECT_EQ(call.status(), SLUICE_E_CANCELLED);
  EXPECT_EQ(house.service.stopped, 0);
  EXPECT_EQ(house.source->shared().running(), 1u) << "it waits to know what it must stop";
  ASSERT_TRUE(house.client.deliver());
  EXPECT_EQ(house.service.stopped, 1);
  EXPECT_EQ(house.service.seen.back(), "PUT /api/projects/p/instances/late1?curr_project=p");
  EXPECT_EQ(house.source->shared().running(), 0u);
}

TEST(MaxComputeRun, RepeatsOnlyWhatIsSafeToRepeat) {
  // A status that cannot be had is asked for again.
  House house;
  int away = 2;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (has(sent.url, "instancestatus") && away-- > 0) {
      return http_error(503, "ServiceUnavailable", "x");
    }
    return std::nullopt;
  };
  Call call(house, "SELECT 1");
  EXPECT_EQ(house.settle(call), SLUICE_OK);
  EXPECT_EQ(house.service.submitted, 1);

  // A submission whose answer was lost may be a running job.
  int posts = 0;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (sent.method != "POST" || !sent.url.ends_with("instances?curr_project=p")) return {};
    ++posts;
    return TestService::Answer{.status = SLUICE_E_UNAVAILABLE};
  };
  Call lost(house, "SELECT 1");
  EXPECT_EQ(house.settle(lost), SLUICE_E_UNAVAILABLE);
  EXPECT_EQ(posts, 1);
}

TEST(MaxComputeRun, WaitsAsLongAsAThrottledServiceSays) {
  House house;
  int refusals = 2;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (sent.method == "POST" && refusals-- > 0) {
      return http_error(429, "Throttled", "slow down", {{"Retry-After", "2"}});
    }
    return std::nullopt;
  };
  Call call(house, "SELECT 1");
  EXPECT_EQ(house.settle(call), SLUICE_OK);
  EXPECT_GE(house.timers->monotonic_ns(), 5'000'000'000u);

  // No longer than the call may last: then the caller is told when to come again.
  refusals = 1'000;
  Call late(house, "SELECT 1");
  house.service.before = [&](const TestService::Sent&) -> std::optional<TestService::Answer> {
    return http_error(429, "Throttled", "slow down", {{"Retry-After", "120"}});
  };
  EXPECT_EQ(house.settle(late), SLUICE_E_BUSY);
  EXPECT_EQ(late.op.retry_after_ms(), 120'000u);
  EXPECT_EQ(late.op.failure().detail, "the data source serves as much as it can; try again");
}

TEST(MaxComputeRun, TellsWhatOtherRefusalsMean) {
  const struct {
    const char* name;
    TestService::Answer answer;
    Status status;
    const char* detail;
  } cases[] = {
      {"wrong secret", http_error(401, "SignatureNotMatch", "ODPS-0410042:Invalid signature value"),
       SLUICE_E_UNAVAILABLE, "the data source refuses the gateway's credentials"},
      {"skewed clock",
       http_error(400, "RequestTimeTooSkewd", "ODPS-0410031:Authentication request expired"),
       SLUICE_E_UNAVAILABLE, "the gateway's clock differs too much from the data source's"},
      {"no job", {.http_status = 201}, SLUICE_E_UNAVAILABLE, "the data source's answer is damaged"},
      {"unreachable",
       {.status = SLUICE_E_UNAVAILABLE},
       SLUICE_E_UNAVAILABLE,
       "the data source cannot be reached"},
      {"a private address",
       {.status = SLUICE_E_FORBIDDEN},
       SLUICE_E_UNAVAILABLE,
       "the data source has a private address, which its settings do not allow"},
      {"in no time",
       {.status = SLUICE_E_TIMEOUT},
       SLUICE_E_TIMEOUT,
       "the data source did not answer in time"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    House house;
    house.service.before = [&](const TestService::Sent&) { return std::optional(c.answer); };
    Call call(house, "SELECT 1");
    EXPECT_EQ(house.settle(call), c.status);
    EXPECT_EQ(call.op.failure().detail, c.detail);
    EXPECT_EQ(house.source->shared().running(), 0u);
  }
}

TEST(MaxComputeRun, ReadsManyRowsInWindows) {
  House house;
  house.service.records = 200'000;
  Call call(house, "SELECT id, name FROM t");
  EXPECT_EQ(house.settle(call), SLUICE_OK);
  EXPECT_EQ(call.rows.rows.size(), 200'000u);
  EXPECT_EQ(call.rows.rows.back(), (std::vector<std::string>{"199999", "'n199999'"}));
  int windows = 0;
  for (const auto& seen : house.service.seen) windows += has(seen, "rowrange") ? 1 : 0;
  EXPECT_GE(windows, 2);
  EXPECT_LE(windows, 10);
}

TEST(MaxComputeRun, StopsAtMaxRows) {
  House house;
  house.service.records = 100;
  Call call(house, "SELECT id, name FROM t", {}, "none", 7);
  EXPECT_EQ(house.settle(call), SLUICE_OK);
  EXPECT_EQ(call.rows.rows.size(), 7u);
  EXPECT_TRUE(has(house.service.seen.back(), "rowrange=%280%2C7%29"));
}

TEST(MaxComputeRun, PausesWithItsSink) {
  House house;
  house.service.records = 1'000;
  Call call(house, "SELECT id, name FROM t");
  call.rows.pause_each(100);
  while (!call.is_over()) {
    while (!call.rows.is_paused() && !call.is_over() && house.timers->advance()) {
    }
    if (!call.rows.is_paused()) break;
    const std::size_t there = call.rows.rows.size();
    EXPECT_EQ(there % 100, 0u);
    call.rows.resumed();
    house.source->resume(Op(call.op.raw()));
  }
  EXPECT_EQ(call.status(), SLUICE_OK);
  EXPECT_EQ(call.rows.fault, "");
  EXPECT_EQ(call.rows.rows.size(), 1'000u);

  // A caller that goes while the sink is full.
  Call gone(house, "SELECT id, name FROM t");
  gone.rows.pause_each(100);
  while (!gone.rows.is_paused() && house.timers->advance()) {
  }
  ASSERT_TRUE(gone.rows.is_paused());
  gone.op.cancel();
  house.source->cancel(Op(gone.op.raw()));
  EXPECT_EQ(gone.status(), SLUICE_E_CANCELLED);
  EXPECT_EQ(house.source->shared().running(), 0u);
}

TEST(MaxComputeRun, HandsTheSinksRefusalOn) {
  House house;
  house.service.records = 10;
  Call call(house, "SELECT id, name FROM t");
  call.rows.refuse_row(4, SLUICE_E_TOO_LARGE);
  EXPECT_EQ(house.settle(call), SLUICE_E_TOO_LARGE);
  EXPECT_EQ(call.rows.rows.size(), 4u);
  EXPECT_EQ(call.rows.after_refusal, 0u);
  EXPECT_EQ(house.service.stopped, 0) << "the job was over";
}

// A range that was cut is asked for again from the next row; damaged bytes are an error.
TEST(MaxComputeRun, GoesOnAfterACutAndNeverAfterDamage) {
  House house;
  house.service.records = 1'000;
  int cuts = 2;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (!has(sent.url, "rowrange") || cuts == 0) return std::nullopt;
    --cuts;
    house.service.before = nullptr;
    auto answer = house.service.respond(sent);
    answer.body.resize(answer.body.size() / 2);
    return answer;
  };
  Call call(house, "SELECT id, name FROM t");
  EXPECT_EQ(house.settle(call), SLUICE_OK);
  ASSERT_EQ(call.rows.rows.size(), 1'000u);
  for (std::size_t i = 0; i < 1'000; ++i) ASSERT_EQ(call.rows.rows[i][0], std::to_string(i));

  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (!has(sent.url, "rowrange")) return std::nullopt;
    return TestService::Answer{.body = RecordWriter().damage().integer(1, 1).end_record().finish()};
  };
  Call damaged(house, "SELECT id, name FROM t");
  EXPECT_EQ(house.settle(damaged), SLUICE_E_UNAVAILABLE);
  EXPECT_EQ(damaged.op.failure().detail, "the data source's answer is damaged");
  EXPECT_TRUE(has(damaged.op.failure().internal, "a record's checksum is wrong"));
  EXPECT_TRUE(damaged.rows.rows.empty());
}

TEST(MaxComputeRun, ReadsCsvWhereTheTunnelIsAway) {
  House house;
  house.service.csv = "\"id\",\"name\"\n1,\"a\"\n2,\\N\n";
  house.service.descriptor =
      R"({"SelectResultStatus":"FULL","Schema":{"Columns":[{"Name":"id","Type":"bigint"},)"
      R"({"Name":"name","Type":"string"}]}})";
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (!has(sent.url, "downloads")) return std::nullopt;
    return http_error(403, "NoPermission", "no download");
  };
  Call call(house, "SELECT id, name FROM t");
  EXPECT_EQ(house.settle(call), SLUICE_OK) << call.op.failure().internal;
  EXPECT_EQ(call.rows.rows, (Texts{{"1", "'a'"}, {"2", "NULL"}}));
  EXPECT_EQ(call.rows.column_types, (std::vector<std::uint32_t>{SLUICE_T_INT64, SLUICE_T_TEXT}));
  EXPECT_TRUE(has(call.noted("tunnel"), "rows by CSV"));

  // More rows than CSV can bring are no whole answer.
  house.service.descriptor = R"({"SelectResultStatus":"TRUNCATED"})";
  Call cut(house, "SELECT id, name FROM t");
  EXPECT_EQ(house.settle(cut), SLUICE_E_TOO_LARGE);
  Call enough(house, "SELECT id, name FROM t", {}, "none", 2);
  EXPECT_EQ(house.settle(enough), SLUICE_OK);
}

TEST(MaxComputeRun, TakesAnEndThatCameWithTheSubmission) {
  House house;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (sent.method != "POST" || has(sent.url, "downloads")) return std::nullopt;
    return TestService::Answer{
        .http_status = 200,
        .body =
            "<Instance><Tasks><Task Type=\"SQL\"><Name>A</Name><Status>Failed</Status><Result "
            "Format=\"text\">ODPS-0130161:[1,1] Parse exception - x</Result></Task></Tasks>"
            "</Instance>",
        .headers = {{"Location", "http://h/api/projects/p/instances/j9"}}};
  };
  Call call(house, "SELECT FROM");
  EXPECT_EQ(call.status(), SLUICE_E_ARGUMENT) << "no look at the job is needed";
  EXPECT_EQ(call.op.failure().detail, "the statement is not valid for this data source");
}

TEST(MaxComputeRun, IsBounded) {
  House house([](SourceSettings& s) { s.queries_max = 2; });
  house.service.polls_running = 1'000'000;
  Call first(house, "SELECT 1"), second(house, "SELECT 1"), third(house, "SELECT 1");
  EXPECT_FALSE(first.is_over());
  EXPECT_FALSE(second.is_over());
  EXPECT_EQ(third.status(), SLUICE_E_BUSY);
  EXPECT_EQ(third.op.retry_after_ms(), 1'000u);
  house.source->stop();
  EXPECT_EQ(first.status(), SLUICE_E_CANCELLED);
  EXPECT_EQ(house.service.stopped, 2) << "what ran is stopped with the instance";
}

// ------------------------------------------------------------------------------------ acceleration

// Proves: R082
TEST(MaxComputeAcceleration, IsRequiredAndWarnsOfOrdinaryJobs) {
  const auto& told = MaxComputeSource::kAcceleration;
  EXPECT_EQ(told.required, 1u);
  std::string names;
  for (std::size_t i = 0; i < told.method_count; ++i) {
    names += std::string(to_view(told.methods[i]->name)) + " ";
    EXPECT_FALSE(to_view(told.methods[i]->summary).empty());
  }
  EXPECT_EQ(names, "maxqa mcqa cache none ");
  EXPECT_FALSE(to_view(told.methods[3]->warning).empty());
}

TEST(MaxComputeAcceleration, MaxqaRunsOnItsOwnPathWithItsHeaders) {
  House house;
  Call call(house, "SELECT 1", {}, "maxqa");
  EXPECT_EQ(house.settle(call), SLUICE_OK) << call.op.failure().internal;
  EXPECT_EQ(call.noted("acceleration"), "maxqa");
  EXPECT_EQ(call.noted("instance"), "job1_mcqa");
  const auto sent = house.client.sent();
  EXPECT_TRUE(has(sent[0].url, "/connection/mcqa?project=p&quota=q"));
  EXPECT_TRUE(has(sent[1].url, "/api/mcqa/projects/p/instances?"));
  EXPECT_EQ(find_header(sent[1].headers, "x-odps-mcqa-conn"), "conn-1");
  EXPECT_TRUE(has(sent[2].url, "/api/mcqa/projects/p/instances/job1_mcqa?curr_project=p"));
  EXPECT_EQ(find_header(sent[2].headers, "x-odps-mcqa-query-cookie"), "cookie-1");
  EXPECT_EQ(find_header(sent[2].headers, "x-odps-mcqa-conn"), "conn-1");
  for (const auto& request : sent) {
    if (!has(request.url, "/api/")) {
      EXPECT_EQ(find_header(request.headers, "x-odps-mcqa-conn"), "")
          << "the tunnel knows nothing of it";
    }
  }
  Call second(house, "SELECT 1", {}, "maxqa");
  EXPECT_EQ(house.settle(second), SLUICE_OK);
  int connections = 0;
  for (const auto& request : house.client.sent()) connections += has(request.url, "/connection/");
  EXPECT_EQ(connections, 1) << "the connection is kept";
}

TEST(MaxComputeAcceleration, MaxqaFallsBackWithoutItsQuota) {
  House house;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (has(sent.url, "/connection/") || has(sent.url, "/quotas/")) {
      return http_error(404, "NoSuchObject", "no quota");
    }
    return std::nullopt;
  };
  Call call(house, "SELECT 1", {}, "maxqa");
  EXPECT_EQ(house.settle(call), SLUICE_OK);
  EXPECT_TRUE(has(call.noted("fallback"), "an ordinary job"));
  EXPECT_EQ(call.noted("instance"), "job1");

  House strict([](SourceSettings& s) { s.falls_back = false; });
  strict.service.before = house.service.before;
  Call refused(strict, "SELECT 1", {}, "maxqa");
  EXPECT_NE(strict.settle(refused), SLUICE_OK);
  EXPECT_EQ(strict.service.submitted, 0);
}

// What got no answer may run: it is not begun a second time, by whatever method.
TEST(MaxComputeAcceleration, MaxqaBeginsNothingBesideWhatMayRun) {
  const struct {
    const char* name;
    TestService::Answer answer;
    bool may_run;
  } cases[] = {
      {"no answer", {.status = SLUICE_E_UNAVAILABLE}, true},
      {"a gateway's time-out", http_error(504, "", ""), true},
      {"broken inside", http_error(500, "InternalServerError", "x"), true},
      {"not taken", http_error(503, "ServiceUnavailable", "x"), false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    House house;
    Call first(house, "SELECT 1", {}, "maxqa");
    ASSERT_EQ(house.settle(first), SLUICE_OK) << "its connection is kept";
    int submissions = 0;
    house.service.before =
        [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
      if (sent.method != "POST" || !has(sent.url, "/mcqa/")) return std::nullopt;
      ++submissions;
      return c.answer;
    };
    Call call(house, "SELECT 1", {}, "maxqa");
    EXPECT_EQ(house.settle(call) == SLUICE_OK, !c.may_run);
    EXPECT_EQ(submissions, c.may_run ? 1 : 2);
    EXPECT_EQ(call.noted("fallback").empty(), c.may_run);
  }
}

TEST(MaxComputeAcceleration, MaxqaDoesNotFallBackForAWrongStatement) {
  House house;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (sent.method != "POST") return std::nullopt;
    return http_error(400, "ParseError", "ODPS-0130161:[1,1] Parse exception");
  };
  Call call(house, "SELECT FROM", {}, "maxqa");
  EXPECT_EQ(house.settle(call), SLUICE_E_ARGUMENT);
  EXPECT_EQ(call.noted("fallback"), "");
}

TEST(MaxComputeAcceleration, McqaSharesOneSession) {
  House house;
  Call first(house, "SELECT 1", {}, "mcqa"), second(house, "SELECT 2", {}, "mcqa");
  EXPECT_EQ(house.settle(first), SLUICE_OK) << first.op.failure().internal;
  EXPECT_EQ(house.settle(second), SLUICE_OK);
  EXPECT_EQ(house.service.attached, 1) << "the second waited for the first one's session";
  EXPECT_EQ(house.service.submitted, 0);
  EXPECT_EQ(first.rows.rows, (Texts{{"0", "'n0'"}, {"1", "'n1'"}, {"2", "'n2'"}}));
  EXPECT_EQ(first.noted("query"), "1");
  Call third(house, "SELECT 3", {}, "mcqa");
  EXPECT_EQ(third.status(), SLUICE_OK) << "nothing is waited for any more";
  EXPECT_EQ(house.service.attached, 1);
  EXPECT_EQ(house.service.stopped, 0);
}

TEST(MaxComputeAcceleration, McqaEndsItsSessionWithTheInstance) {
  House house;
  Call call(house, "SELECT 1", {}, "mcqa");
  EXPECT_EQ(house.settle(call), SLUICE_OK) << call.op.failure().internal;
  EXPECT_EQ(house.service.stopped, 0) << "other queries may come";
  int away = 1;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (sent.method != "PUT" || away-- <= 0) return std::nullopt;
    return http_error(503, "ServiceUnavailable", "x");
  };
  house.source->stop();
  EXPECT_EQ(house.service.stopped, 1);
  EXPECT_TRUE(has(house.service.seen.back(), "PUT /api/projects/p/instances/session1?"))
      << house.service.seen.back();
  EXPECT_TRUE(has(house.service.bodies.back(), "Terminated"));
  house.source->stop();
  EXPECT_EQ(house.service.stopped, 1) << "once is enough";
}

TEST(MaxComputeAcceleration, McqaSendsAThrottledQueryAgain) {
  House house;
  int throttled = 1;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (sent.method != "PUT" || throttled-- <= 0) return std::nullopt;
    auto answer = http_error(429, "QPSExceeded", "x");
    answer.headers = {{"Retry-After", "2"}};
    return answer;
  };
  Call call(house, "SELECT 1", {}, "mcqa");
  EXPECT_EQ(house.settle(call), SLUICE_OK) << call.op.failure().internal;
  EXPECT_EQ(call.noted("fallback"), "");
  EXPECT_EQ(house.service.submitted, 0);
}

TEST(MaxComputeAcceleration, McqaAttachesAgainWhenItsSessionIsLost) {
  House house;
  Call first(house, "SELECT 1", {}, "mcqa");
  EXPECT_EQ(house.settle(first), SLUICE_OK);
  house.service.session_refusal = "ODPS-1810001:session expired";
  Call second(house, "SELECT 2", {}, "mcqa");
  EXPECT_EQ(house.settle(second), SLUICE_OK) << second.op.failure().internal;
  EXPECT_EQ(house.service.attached, 2);
  EXPECT_EQ(second.noted("session"), "lost, attached again");
  EXPECT_EQ(second.noted("fallback"), "");
}

TEST(MaxComputeAcceleration, McqaFallsBackByItsRules) {
  const struct {
    const char *refusal, *part;
    bool falls_back;
  } cases[] = {
      {"ODPS-1830001:no resources", "ODPS-183", true},
      {"ODPS-1850001 Non select query not supported.", "ODPS-185", true},
      {"ODPS-0130131:[1,15] Table not found - table p.t cannot be resolved", "", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.refusal);
    House house;
    house.service.session_refusal = c.refusal;
    Call call(house, "SELECT 1", {}, "mcqa");
    EXPECT_EQ(house.settle(call) == SLUICE_OK, c.falls_back);
    EXPECT_EQ(house.service.submitted, c.falls_back ? 1 : 0);
    if (c.falls_back) {
      EXPECT_TRUE(has(call.noted("fallback"), c.part));
      bool is_hinted = false;
      for (const auto& body : house.service.bodies) {
        is_hinted |= has(body, "odps.sql.session.fallback.instance") &&
                     has(body, "odps.task.sql.sqa.enable");
      }
      EXPECT_TRUE(is_hinted);
    }
  }
}

TEST(MaxComputeAcceleration, McqaCancelsItsQuery) {
  House house;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (has(sent.url, "cached")) return TestService::Answer{.held = true};
    return std::nullopt;
  };
  Call call(house, "SELECT 1", {}, "mcqa");
  while (house.client.held() == 0 && house.timers->advance()) {
  }
  call.op.cancel();
  house.source->cancel(Op(call.op.raw()));
  EXPECT_EQ(call.status(), SLUICE_E_CANCELLED);
  EXPECT_EQ(house.client.cancelled(), 1u);
  EXPECT_EQ(house.service.stopped, 1);
  EXPECT_TRUE(has(house.service.bodies.back(), "<Key>cancel</Key><Value>1</Value>"));
  EXPECT_EQ(house.source->shared().running(), 0u);
}

TEST(MaxComputeAcceleration, McqaWaiterGoesOnWhenTheAttacherGives) {
  House house;
  house.service.session_polls = 1'000'000;
  Call first(house, "SELECT 1", {}, "mcqa"), second(house, "SELECT 2", {}, "mcqa");
  for (int i = 0; i < 5; ++i) house.timers->advance();
  house.service.session_polls = 1;
  first.op.cancel();
  house.source->cancel(Op(first.op.raw()));
  EXPECT_EQ(first.status(), SLUICE_E_CANCELLED);
  EXPECT_EQ(house.settle(second), SLUICE_OK) << second.op.failure().internal;
  EXPECT_EQ(house.service.attached, 2);
  EXPECT_EQ(house.service.stopped, 1) << "the session that nobody got is ended";
}

TEST(MaxComputeAcceleration, CacheAnswersTheSameValuesFromMemory) {
  House house([](SourceSettings& s) { s.cache_seconds = 30; });
  Call first(house, "SELECT id FROM t WHERE id = ?1", {1}, "cache");
  EXPECT_EQ(house.settle(first), SLUICE_OK);
  EXPECT_EQ(first.noted("cache"), "kept for 30 s");
  Call second(house, "SELECT id FROM t WHERE id = ?1", {1}, "cache");
  EXPECT_EQ(second.status(), SLUICE_OK) << "at once";
  EXPECT_TRUE(has(second.noted("cache"), "hit"));
  EXPECT_EQ(second.rows.rows, first.rows.rows);
  EXPECT_EQ(second.rows.columns, first.rows.columns);
  EXPECT_EQ(house.service.submitted, 1);

  Call other(house, "SELECT id FROM t WHERE id = ?1", {2}, "cache");
  EXPECT_EQ(house.settle(other), SLUICE_OK);
  EXPECT_EQ(house.service.submitted, 2) << "another value is another answer";
  Call bounded(house, "SELECT id FROM t WHERE id = ?1", {1}, "cache", 1);
  EXPECT_EQ(house.settle(bounded), SLUICE_OK);
  EXPECT_EQ(house.service.submitted, 3) << "another bound on rows is another answer";
  Call version(house, "SELECT id, name FROM t WHERE id = ?1", {1}, "cache");
  EXPECT_EQ(house.settle(version), SLUICE_OK);
  EXPECT_EQ(house.service.submitted, 4) << "another version's statement is another answer";
  Call ordinary(house, "SELECT id FROM t WHERE id = ?1", {1}, "none");
  EXPECT_EQ(house.settle(ordinary), SLUICE_OK);
  EXPECT_EQ(house.service.submitted, 5) << "the other methods do not read it";

  while (house.timers->monotonic_ns() < 40'000'000'000) {
    house.timers->schedule(house.timers->monotonic_ns() + 1'000'000'000, [] {});
    house.timers->advance();
  }
  Call late(house, "SELECT id FROM t WHERE id = ?1", {1}, "cache");
  EXPECT_FALSE(late.is_over()) << "its time is over";
  EXPECT_EQ(house.settle(late), SLUICE_OK);
}

TEST(MaxComputeAcceleration, CacheKeepsNoFailure) {
  House house;
  house.service.task_status = "Failed";
  Call failed(house, "SELECT 1", {}, "cache");
  EXPECT_NE(house.settle(failed), SLUICE_OK);
  house.service.task_status = "Success";
  Call good(house, "SELECT 1", {}, "cache");
  EXPECT_EQ(house.settle(good), SLUICE_OK);
  EXPECT_EQ(house.service.submitted, 2);
}

// ----------------------------------------------------------------------------------------- catalog

TEST(MaxComputeCatalog, ListsPagesAndSearches) {
  House house;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (!has(sent.url, "/tables?")) return std::nullopt;
    return TestService::Answer{
        .body = has(sent.url, "marker=m%2F2")
                    ? "<Tasks/>"
                    : "<Tables><Marker>m/2</Marker><Table><Name>users</Name><Type>MANAGED_TABLE"
                      "</Type></Table><Table><Name>v_users</Name><Type>VIRTUAL_VIEW</Type></Table>"
                      "</Tables>"};
  };
  testing::ScriptedOp broken_op;
  testing::RecordingCatalog broken;
  EXPECT_EQ(house.source->list_tables("", CatalogOut(broken.raw()), Op(broken_op.raw())),
            SLUICE_E_UNAVAILABLE)
      << "a page that is none is no list";
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (!has(sent.url, "/tables?")) return std::nullopt;
    return TestService::Answer{
        .body = has(sent.url, "&marker=m%2F2&")
                    ? "<Tables><Marker/><Table><Name>orders</Name><Type>EXTERNAL_TABLE</Type>"
                      "</Table></Tables>"
                    : "<Tables><Marker>m/2</Marker><Table><Name>users</Name><Type>MANAGED_TABLE"
                      "</Type></Table><Table><Name>v_users</Name><Type>VIRTUAL_VIEW</Type></Table>"
                      "</Tables>"};
  };
  testing::ScriptedOp op;
  testing::RecordingCatalog out;
  EXPECT_EQ(house.source->list_tables("", CatalogOut(out.raw()), Op(op.raw())), SLUICE_OK);
  EXPECT_EQ(out.tables, (std::vector<std::string>{"orders", "users"}));
  EXPECT_EQ(out.views, (std::vector<std::string>{"v_users"}));
  testing::RecordingCatalog found;
  EXPECT_EQ(house.source->list_tables("SER", CatalogOut(found.raw()), Op(op.raw())), SLUICE_OK);
  EXPECT_EQ(found.tables, (std::vector<std::string>{"users"}));
}

TEST(MaxComputeCatalog, DescribesColumnsAndPartitions) {
  House house;
  house.service.before = [&](const TestService::Sent& sent) -> std::optional<TestService::Answer> {
    if (!has(sent.url, "/tables/events?")) return std::nullopt;
    return TestService::Answer{
        .body =
            "<Table><Name>events</Name><Schema format=\"Json\"><![CDATA[{\"columns\":["
            "{\"name\":\"k\",\"type\":\"string\",\"comment\":\"the key\",\"isNullable\":false},"
            "{\"name\":\"v\",\"type\":\"decimal(10,2)\",\"comment\":\"\"},"
            "{\"name\":\"g\",\"type\":\"geometry\"}],"
            "\"partitionKeys\":[{\"name\":\"pt\",\"type\":\"string\"}]}]]></Schema></Table>"};
  };
  testing::ScriptedOp op;
  testing::RecordingCatalog out;
  EXPECT_EQ(house.source->describe_table("events", CatalogOut(out.raw()), Op(op.raw())), SLUICE_OK);
  EXPECT_EQ(out.columns, (std::vector<testing::RecordingCatalog::Column>{
                             {"k", "string", SLUICE_T_TEXT, false, 0},
                             {"v", "decimal(10,2)", SLUICE_T_DECIMAL, true, 0},
                             {"g", "geometry", SLUICE_T_TEXT, true, 0},
                             {"pt", "string", SLUICE_T_TEXT, false, 0}}));
  EXPECT_EQ(out.indexes,
            (std::vector<testing::RecordingCatalog::Index>{{"partition", false, {"pt"}}}));
  for (const char* absent : {"none", "", "a/b", "a?b", "a'b"}) {
    testing::RecordingCatalog nothing;
    EXPECT_EQ(house.source->describe_table(absent, CatalogOut(nothing.raw()), Op(op.raw())),
              SLUICE_E_NOT_FOUND)
        << absent;
  }
}

TEST(MaxComputeCatalog, ChecksTheProject) {
  House house;
  EXPECT_TRUE(house.source->check_health());
  house.service.before = [&](const TestService::Sent&) -> std::optional<TestService::Answer> {
    return http_error(404, "NoSuchObject", "ODPS-0420111:Project not found - 'p'");
  };
  const auto bad = house.source->check_health();
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().where, "/project");
  EXPECT_TRUE(has(bad.error().detail, "check the setting /project"));
  EXPECT_FALSE(has(bad.error().detail, "SK"));
}

}  // namespace
}  // namespace sluice::maxcompute
