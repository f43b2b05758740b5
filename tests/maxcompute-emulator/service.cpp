// SPDX-License-Identifier: Apache-2.0
#include "service.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "text.hpp"

namespace emulator {
namespace {

constexpr int kJobThreads = 4;

bool takes_any_method(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "POST" || method == "PUT" ||
         method == "DELETE";
}

// A fault that answers in the handler's place.
std::optional<Refusal> find_answer(const std::vector<Fault>& faults, bool tunnel) {
  for (const Fault& fault : faults) {
    if (fault.kind == "status") {
      return Refusal{fault.status,
                     fault.code.empty() ? (fault.status < 500 ? "InvalidParameter"
                                           : tunnel           ? "ServiceUnavailable"
                                                              : "InternalServerError")
                                        : fault.code,
                     fault.message.empty()
                         ? "ODPS-0010000:System internal error - asked for by a fault"
                         : fault.message,
                     fault.retry_after_s};
    }
    if (fault.kind == "throttle") {
      return Refusal{
          fault.status == 503 ? 429 : fault.status,
          fault.code.empty() ? (tunnel ? "FlowExceeded" : "RequestThrottled") : fault.code,
          fault.message.empty() ? "Your flow quota is exceeded." : fault.message,
          fault.retry_after_s.value_or(1)};
    }
    if (fault.kind == "expired_token") {
      return Refusal{401, "InvalidAuthorization",
                     "ODPS-0410051:Invalid credentials - the security token is invalid or expired"};
    }
  }
  return std::nullopt;
}

}  // namespace

void refuse_with(int status, std::string code, std::string message) {
  throw Refused{{status, std::move(code), std::move(message)}};
}

Service::Service(Options options, Warehouse& warehouse)
    : options_(std::move(options)),
      warehouse_(warehouse),
      jobs_(kJobThreads),
      connection_token_("mcqa-" + make_random_hex(32)) {}

Response Service::handle(Request request) {
  Call call;
  call.request_id = make_request_id();
  const std::string target = request.target;
  if (!takes_any_method(request.method) || !parse_target(request)) {
    return refuse({400, "InvalidParameter", "ODPS-0420061:Invalid parameter in HTTP request"}, call,
                  false);
  }
  if (request.path.substr(0, 12) == "/__emulator/") return control(request);

  call.request = std::move(request);
  std::string canonical;
  Response response;
  try {
    response = answer(call, canonical);
  } catch (const Refused& refused) {
    const bool json = !call.request.below_api && call.request.header("x-odps-tunnel-version");
    response = refuse(refused.refusal, call, json);
  } catch (const std::exception& error) {
    response = refuse({500, "InternalServerError",
                       std::string("ODPS-0010000:System internal error - ") + error.what()},
                      call, false);
  }

  Entry entry;
  entry.time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
  entry.operation = call.operation.empty() ? "unknown" : call.operation;
  entry.method = call.request.method;
  entry.target = target;
  entry.canonical = canonical;
  entry.headers = Journal::without_secrets(call.request.headers);
  entry.body_bytes = call.request.body.size();
  entry.body = std::move(call.request.body);
  entry.status = response.later ? 0 : response.status;
  entry.error_code = response.error_code;
  entry.request_id = call.request_id;
  for (const Fault& fault : call.faults) entry.faults.push_back(fault.kind);
  const std::int64_t number = journal_.add(std::move(entry));

  const auto finish = [id = call.request_id, faults = call.faults](Response& done) {
    done.headers.emplace_back("x-odps-request-id", id);
    apply_wire_faults(faults, done);
  };
  if (response.later) {
    response.later = [this, number, later = std::move(response.later),
                      finish]() -> std::optional<Response> {
      auto done = later();
      if (done) {
        finish(*done);
        journal_.set_answer(number, done->status, done->error_code);
      }
      return done;
    };
  } else {
    finish(response);
  }
  return response;
}

Response Service::answer(Call& call, std::string& canonical) {
  for (const std::string& segment : split(call.request.path, '/')) {
    if (!segment.empty()) call.path.push_back(segment);
  }
  const auto route = find_route(call);
  call.operation = route ? route->operation : "unknown";
  call.faults = faults_.take(call.operation);
  const bool tunnel = (route && route->tunnel) || call.request.header("x-odps-tunnel-version");

  SystemTime now = std::chrono::system_clock::now();
  if (const Fault* fault = find_fault(call.faults, "clock_skew")) {
    now += std::chrono::seconds(fault->skew_s);
  }
  if (const auto refusal = find_refusal(call.request, options_.credentials, now, canonical)) {
    return refuse(*refusal, call, tunnel);
  }
  if (const auto refusal = find_answer(call.faults, tunnel)) return refuse(*refusal, call, tunnel);
  if (!route) {
    return refuse({404, "NoSuchObject",
                   "ODPS-0420061:Invalid parameter in HTTP request - there is no such resource"},
                  call, tunnel);
  }
  if (route->handler == nullptr) {
    return refuse({405, "MethodNotAllowed", "ODPS-0420071:The method is not allowed here"}, call,
                  tunnel);
  }
  try {
    return (this->*route->handler)(call);
  } catch (const Refused& refused) {
    return refuse(refused.refusal, call, tunnel);
  } catch (const sql::SqlError& error) {
    return refuse({400, "InvalidParameter", error.what()}, call, tunnel);
  }
}

Response Service::refuse(const Refusal& refusal, const Call& call, bool json) const {
  Response response;
  if (json) {
    const nlohmann::json document = {{"Code", refusal.code},
                                     {"Message", refusal.message},
                                     {"RequestId", call.request_id},
                                     {"HostId", "localhost"}};
    response = make_json(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                         refusal.status);
  } else {
    response =
        make_xml("<Error>\n  <Code>" + escape_xml(refusal.code) + "</Code>\n  <Message>" +
                     make_cdata(refusal.message) + "</Message>\n  <RequestId>" + call.request_id +
                     "</RequestId>\n  <HostId>localhost</HostId>\n</Error>",
                 refusal.status);
  }
  if (refusal.retry_after_s) {
    response.headers.emplace_back("Retry-After", std::to_string(*refusal.retry_after_s));
  }
  response.error_code = refusal.code;
  return response;
}

void Service::apply_wire_faults(const std::vector<Fault>& faults, Response& response) {
  for (const Fault& fault : faults) {
    if (fault.kind == "slow") response.delay_ms += fault.delay_ms;
    if (fault.kind == "drop") response.drop = true;
    if (fault.kind == "truncate") response.cut_after = static_cast<std::size_t>(fault.bytes);
  }
}

bool Service::is_project(std::string_view name) const {
  return equals_ignoring_case(name, options_.project.name);
}

std::string Service::host_of(const Request& request) const {
  return std::string(request.header("Host").value_or("127.0.0.1"));
}

// ---------------------------------------------------------------------------------------- routes

std::optional<Service::Route> Service::find_route(const Call& call) const {
  const Request& request = call.request;
  std::vector<std::string> path = call.path;
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (path.empty()) return std::nullopt;
  if (path[0] == "mcqa") {
    path.erase(path.begin());
    if (path.size() == 3 && path[0] == "projects" && path[2] == "sessions") {
      return Route{"maxqa.session",
                   request.method == "POST" ? &Service::create_maxqa_session : nullptr};
    }
    if (path.size() < 3 || path[0] != "projects" || path[2] != "instances") return std::nullopt;
    auto route = find_instance_route(request, path.size() == 3);
    if (route) route->operation = "maxqa." + route->operation;
    return route;
  }
  if (path[0] == "projects" && path.size() == 1) {
    return Route{"project.list", get ? &Service::list_projects : nullptr};
  }
  if (path[0] == "projects") return find_project_route(request, path);
  if (path[0] == "connection" && path.size() == 2 && path[1] == "mcqa") {
    return Route{"maxqa.connect", get ? &Service::connect_maxqa : nullptr};
  }
  if (path[0] == "quotas") {
    return Route{"quota.get", !get               ? nullptr
                              : path.size() == 1 ? &Service::list_quotas
                                                 : &Service::get_quota};
  }
  if (path[0] == "tenants") return Route{"tenant.get", get ? &Service::get_tenant : nullptr};
  if (path.size() == 2 && path[1] == "host" && (path[0] == "logview" || path[0] == "webconsole")) {
    return Route{"host.get", get ? &Service::get_host : nullptr};
  }
  return std::nullopt;
}

std::optional<Service::Route> Service::find_project_route(
    const Request& request, const std::vector<std::string>& path) const {
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (path.size() == 2) return Route{"project.get", get ? &Service::get_project : nullptr};
  std::size_t at = 2;
  if (path[2] == "schemas" && path.size() <= 4) {
    if (path.size() == 3) return Route{"schema.list", get ? &Service::list_schemas : nullptr};
    return Route{"schema.get", get ? &Service::get_schema : nullptr};
  }
  if (path[2] == "schemas") at = 4;
  const std::string& kind = path[at];
  const bool collection = path.size() == at + 1;
  if (kind == "tables" && path.size() <= at + 2) {
    if (collection) return Route{"table.list", get ? &Service::list_tables : nullptr};
    return find_table_route(request);
  }
  if (at != 2) return std::nullopt;
  if (kind == "instances" && path.size() <= 4) return find_instance_route(request, collection);
  if (kind == "tunnel" && collection) {
    return Route{"tunnel.discover", get ? &Service::find_tunnel : nullptr};
  }
  if (kind == "authorization" && collection) {
    return Route{"project.authorization",
                 request.method == "POST" ? &Service::sign_bearer_token : nullptr};
  }
  if (kind == "logs") return Route{"project.logs", &Service::refuse_logs};
  const bool functions = path.size() == 4 && path[2] == "registration" && path[3] == "functions";
  if (functions || (kind == "resources" && collection)) {
    return Route{functions ? "function.list" : "resource.list",
                 get ? &Service::list_none : nullptr};
  }
  return std::nullopt;
}

std::optional<Service::Route> Service::find_table_route(const Request& request) const {
  const bool get = request.method == "GET" || request.method == "HEAD";
  const bool post = request.method == "POST";
  if (request.has("downloads")) {
    return Route{"tunnel.session", post ? &Service::create_table_download : nullptr, true};
  }
  if (request.has("downloadid") && request.has("data")) {
    return Route{"tunnel.data", get ? &Service::get_data : nullptr, true};
  }
  if (request.has("downloadid")) {
    return Route{"tunnel.status", get ? &Service::get_download : nullptr, true};
  }
  if (request.has("uploads")) {
    return Route{"tunnel.upload", post ? &Service::create_upload : nullptr, true};
  }
  if (request.has("uploadid") && request.method == "PUT") {
    return Route{"tunnel.block", &Service::put_block, true};
  }
  if (request.has("uploadid")) {
    return Route{post ? "tunnel.commit" : "tunnel.upload_status",
                 post ? &Service::commit_upload : &Service::get_upload, true};
  }
  if (request.has("partitions")) {
    return Route{"table.partitions", get ? &Service::list_partitions : nullptr};
  }
  if (request.has("data")) return Route{"table.preview", get ? &Service::preview_table : nullptr};
  if (request.has("partition")) {
    return Route{"table.partition", get ? &Service::get_partition : nullptr};
  }
  return Route{"table.get", get ? &Service::get_table : nullptr};
}

std::optional<Service::Route> Service::find_instance_route(const Request& request,
                                                           bool collection) const {
  const bool get = request.method == "GET" || request.method == "HEAD";
  const bool post = request.method == "POST";
  const bool put = request.method == "PUT";
  if (collection) {
    return Route{post ? "instance.create" : "instance.list", post  ? &Service::create_instance
                                                             : get ? &Service::list_instances
                                                                   : nullptr};
  }
  if (request.has("downloads")) {
    return Route{"tunnel.session", post ? &Service::create_instance_download : nullptr, true};
  }
  if (request.has("cached") && request.has("data")) {
    return Route{"query.data", get ? &Service::download_query : nullptr, true};
  }
  if (request.has("downloadid") && request.has("data")) {
    return Route{"tunnel.data", get ? &Service::get_data : nullptr, true};
  }
  if (request.has("downloadid")) {
    return Route{"tunnel.status", get ? &Service::get_download : nullptr, true};
  }
  if (request.has("info")) {
    return put ? Route{"query.submit", &Service::put_task_info}
               : Route{"query.info", get ? &Service::get_task_info : nullptr};
  }
  if (put) return Route{"instance.stop", &Service::stop_instance};
  if (!get) return Route{"instance.get", nullptr};
  if (request.has("taskstatus")) return Route{"instance.taskstatus", &Service::get_task_status};
  if (request.has("result")) return Route{"instance.result", &Service::get_result};
  if (request.has("source")) return Route{"instance.source", &Service::get_source};
  if (request.has("instanceprogress")) return Route{"instance.progress", &Service::get_progress};
  for (const std::string_view part :
       {"instancesummary", "instancedetail", "instancequota", "cached", "detail"}) {
    if (request.has(part)) return Route{"instance.summary", &Service::get_summary};
  }
  return Route{"instance.status", &Service::get_instance};
}

}  // namespace emulator
