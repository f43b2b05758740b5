// SPDX-License-Identifier: Apache-2.0
// Query acceleration: sessions and their sub-queries (MCQA), connections and cookies (MaxQA).
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "result_set.hpp"
#include "service.hpp"
#include "sql_ast.hpp"
#include "text.hpp"
#include "xml.hpp"

namespace emulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kRowsMax = 1000000;
constexpr std::size_t kQueriesMax = 500;
constexpr std::size_t kCookiesMax = 10000;
constexpr std::chrono::seconds kDataWait{60};
constexpr std::string_view kSessionLost =
    "ODPS-1810001:Session lost - the session is not running any more, attach again";

// 2 running, 4 failed, 5 terminated, 6 cancelled.
int number_of(JobState state) {
  switch (state) {
    case JobState::kWaiting:
    case JobState::kRunning:
      return 2;
    case JobState::kSuccess:
      return 5;
    case JobState::kFailed:
      return 4;
    case JobState::kCancelled:
      return 6;
  }
  return 2;
}

std::optional<int> parse_number(std::string_view text) {
  int value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end.ec != std::errc{} || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

Response make_info(int status, const std::string& result) {
  return make_json(Json{{"status", status}, {"result", result}, {"warnings", ""}}.dump());
}

Response make_query_info(int status, const std::string& result, int number) {
  return make_json(
      Json{{"status", status}, {"result", result}, {"warnings", ""}, {"subQueryId", number}}.dump(
          -1, ' ', false, Json::error_handler_t::replace));
}

std::string property_of(const XmlElement& task, std::string_view name) {
  const XmlElement* config = task.child("Config");
  if (config == nullptr) return {};
  for (const XmlElement& property : config->children) {
    if (property.text_of("Name") == name) return property.text_of("Value");
  }
  return {};
}

}  // namespace

// ------------------------------------------------------------------------------------------ MCQA

Response Service::create_session(Call& call, const XmlElement& task) {
  const auto settings = Json::parse(property_of(task, "settings"), nullptr, false);
  const std::string task_name = task.text_of("Name");
  if (task_name.empty() || !settings.is_object()) {
    refuse_with(
        400, "InvalidXml",
        "ODPS-0420031:Invalid xml in HTTP request body - the task needs a Name and settings");
  }
  const std::string name =
      settings.value("odps.sql.session.share.id", settings.value("odps.sql.session.name", ""));
  if (name.empty()) {
    refuse_with(400, "InvalidParameter",
                "ODPS-0420061:Invalid parameter in HTTP request - a session needs a name");
  }
  auto instance = std::make_shared<Instance>();
  instance->id = make_instance_id();
  instance->session = true;
  instance->session_name = name;
  instance->task_name = task_name;
  instance->task_type = "SQLRT";
  instance->attach_answers = knobs_.running_answers;
  const auto begin = call.request.body.find("<Job");
  const auto end = call.request.body.rfind("</Job>");
  instance->job_xml = call.request.body.substr(begin, end + 6 - begin);
  jobs_.keep(instance);
  Response response = make_text(201, "application/xml", "");
  response.headers.emplace_back("Location", "http://" + host_of(call.request) + "/api/projects/" +
                                                options_.project.name + "/instances/" +
                                                instance->id);
  return response;
}

Response Service::get_task_info(Call& call) {
  const InstancePtr instance = instance_of(call);
  const std::string key(call.request.parameter("key").value_or(""));
  const auto task = call.request.parameter("taskname");
  if (!task || *task != instance->task_name) {
    refuse_with(400, "InvalidParameter",
                "ODPS-0420061:Invalid parameter in HTTP request - no such task");
  }
  if (!instance->session) return make_json("");
  const std::lock_guard lock(jobs_.sessions());
  if (key == "status" || key == "wait_attach_success") {
    if (instance->lost) return make_info(6, std::string(kSessionLost));
    if (key == "status" && instance->attach_answers > 0) {
      --instance->attach_answers;
      return make_info(1, "");
    }
    return make_info(2, "Session name: " + instance->session_name);
  }
  const auto underscore = key.rfind('_');
  constexpr int kNoQuery = -1;
  const int number = underscore == std::string::npos
                         ? kNoQuery
                         : parse_number(key.substr(underscore + 1)).value_or(kNoQuery);
  const std::string what = key.substr(0, underscore);
  if (find_fault(call.faults, "lost_session") != nullptr) instance->lost = true;
  if (instance->lost) return make_query_info(4, std::string(kSessionLost), number);
  const auto found = instance->queries.find(number);
  if (found == instance->queries.end()) {
    refuse_with(400, "InvalidParameter",
                "ODPS-1800001:Session exception - there is no sub-query of this number");
  }
  const SubQuery& query = found->second;
  if (what == "sourcexml") {
    return make_json(
        Json{{"status", 5},
             {"result", "<SQL><Name>" + escape_xml(instance->task_name) + "</Name><Query>" +
                            make_cdata(query.query) + "</Query></SQL>"}}
            .dump());
  }
  if (what == "result" || what == "get_finished_status") {
    Job& job = *query.job;
    if (!job.is_over() || job.running_answers-- > 0) return make_query_info(2, "", number);
    const Outcome& outcome = job.outcome();
    std::string text = outcome.text;
    if (outcome.select && what == "result") {
      text = make_csv(outcome.rows, knobs_.result_rows, outcome.zone);
    }
    return make_query_info(number_of(job.state()), text, number);
  }
  if (what == "sqlstats") return make_json(Json{{"status", 5}, {"result", "{}"}}.dump());
  refuse_with(400, "InvalidParameter",
              "ODPS-0420061:Invalid parameter in HTTP request - unknown key " + key);
}

Response Service::put_task_info(Call& call) {
  const InstancePtr instance = instance_of(call);
  const auto document = parse_xml(call.request.body);
  const auto task = call.request.parameter("taskname");
  if (!document || document->name != "Instance" || !instance->session || !task ||
      *task != instance->task_name) {
    refuse_with(400, "InvalidParameter", "ODPS-0420061:Invalid parameter in HTTP request");
  }
  const std::string key = document->text_of("Key");
  const std::string value = document->text_of("Value");
  const auto answer = [&](const std::string& status, const std::string& result) {
    Response response = make_json(Json{{"status", status}, {"result", result}}.dump(
        -1, ' ', false, Json::error_handler_t::replace));
    response.headers.emplace_back("Location", "http://" + host_of(call.request) + "/api/projects/" +
                                                  options_.project.name + "/instances/" +
                                                  instance->id);
    return response;
  };
  const auto refuse_query = [&](const std::string& why) {
    return answer("ok", Json{{"queryId", -1}, {"status", "failed"}, {"result", why}}.dump());
  };
  const std::lock_guard lock(jobs_.sessions());
  if (const Fault* fault = find_fault(call.faults, "lost_session")) {
    // Another text: the session refuses the query for that reason and lives on.
    if (!fault->message.empty()) return refuse_query(fault->message);
    instance->lost = true;
  }
  if (instance->lost) return refuse_query(std::string(kSessionLost));
  if (key == "cancel") {
    const auto number = parse_number(value);
    const auto found = number ? instance->queries.find(*number) : instance->queries.end();
    if (found == instance->queries.end()) return answer("failed", "there is no such sub-query");
    found->second.job->stop();
    return answer("ok", "");
  }
  const auto asked = Json::parse(value, nullptr, false);
  if (key != "query" || !asked.is_object() || !asked.contains("query") ||
      !asked["query"].is_string()) {
    return answer("failed", "ODPS-1800001:Session exception - unknown request");
  }
  if (instance->attach_answers > 0) {
    return refuse_query("ODPS-1800001:Session exception - the session is not ready yet");
  }
  SubQuery query;
  query.query = asked.value("query", "");
  const Json settings = asked.value("settings", Json::object());
  for (const auto& [name, setting] : settings.items()) {
    if (setting.is_string()) query.settings[name] = setting.get<std::string>();
  }
  auto script = std::make_shared<sql::Script>();
  std::optional<Outcome> early;
  try {
    *script = parse_job(query.query, query.settings);
    if (!is_select(*script)) return refuse_query("ODPS-1850001 Non select query not supported.");
  } catch (const sql::SqlError& error) {
    early = Outcome{true, false, error.what(), nullptr, {}};
  }
  int delay_ms = 0;
  if (const Fault* fault = find_fault(call.faults, "job_slow")) delay_ms = fault->delay_ms;
  if (const Fault* fault = find_fault(call.faults, "job_failure")) {
    early = Outcome{true,
                    false,
                    fault->message.empty() ? "ODPS-1800001:Session exception - asked for by a fault"
                                           : fault->message,
                    nullptr,
                    {}};
  }
  query.job = jobs_.start(
      [this, script, early, settings = query.settings](const std::atomic<bool>& cancelled) {
        if (early) return *early;
        return run_script(*script, settings, options_.project, warehouse_, cancelled, kRowsMax);
      },
      delay_ms);
  if (!query.job) return refuse_query("ODPS-1830001:Resources not enough - too many queries wait");
  query.job->running_answers = knobs_.running_answers.load();
  const int number = instance->next_query++;
  instance->queries[number] = std::move(query);
  for (auto it = instance->queries.begin();
       instance->queries.size() > kQueriesMax && it != instance->queries.end();) {
    it = it->second.job->is_over() ? instance->queries.erase(it) : std::next(it);
  }
  return answer("ok", Json{{"queryId", number}, {"status", "ok"}}.dump());
}

// Rows of a sub-query in one request, which waits until there are any.
Response Service::download_query(Call& call) {
  const InstancePtr instance = instance_of(call);
  const auto number = parse_number(call.request.parameter("queryid").value_or(""));
  const auto task = call.request.parameter("taskname");
  JobPtr job;
  {
    const std::lock_guard lock(jobs_.sessions());
    if (!instance->session || !number || !task || *task != instance->task_name) {
      refuse_with(400, "InvalidArgument", "Invalid argument.");
    }
    if (find_fault(call.faults, "lost_session") != nullptr) instance->lost = true;
    if (instance->lost) refuse_with(400, "TaskFailed", std::string(kSessionLost));
    const auto found = instance->queries.find(*number);
    if (found == instance->queries.end())
      refuse_with(404, "NoSuchDownload", "there is no such query");
    job = found->second.job;
  }
  const auto make = [this, job, kept = std::make_shared<Call>(call)]() {
    const Outcome& outcome = job->outcome();
    if (job->state() != JobState::kSuccess) {
      return refuse({400, "TaskFailed", outcome.text}, *kept, true);
    }
    StreamOptions options;
    options.count = outcome.rows->count();
    const std::int64_t limit = kept->request.has("instance_tunnel_limit_enabled")
                                   ? knobs_.result_rows.load()
                                   : options.count;
    options.count = std::min(options.count, limit);
    Response response = stream_rows(*kept, outcome.rows, options);
    response.headers.emplace_back("odps-tunnel-schema",
                                  make_schema_json(outcome.rows->columns(), {}, true));
    response.headers.emplace_back("odps-tunnel-record-count", std::to_string(options.count));
    return response;
  };
  if (job->is_over()) return make();
  Response waiting;
  waiting.later = [this, job, make, kept = std::make_shared<Call>(call),
                   until =
                       std::chrono::steady_clock::now() + kDataWait]() -> std::optional<Response> {
    if (job->is_over()) return make();
    if (std::chrono::steady_clock::now() < until) return std::nullopt;
    return refuse({400, "OdpsTaskTimeout", "Wait for cache data timeout"}, *kept, true);
  };
  return waiting;
}

// ----------------------------------------------------------------------------------------- MaxQA

std::string Service::make_cookie() {
  std::string cookie = "cookie-" + make_random_hex(24);
  const std::lock_guard lock(mutex_);
  cookies_.insert(cookie);
  cookie_order_.push_back(cookie);
  if (cookie_order_.size() > kCookiesMax) {
    cookies_.erase(cookie_order_.front());
    cookie_order_.pop_front();
  }
  return cookie;
}

// The connection of the request, and on requests about an instance a cookie that was given out.
void Service::check_connection(const Call& call) const {
  const auto connection = call.request.header("x-odps-mcqa-conn");
  if (!connection || *connection != connection_token_) {
    refuse_with(400, "InvalidParameter",
                "ODPS-0420061:Invalid parameter in HTTP request - x-odps-mcqa-conn is missing or "
                "not valid any more");
  }
  if (call.path.size() < 5) return;
  const auto cookie = call.request.header("x-odps-mcqa-query-cookie");
  const std::lock_guard lock(mutex_);
  if (!cookie || !cookies_.contains(std::string(*cookie))) {
    refuse_with(400, "InvalidParameter",
                "ODPS-0420061:Invalid parameter in HTTP request - x-odps-mcqa-query-cookie is "
                "missing or was not given out here");
  }
}

namespace {

void check_quota(std::string_view asked, const std::string& known) {
  if (known.empty()) {
    refuse_with(404, "NoSuchObject",
                "ODPS-0420111:Quota not found - there is no interactive quota");
  }
  if (!asked.empty() && asked != known) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Quota not found - '" + std::string(asked) + "'");
  }
}

}  // namespace

Response Service::connect_maxqa(Call& call) {
  check_quota(call.request.parameter("quota").value_or(""), options_.quota);
  if (!is_project(call.request.parameter("project").value_or(""))) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Project not found");
  }
  return make_json(Json{
      {"connInfo", connection_token_}, {"quotaNickName", options_.quota}, {"quotaType", "FUXI_VW"}}
                       .dump());
}

Response Service::list_quotas(Call&) {
  return make_xml("<Quotas><Marker/><MaxItems>1000</MaxItems>" +
                  (options_.quota.empty()
                       ? std::string()
                       : "<Quota><Name>" + escape_xml(options_.quota) + "</Name><Nickname>" +
                             escape_xml(options_.quota) + "</Nickname></Quota>") +
                  "</Quotas>");
}

Response Service::get_quota(Call& call) {
  check_quota(call.path[1], options_.quota);
  Response response =
      make_xml("<Quota><Name>" + escape_xml(options_.quota) + "</Name><Nickname>" +
               escape_xml(options_.quota) +
               "</Nickname><ResourceSystemType>FUXI_VW</ResourceSystemType></Quota>");
  response.headers.emplace_back("x-odps-mcqa-conn", connection_token_);
  return response;
}

Response Service::create_maxqa_session(Call& call) {
  if (!is_project(call.path[2])) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Project not found - '" + call.path[2] + "'");
  }
  check_quota(call.request.parameter("quota").value_or(""), options_.quota);
  Response response = make_json("{}");
  response.headers.emplace_back("x-odps-mcqa-conn", connection_token_);
  return response;
}

}  // namespace emulator
