// SPDX-License-Identifier: Apache-2.0
// The tools that test plugins, tested: a fake that lies would make every other test worthless.
#include <sluice/host.hpp>
#include <sluice/op.hpp>
#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/fake_http_client.hpp>
#include <sluice/testing/recorders.hpp>
#include <sluice/testing/scripted_op.hpp>

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

TEST(FakeHost, HandsOutSettingsAsTheContractSays) {
  FakeHost host;
  const Settings settings(
      host.raw(),
      host.make_settings(R"({"a":{"b":[1,true,"x",1.5,null]},"big":9007199254740993})"));
  EXPECT_EQ(settings.type(), Settings::Type::kObject);
  EXPECT_EQ(settings["big"].integer(), 9007199254740993);
  EXPECT_EQ(settings["a"].text(), R"({"b":[1,true,"x",1.5,null]})");
  EXPECT_FALSE(settings["absent"]["deeper"].has_value());
  std::string seen;
  settings["a"]["b"].each([&](std::string_view key, const Settings& item) {
    EXPECT_TRUE(key.empty());
    seen += item.where() + "=" + item.text() + " ";
  });
  EXPECT_EQ(seen, "/a/b/0=1 /a/b/1=true /a/b/2=x /a/b/3=1.5 /a/b/4=null ");
}

TEST(FakeHost, OffersOnlyWhatItWasToldTo) {
  FakeHost host;
  EXPECT_EQ(Host(host.raw()).find_extension<sluice_io_pass>(SLUICE_IO_PASS_ID), nullptr);
  auto& pass = host.offer_pass();
  const auto* table = Host(host.raw()).find_extension<sluice_io_pass>(SLUICE_IO_PASS_ID);
  ASSERT_NE(table, nullptr);
  pass.set_room(1);
  int ended = 0;
  const auto count = [](void* user) { ++*static_cast<int*>(user); };
  EXPECT_EQ(table->at_end(host.raw(), count, &ended), 1);
  EXPECT_EQ(table->at_end(host.raw(), count, &ended), 0);
  EXPECT_EQ(ended, 0);
  pass.end();
  EXPECT_EQ(ended, 1);
  pass.end();
  EXPECT_EQ(ended, 1);
}

TEST(FakeHost, RecordsTheLog) {
  FakeHost host;
  Host(host.raw()).warn("careful");
  ASSERT_EQ(host.log().size(), 1u);
  EXPECT_EQ(host.log()[0].level, 3);
  EXPECT_TRUE(host.logged("care"));
  EXPECT_FALSE(host.logged("careless"));
}

TEST(FakeRequest, FindsHeadersWithoutRegardToCase) {
  const auto request =
      FakeRequest().header("X-Key", " \ta ").header("x-KEY", "b").header("Other", "");
  const Request view(request.raw());
  EXPECT_EQ(view.header("x-key"), "a");
  EXPECT_EQ(view.count_header("x-key"), 2u);
  EXPECT_EQ(view.count_header("other"), 1u);
  EXPECT_EQ(view.header("absent"), "");
  std::string lines;
  view.each_header([&](std::string_view name, std::string_view value) {
    lines += std::string(name) + "=" + std::string(value) + ";";
  });
  EXPECT_EQ(lines, "X-Key=a;x-KEY=b;Other=;");
}

TEST(ScriptedOp, StopsAtTheCheckpointTheScriptNames) {
  const struct {
    const char* name;
    ScriptedOp::Script script;
    Status third;
  } cases[] = {
      {"nothing", {}, SLUICE_OK},
      {"deadline", {.timeout_at = 2}, SLUICE_E_TIMEOUT},
      {"cancelled", {.cancel_at = 2}, SLUICE_E_CANCELLED},
      {"inline budget", {.mode = SLUICE_RUN_INLINE, .budget = 2}, SLUICE_RETRY_ON_WORKER},
      {"no budget on a worker", {.budget = 2}, SLUICE_OK},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ScriptedOp scripted(c.script);
    const Op op(scripted.raw());
    EXPECT_EQ(op.checkpoint(), SLUICE_OK);
    EXPECT_EQ(op.checkpoint(), SLUICE_OK);
    EXPECT_EQ(op.checkpoint(), c.third);
    scripted.cancel();
    EXPECT_EQ(op.checkpoint(), SLUICE_E_CANCELLED);
    EXPECT_EQ(scripted.checkpoints(), 4u);
  }
}

TEST(ScriptedOp, BoundsItsScratchMemory) {
  ScriptedOp scripted({.scratch_bytes_max = 100});
  const Op op(scripted.raw());
  void* first = op.scratch(60);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 16, 0u);
  EXPECT_EQ(op.scratch(41), nullptr);
  EXPECT_NE(op.scratch(40), nullptr);
}

TEST(ScriptedOp, CompletesOnceAndCountsStrays) {
  ScriptedOp scripted;
  { Pending pending(scripted.raw()); }
  EXPECT_EQ(scripted.await(SLUICE_PENDING), SLUICE_E_INTERNAL)
      << "a dropped promise fails the call";
  scripted.raw()->vt->complete(scripted.raw(), 1, SLUICE_OK);
  scripted.raw()->vt->complete(scripted.raw(), 99, SLUICE_OK);
  EXPECT_EQ(scripted.completions(), 1u);
  EXPECT_EQ(scripted.stray_completions(), 2u);
}

TEST(ScriptedOp, KeepsNotesAndWhenToTryAgain) {
  ScriptedOp scripted;
  const Op op(scripted.raw());
  op.note("method", "cache");
  op.note("instance", "i1");
  op.retry_after(2500);
  EXPECT_EQ(scripted.notes(), (std::vector<std::pair<std::string, std::string>>{
                                  {"method", "cache"}, {"instance", "i1"}}));
  EXPECT_EQ(scripted.retry_after_ms(), 2500u);
}

TEST(RecordingRows, PausesAndSeesWhoDoesNotStop) {
  RecordingRows sink;
  sink.pause_each(2);
  const Rows rows(sink.raw());
  const Column column = make_column("n", SLUICE_T_INT64);
  const Cell cell = make_int64(1);
  EXPECT_EQ(rows.begin({&column, 1}), SLUICE_OK);
  EXPECT_EQ(rows.push({&cell, 1}), SLUICE_OK);
  EXPECT_EQ(rows.push({&cell, 1}), SLUICE_PAUSE);
  EXPECT_TRUE(sink.is_paused());
  sink.resumed();
  EXPECT_EQ(rows.push({&cell, 1}), SLUICE_OK);
  EXPECT_EQ(sink.fault, "");
  EXPECT_EQ(rows.push({&cell, 1}), SLUICE_PAUSE);
  EXPECT_EQ(rows.push({&cell, 1}), SLUICE_PAUSE);
  EXPECT_EQ(sink.fault, "push() came before resume()");
}

TEST(FakeHttpClient, AsksTheTestForAnAnswer) {
  FakeHost host;
  FakeHttpClient client(host);
  client.answer_by([](const FakeHttpClient::Sent& sent) {
    return FakeHttpClient::Answer{.http_status = sent.method == "POST" ? 201 : 404};
  });
  static int status;
  const sluice_http_events events{
      sizeof events, 0, [](void*, std::int32_t s, const sluice_pair*, std::size_t) { status = s; },
      [](void*, const void*, std::size_t) -> sluice_status { return SLUICE_OK; },
      [](void*, sluice_status, sluice_str) {}};
  const auto* table = Host(host.raw()).find_extension<sluice_http_client>(SLUICE_HTTP_CLIENT_ID);
  const sluice_pair header{SLUICE_STR("x-odd"), SLUICE_STR("1")};
  const sluice_http_request request{sizeof request,
                                    0,
                                    SLUICE_STR("POST"),
                                    SLUICE_STR("http://h/"),
                                    SLUICE_STR("b"),
                                    &header,
                                    1,
                                    10,
                                    0};
  std::uint64_t id = 0;
  ASSERT_EQ(table->send(host.raw(), nullptr, &request, &events, nullptr, &id), SLUICE_OK);
  EXPECT_EQ(status, 201);
  ASSERT_EQ(client.sent().size(), 1u);
  EXPECT_EQ(client.sent()[0].headers,
            (std::vector<std::pair<std::string, std::string>>{{"x-odd", "1"}}));
}

TEST(RecordingRows, TellsCellsAsText) {
  const struct {
    Cell cell;
    const char* text;
  } cases[] = {
      {make_null(), "NULL"},
      {make_bool(true), "true"},
      {make_int64(-1), "-1"},
      {make_double(2), "2.0"},
      {make_double(0.1), "0.1"},
      {make_text("a'b"), "'a'b'"},
      {make_bytes(std::string_view("\0\xff", 2)), "x'00ff'"},
      {make_timestamp(5), "timestamp 5"},
      {make_decimal(1250, 0, 2), "decimal 12.50"},
      {make_decimal(~0ull, -1, 3), "decimal -0.001"},
      {make_text("{}", SLUICE_T_JSON), "json'{}'"},
  };
  for (const auto& c : cases) EXPECT_EQ(to_text(c.cell), c.text);
}

TEST(RecordingRows, NoticesASourceThatBreaksTheContract) {
  const Column columns[] = {make_column("a", SLUICE_T_INT64)};
  const Cell row[] = {make_int64(1)};
  RecordingRows early;
  Rows(early.raw()).push(row);
  EXPECT_EQ(early.fault, "push() came before begin()");

  RecordingRows twice;
  Rows(twice.raw()).begin(columns);
  Rows(twice.raw()).begin(columns);
  EXPECT_EQ(twice.fault, "begin() was called twice");

  RecordingRows narrow;
  narrow.take_only(1u << SLUICE_T_NULL);
  Rows(narrow.raw()).begin(columns);
  Rows(narrow.raw()).push(row);
  EXPECT_EQ(narrow.fault, "a type that the sink does not take");

  RecordingRows refusing;
  refusing.refuse_row(1, SLUICE_E_TOO_LARGE);
  Rows(refusing.raw()).begin(columns);
  EXPECT_EQ(Rows(refusing.raw()).push(row), SLUICE_OK);
  EXPECT_EQ(Rows(refusing.raw()).push(row), SLUICE_E_TOO_LARGE);
  EXPECT_EQ(refusing.after_refusal, 0u);
  EXPECT_EQ(Rows(refusing.raw()).push(row), SLUICE_E_TOO_LARGE);
  EXPECT_EQ(refusing.after_refusal, 1u);
}

}  // namespace
}  // namespace sluice::testing
