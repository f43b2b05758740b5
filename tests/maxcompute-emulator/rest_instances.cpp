// SPDX-License-Identifier: Apache-2.0
// Instances: submission, status, result, source, stop.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "service.hpp"
#include "sql_ast.hpp"
#include "text.hpp"
#include "xml.hpp"

namespace emulator {
namespace {

constexpr std::int64_t kAcceleratedRowsMax = 1000000;
constexpr std::chrono::milliseconds kHold{2000};  // of ?instancestatus
constexpr std::chrono::milliseconds kTryWait{1000};

std::string element(std::string_view name, std::string_view text) {
  return "<" + std::string(name) + ">" + escape_xml(text) + "</" + std::string(name) + ">";
}

std::string_view status_of(JobState state) {
  switch (state) {
    case JobState::kWaiting:
      return "Waiting";
    case JobState::kRunning:
      return "Running";
    case JobState::kSuccess:
      return "Success";
    case JobState::kFailed:
      return "Failed";
    case JobState::kCancelled:
      return "Cancelled";
  }
  return "Running";
}

// Of the one task of a job: its properties, settings among them.
Settings read_settings(const XmlElement& task) {
  Settings settings;
  const XmlElement* config = task.child("Config");
  if (config == nullptr) return settings;
  for (const XmlElement& property : config->children) {
    if (property.name != "Property" || property.text_of("Name") != "settings") continue;
    const auto document = nlohmann::json::parse(property.text_of("Value"), nullptr, false);
    if (!document.is_object()) {
      refuse_with(400, "InvalidParameter",
                  "ODPS-0420061:Invalid parameter in HTTP request - settings are no JSON object");
    }
    for (const auto& [key, value] : document.items()) {
      if (!value.is_string()) {
        refuse_with(400, "InvalidParameter",
                    "ODPS-0420061:Invalid parameter in HTTP request - the setting " + key +
                        " is no string");
      }
      settings[key] = value.get<std::string>();
    }
  }
  return settings;
}

void add_times(const Instance& instance, bool over, const ProjectFacts& project,
               Response& response) {
  response.headers.emplace_back("x-odps-owner", project.owner);
  response.headers.emplace_back("x-odps-start-time", format_http_date(instance.created));
  response.headers.emplace_back(
      "x-odps-end-time", over && instance.job ? format_http_date(instance.job->ended()) : "");
}

// Whether the instance is to be shown as over; answers that it still runs are used up.
bool show_over(const Instance& instance) {
  if (instance.session) return instance.lost;
  if (!instance.job->is_over()) return false;
  int left = instance.job->running_answers.load();
  while (left > 0 && !instance.job->running_answers.compare_exchange_weak(left, left - 1)) {
  }
  return left <= 0;
}

}  // namespace

InstancePtr Service::instance_of(const Call& call) const {
  const std::size_t at = call.path[0] == "mcqa" ? 1 : 0;
  const std::string& id = call.path[at + 3];
  const InstancePtr instance = jobs_.find(id);
  if (!is_project(call.path[at + 1]) || !instance) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Instance not found - '" + id + "'");
  }
  if (at == 1) {
    check_connection(call);
    if (!instance->accelerated) {
      refuse_with(404, "NoSuchObject", "ODPS-0420111:Instance not found - '" + id + "'");
    }
  }
  return instance;
}

Response Service::create_instance(Call& call) {
  const bool accelerated = call.path[0] == "mcqa";
  const std::size_t at = accelerated ? 1 : 0;
  if (!is_project(call.path[at + 1])) {
    refuse_with(404, "NoSuchObject",
                "ODPS-0420111:Project not found - '" + call.path[at + 1] + "'");
  }
  if (accelerated) check_connection(call);
  const auto content_type = call.request.header("Content-Type").value_or("");
  if (to_lower(content_type.substr(0, 15)) != "application/xml") {
    refuse_with(400, "InvalidParameter",
                "ODPS-0420061:Invalid parameter in HTTP request - Content-Type must be "
                "application/xml");
  }
  const auto document = parse_xml(call.request.body);
  const XmlElement* job =
      document && document->name == "Instance" ? document->child("Job") : nullptr;
  const XmlElement* tasks = job == nullptr ? nullptr : job->child("Tasks");
  if (tasks == nullptr || tasks->children.size() != 1) {
    refuse_with(400, "InvalidXml",
                "ODPS-0420031:Invalid xml in HTTP request body - expect one task in "
                "/Instance/Job/Tasks");
  }
  const XmlElement& task = tasks->children[0];
  if (task.name == "SQLRT" && !accelerated) return create_session(call, task);
  if (task.name != "SQL") {
    refuse_with(400, "InvalidParameter",
                "ODPS-0420061:Invalid parameter in HTTP request - tasks of the type " + task.name +
                    " are not supported here");
  }
  return create_sql(call, *job, task, accelerated);
}

Response Service::create_sql(Call& call, const XmlElement& job, const XmlElement& task,
                             bool accelerated) {
  auto instance = std::make_shared<Instance>();
  instance->id = make_instance_id(accelerated ? "_mcqa" : "");
  instance->task_name = task.text_of("Name");
  instance->query = task.text_of("Query");
  instance->settings = read_settings(task);
  instance->unique_id = job.text_of("Guid");
  instance->accelerated = accelerated;
  const auto begin = call.request.body.find("<Job");
  const auto end = call.request.body.rfind("</Job>");
  instance->job_xml = call.request.body.substr(begin, end + 6 - begin);
  if (instance->task_name.empty() || instance->query.empty()) {
    refuse_with(
        400, "InvalidXml",
        "ODPS-0420031:Invalid xml in HTTP request body - the task needs a Name and a Query");
  }
  auto script = std::make_shared<sql::Script>();
  std::optional<Outcome> early;
  try {
    *script = parse_job(instance->query, instance->settings);
  } catch (const sql::SqlError& error) {
    if (!knobs_.parse_errors_in_job) refuse_with(400, "ParseError", error.what());
    early = Outcome{true, false, error.what(), nullptr, {}};
  }
  int delay_ms = 0;
  if (const Fault* fault = find_fault(call.faults, "job_slow")) delay_ms = fault->delay_ms;
  if (const Fault* fault = find_fault(call.faults, "job_failure")) {
    early =
        Outcome{true,
                false,
                fault->message.empty() ? "ODPS-0010000:System internal error - asked for by a fault"
                                       : fault->message,
                nullptr,
                {}};
  }
  const std::int64_t rows_max = accelerated ? kAcceleratedRowsMax : -1;
  const bool quick = !early && is_quick(*script) && knobs_.wait_for_quick && delay_ms == 0;
  instance->job = jobs_.start(
      [this, script, early, rows_max,
       settings = instance->settings](const std::atomic<bool>& cancelled) {
        if (early) return *early;
        return run_script(*script, settings, options_.project, warehouse_, cancelled, rows_max);
      },
      delay_ms);
  if (!instance->job) throw Refused{{429, "RequestThrottled", "too many jobs wait", 1}};
  if (!quick) instance->job->running_answers = knobs_.running_answers.load();
  jobs_.keep(instance);

  const std::string location = "http://" + host_of(call.request) + "/api/projects/" +
                               options_.project.name + "/instances/" + instance->id;
  const std::string cookie = accelerated ? make_cookie() : std::string();
  const auto finish = [location, cookie](Response response) {
    response.headers.emplace_back("Location", location);
    if (!cookie.empty()) response.headers.emplace_back("x-odps-mcqa-query-cookie", cookie);
    return response;
  };
  const bool try_wait = call.request.has("tryWait");
  if (!quick && !try_wait) return finish(make_text(201, "application/xml", ""));

  // The answer waits for the job, and is as for any other when that takes too long.
  Response waiting;
  waiting.status = 201;
  waiting.later = [this, instance, finish,
                   until =
                       std::chrono::steady_clock::now() + kTryWait]() -> std::optional<Response> {
    if (instance->job->is_over()) {
      instance->job->running_answers = 0;
      return finish(make_xml(make_result_document(*instance)));
    }
    if (std::chrono::steady_clock::now() < until) return std::nullopt;
    return finish(make_text(201, "application/xml", ""));
  };
  return waiting;
}

Response Service::list_instances(Call& call) {
  if (!is_project(call.path[1])) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Project not found - '" + call.path[1] + "'");
  }
  constexpr std::size_t kItemsMax = 1000;
  const auto status = call.request.parameter("status");
  std::string body = "<Instances><Marker/><MaxItems>1000</MaxItems>";
  auto all = jobs_.list();
  std::reverse(all.begin(), all.end());
  std::size_t count = 0;
  for (const InstancePtr& instance : all) {
    const bool over = instance->session ? instance->lost : instance->job->is_over();
    const std::string_view shown = over ? "Terminated" : "Running";
    if (status && !status->empty() && !equals_ignoring_case(*status, shown)) continue;
    if (++count > kItemsMax) break;
    body +=
        "<Instance>" + element("Name", instance->id) + element("Owner", options_.project.owner) +
        element("StartTime", format_http_date(instance->created)) +
        element("EndTime", over && instance->job ? format_http_date(instance->job->ended()) : "") +
        element("Status", shown) + "</Instance>";
  }
  return make_xml(body + "</Instances>");
}

std::string Service::make_result_document(const Instance& instance) const {
  const JobState state = instance.job->state();
  std::string body = "<Instance><Status>Terminated</Status><Tasks><Task Type=\"SQL\">" +
                     element("Name", instance.task_name) + element("Status", status_of(state));
  const bool over = state > JobState::kRunning;
  const Outcome& outcome = instance.job->outcome();
  std::string text;
  if (over && outcome.select) {
    const std::int64_t rows_max = knobs_.result_rows;
    const bool cut = outcome.rows->count() > rows_max;
    if (knobs_.descriptors || instance.accelerated) {
      nlohmann::ordered_json columns = nlohmann::ordered_json::array();
      for (const Column& column : outcome.rows->columns()) {
        columns.push_back({{"Name", column.name}, {"Type", to_text(column.type)}});
      }
      const nlohmann::ordered_json descriptor = {{"IsSelect", true},
                                                 {"SelectResultStatus", cut ? "TRUNCATED" : "FULL"},
                                                 {"Schema", {{"Columns", columns}}}};
      body += "<ResultDescriptor>" + make_cdata(descriptor.dump()) + "</ResultDescriptor>";
    }
    text = make_csv(outcome.rows, rows_max, outcome.zone);
  } else if (over) {
    text = outcome.text;
  }
  const std::string format = over && outcome.select ? "csv" : "text";
  if (text.empty()) {
    body += "<Result Format=\"" + format + "\"><![CDATA[]]></Result>";
  } else {
    body += "<Result Transform=\"Base64\" Format=\"" + format + "\">" +
            make_cdata(to_base64(text)) + "</Result>";
  }
  return body + "</Task></Tasks></Instance>";
}

std::string Service::make_task_document(const Instance& instance, bool over) const {
  const std::string_view status = instance.session ? (over ? "Cancelled" : "Running")
                                  : over           ? status_of(instance.job->state())
                                                   : "Running";
  return "<Instance>" + element("Status", over ? "Terminated" : "Running") +
         "<Tasks><Task Type=\"" + instance.task_type + "\">" + element("Name", instance.task_name) +
         element("StartTime", format_http_date(instance.created)) +
         element("EndTime", over && instance.job ? format_http_date(instance.job->ended()) : "") +
         element("Status", status) + "<Histories/></Task></Tasks></Instance>";
}

Response Service::get_instance(Call& call) {
  const InstancePtr instance = instance_of(call);
  const std::string cookie = instance->accelerated && call.path[0] == "mcqa" ? make_cookie() : "";
  const auto make = [this, instance, cookie](bool over) {
    // MaxQA tells all in the plain document once it is over.
    std::string body =
        over && instance->accelerated
            ? make_result_document(*instance)
            : "<Instance>" + element("Status", over ? "Terminated" : "Running") + "</Instance>";
    Response response = make_xml(std::move(body));
    add_times(*instance, over, options_.project, response);
    if (!cookie.empty()) response.headers.emplace_back("x-odps-mcqa-query-cookie", cookie);
    return response;
  };
  const bool over = show_over(*instance);
  const bool hold = call.request.has("instancestatus") && !over && !instance->session &&
                    !instance->job->is_over();
  if (!hold) return make(over);
  Response waiting;
  waiting.later = [instance, make,
                   until = std::chrono::steady_clock::now() + kHold]() -> std::optional<Response> {
    if (instance->job->is_over()) return make(show_over(*instance));
    if (std::chrono::steady_clock::now() < until) return std::nullopt;
    return make(false);
  };
  return waiting;
}

Response Service::get_task_status(Call& call) {
  const InstancePtr instance = instance_of(call);
  const bool over = instance->session
                        ? instance->lost
                        : instance->job->is_over() && instance->job->running_answers <= 0;
  Response response = make_xml(make_task_document(*instance, over));
  add_times(*instance, over, options_.project, response);
  return response;
}

Response Service::get_result(Call& call) {
  const InstancePtr instance = instance_of(call);
  if (instance->session) {
    return make_xml("<Instance><Tasks><Task Type=\"SQLRT\">" +
                    element("Name", instance->task_name) +
                    "<Result Format=\"text\"><![CDATA[]]></Result></Task></Tasks></Instance>");
  }
  return make_xml(make_result_document(*instance));
}

Response Service::get_source(Call& call) { return make_xml(instance_of(call)->job_xml); }

Response Service::get_progress(Call& call) {
  const InstancePtr instance = instance_of(call);
  const bool over = instance->job && instance->job->is_over();
  return make_xml("<Progress><Stage ID=\"M1\"><TotalWorkers>1</TotalWorkers><RunningWorkers>" +
                  std::string(over ? "0" : "1") + "</RunningWorkers><TerminatedWorkers>" +
                  (over ? "1" : "0") + "</TerminatedWorkers><FinishedPercentage>" +
                  (over ? "100" : "0") + "</FinishedPercentage></Stage></Progress>");
}

Response Service::get_summary(Call& call) {
  const InstancePtr instance = instance_of(call);
  const bool over = instance->job && instance->job->is_over();
  const nlohmann::json document = {{"Instance",
                                    {{"Name", instance->id},
                                     {"Status", over ? "Terminated" : "Running"},
                                     {"JsonSummary", "{}"},
                                     {"TaskName", instance->task_name}}}};
  return make_json(document.dump());
}

Response Service::stop_instance(Call& call) {
  const InstancePtr instance = instance_of(call);
  const auto document = parse_xml(call.request.body);
  if (!document || document->name != "Instance" ||
      !equals_ignoring_case(document->text_of("Status"), "Terminated")) {
    refuse_with(400, "InvalidXml",
                "ODPS-0420031:Invalid xml in HTTP request body - expect the Status Terminated");
  }
  bool stopped = true;
  if (instance->session) {
    const std::lock_guard lock(jobs_.sessions());
    stopped = !std::exchange(instance->lost, true);
    for (auto& [number, query] : instance->queries) query.job->stop();
  } else {
    stopped = instance->job->stop();
  }
  if (!stopped) {
    refuse_with(409, "InvalidStateSetting",
                "ODPS-0420061:Invalid state setting - the instance is terminated already");
  }
  return make_text(200, "application/xml", "");
}

}  // namespace emulator
