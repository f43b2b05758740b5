// SPDX-License-Identifier: Apache-2.0
#include "test_service.hpp"

#include "test_records.hpp"
#include "text.hpp"

namespace sluice::maxcompute {
namespace {

constexpr const char* kHost = "https://mc.example.com";

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string xml(const std::string& inside) {
  return "<?xml version=\"1.0\"?>\n<Instance>" + inside + "</Instance>";
}

}  // namespace

std::string TestService::make_records(std::uint64_t start, std::uint64_t count) const {
  RecordWriter writer;
  for (std::uint64_t id = start; id < start + count; ++id) {
    writer.integer(1, static_cast<std::int64_t>(id)).text(2, "n" + std::to_string(id)).end_record();
  }
  return writer.finish();
}

TestService::Answer TestService::respond(const Sent& sent) {
  const std::string target = sent.url.substr(std::string(kHost).size());
  const std::string path = target.substr(0, target.find('?'));
  const std::string query = target.substr(std::min(target.find('?'), target.size()));
  seen.push_back(sent.method + " " + target);
  bodies.push_back(sent.body);
  if (before) {
    if (auto answer = before(sent)) return *answer;
  }
  const std::string prefix = path.starts_with("/api") ? "/api" : "";
  const bool is_maxqa = path.starts_with("/api/mcqa/");
  if (sent.method == "GET" && path == "/api/projects/p") {
    return {.body = "<Project><Name>p</Name></Project>"};
  }
  if (path == "/api/projects/p/tunnel") return {.body = "mc.example.com"};
  if (path == "/api/connection/mcqa") {
    return {.body = R"({"connInfo":"conn-1","quotaNickName":"q"})"};
  }
  if (sent.method == "POST" && path.ends_with("/instances")) {
    const bool is_session = has(sent.body, "<SQLRT>");
    ++(is_session ? attached : submitted);
    polls_left_ = polls_running;
    session_polls_left_ = session_polls;
    const std::string id = is_session
                               ? "session" + std::to_string(attached)
                               : "job" + std::to_string(submitted) + (is_maxqa ? "_mcqa" : "");
    Answer answer{.http_status = 201};
    answer.headers = {{"Location", "http://inner" + path + "/" + id}};
    if (is_maxqa) answer.headers.emplace_back("x-odps-mcqa-query-cookie", "cookie-1");
    return answer;
  }
  if (has(query, "info")) {
    if (sent.method == "PUT" && has(sent.body, "<Key>cancel</Key>")) {
      ++stopped;
      return {.body = R"({"status":"ok","result":""})"};
    }
    if (sent.method == "PUT") {
      if (!session_refusal.empty()) {
        const std::string refusal = std::exchange(session_refusal, {});
        return {.body = R"({"status":"ok","result":"{\"queryId\":-1,\"result\":\")" + refusal +
                        R"(\"}"})"};
      }
      return {.body = R"({"status":"ok","result":"{\"queryId\":1,\"status\":\"ok\"}"})"};
    }
    if (has(query, "key=status")) {
      return {.body = session_polls_left_-- > 0 ? R"({"status":1,"result":""})"
                                                : R"({"status":2,"result":"ready"})"};
    }
    return {.body = R"({"status":5,"result":"\"id\"\n1\n","warnings":"","subQueryId":1})"};
  }
  if (sent.method == "PUT") {
    ++stopped;
    return {};
  }
  if (has(query, "cached")) {
    Answer answer{.body = make_records(0, records)};
    answer.headers = {{"odps-tunnel-schema", "{\"columns\":" + schema + "}"}};
    return answer;
  }
  if (has(query, "downloads")) {
    return {.body = R"({"DownloadID":"d1","RecordCount":)" + std::to_string(records) +
                    R"(,"Schema":{"columns":)" + schema +
                    R"(,"partitionKeys":[]},"Status":"normal"})"};
  }
  if (has(query, "rowrange=")) {
    const auto at = query.find("rowrange=%28") + 12;
    std::uint64_t start = 0, count = 0;
    std::sscanf(query.c_str() + at, "%lu%%2C%lu", &start, &count);
    return {.body = make_records(start, count)};
  }
  if (has(query, "instancestatus") || (is_maxqa && !has(query, "result"))) {
    const bool is_running = polls_left_-- > 0;
    const std::string tasks = "<Tasks><Task Type=\"SQL\"><Name>A</Name><Status>" + task_status +
                              "</Status></Task></Tasks>";
    return {.body = xml(std::string("<Status>") + (is_running ? "Running" : "Terminated") +
                        "</Status>" + (is_maxqa && !is_running ? tasks : ""))};
  }
  if (has(query, "taskstatus")) {
    return {.body =
                xml("<Status>Terminated</Status><Tasks><Task Type=\"SQL\"><Name>A</Name><Status>" +
                    task_status + "</Status></Task></Tasks>")};
  }
  if (has(query, "result")) {
    const std::string descriptor_xml =
        descriptor.empty() ? "" : "<ResultDescriptor>" + descriptor + "</ResultDescriptor>";
    return {.body =
                xml("<Tasks><Task Type=\"SQL\"><Name>A</Name><Status>" + task_status + "</Status>" +
                    descriptor_xml + "<Result Transform=\"Base64\" Format=\"csv\"><![CDATA[" +
                    encode_base64(task_status == "Success" ? csv : task_result) +
                    "]]></Result></Task></Tasks>")};
  }
  return {.http_status = 404, .body = "<Error><Code>NoSuchObject</Code></Error>"};
}

House::House(std::function<void(SourceSettings&)> change) {
  SourceSettings settings;
  settings.endpoint = std::string(kHost) + "/api";
  settings.project = "p";
  settings.credentials = {"AK", "SK", {}, {}};
  settings.quota = "q";
  if (change) change(settings);
  auto clock = std::make_unique<FakeTimers>();
  timers = clock.get();
  client.answer_by([this](const TestService::Sent& sent) { return service.respond(sent); });
  source = std::make_unique<MaxComputeSource>(settings, Host(host.raw()), std::move(clock));
}

House::Call::Call(House& house, std::string text, std::vector<testing::OwnedQuery::Argument> args,
                  std::string acceleration, std::uint64_t max_rows)
    : query(std::move(text), std::move(args), max_rows) {
  query.acceleration = std::move(acceleration);
  house.execute(*this);
}

std::string House::Call::noted(const std::string& name) const {
  std::string last;
  for (const auto& [noted_name, value] : op.notes()) {
    if (noted_name == name) last = value;
  }
  return last;
}

void House::execute(Call& call) {
  source->execute(Query(call.query.raw()), Rows(call.rows.raw()), Pending(call.op.raw()));
}

Status House::settle(Call& call) {
  while (!call.is_over() && timers->advance()) {
  }
  return call.is_over() ? call.status() : SLUICE_PENDING;
}

void House::drain() {
  while (timers->advance()) {
  }
}

}  // namespace sluice::maxcompute
