// SPDX-License-Identifier: Apache-2.0
// sluice api ...: one API from its draft to its deployments; sluice consumer add-key.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

#include <algorithm>
#include <ostream>

namespace sluice::cli {
namespace {

std::string make_api_path(const std::string& id, std::string_view rest) {
  return "/admin/v1/apis/" + encode_percent(id) + std::string(rest);
}

std::string make_version_path(const std::string& id, unsigned version, std::string_view step) {
  return make_api_path(id, "/versions/" + std::to_string(version) + "/" + std::string(step));
}

// The version that is meant: the one given, or the newest in one of `statuses`. 0: there is none,
// and that was told.
unsigned find_version(const Node& node, const std::string& api, const std::string& id,
                      unsigned given, std::initializer_list<std::string_view> statuses) {
  if (given != 0) return given;
  const auto versions = node.ask("GET", make_api_path(id, "/versions"));
  if (!versions || !versions->ok()) {
    node.refuse(versions);
    return 0;
  }
  std::string words;
  for (const auto status : statuses) {
    for (const auto& version : versions->body.value("items", Json::array())) {
      if (make_cell(version, "status") == status) return version.value("version", 0u);
    }
    words += (words.empty() ? "'" : " or '") + std::string(status) + "'";
  }
  std::string told;
  for (const auto& version : versions->body.value("items", Json::array())) {
    const auto status = make_cell(version, "status");
    if (status != "To Be Requested" && status != "Under Approval") continue;
    told = make_cell(version, "name") + " waits for its approval: 'sluice api " +
           (status == "Under Approval" ? "approve " : "request ") + api + "'";
    break;
  }
  const bool approves = std::ranges::find(statuses, "Under Approval") != statuses.end();
  if (told.empty()) {
    told = "no version of this API is " + words +
           ": 'sluice api versions' lists them, 'sluice api " +
           (approves ? "request' asks for an approval" : "submit' makes one");
  }
  node.refuse(Error{SLUICE_E_NOT_FOUND, told, {}, {}});
  return 0;
}

int change_version(const Node& node, const ApiOptions& options, std::string_view step,
                   std::initializer_list<std::string_view> statuses, const Json& body = {}) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto version = find_version(node, options.api, *id, options.version, statuses);
  if (version == 0) return kExitRefused;
  const auto answer = node.ask("POST", make_version_path(*id, version, step), body);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, options.api + " " + make_cell(answer->body, "name") + ": " +
                                make_cell(answer->body, "status") + "\n");
}

}  // namespace

int run_api_test(const Node& node, const ApiOptions& options) {
  auto parameters = parse_parameters(options.parameters);
  if (!parameters) {
    node.refuse(parameters.error());
    return kExitUsage;
  }
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto path = options.version == 0 ? make_api_path(*id, "/test")
                                         : make_version_path(*id, options.version, "test");
  const auto answer = node.ask(
      "POST", path, {{"parameters", std::move(*parameters)}, {"samples", !options.no_samples}});
  if (!answer || !answer->ok()) return node.refuse(answer);

  const auto& report = answer->body;
  std::string saved;
  if (options.save_sample) {
    const auto record = make_cell(report, "record");
    const auto done =
        node.ask("POST", make_api_path(*id, "/test-records/" + record + "/save-sample"));
    if (!done || !done->ok()) return node.refuse(done);
    saved = "the answer is saved as the draft's sample\n";
  }
  const bool passed = report.value("passed", false);
  const bool colour = node.surroundings().colour;
  std::string text = paint(passed ? "passed" : "failed", passed ? Tone::kGood : Tone::kBad, colour);
  if (!passed) text += " (" + make_cell(report, "verdict") + ")";
  text += ": status " + make_cell(report, "status") + " in " + make_cell(report, "duration_ms") +
          " ms\n" + make_printable_lines(make_cell(report, "body")) + "\n";
  if (const auto fault = make_cell(report, "fault"); !fault.empty()) {
    text += "because: " + make_printable(fault) + "\n";
  }
  for (const auto& detail : report.value("details", Json::array())) {
    text += paint(make_printable(make_cell(detail, "name") + ": " + make_cell(detail, "value")),
                  Tone::kQuiet, colour) +
            "\n";
  }
  for (const auto& hint : report.value("hints", Json::array())) {
    text += paint("hint: " + make_printable(hint.is_string() ? hint.get<std::string>() : ""),
                  Tone::kQuiet, colour) +
            "\n";
  }
  node.tell(*answer, text + saved);
  return passed ? kExitOk : kExitRefused;
}

int run_api_submit(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto answer = node.ask("POST", make_api_path(*id, "/submit"));
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, options.api + " " + make_cell(answer->body, "name") + ": " +
                                make_cell(answer->body, "status") + "\n");
}

int run_api_versions(const Node& node, const ApiOptions& options) {
  GetOptions get;
  get.kind = "versions";
  get.name = options.api;
  return run_get(node, get);
}

int run_api_request(const Node& node, const ApiOptions& options) {
  return change_version(node, options, "request", {"To Be Requested", "Rejected"});
}

int run_api_approve(const Node& node, const ApiOptions& options) {
  return change_version(node, options, "approve", {"Under Approval"});
}

int run_api_withdraw(const Node& node, const ApiOptions& options) {
  return change_version(node, options, "withdraw", {"Under Approval"});
}

int run_api_reject(const Node& node, const ApiOptions& options) {
  return change_version(node, options, "reject", {"Under Approval"},
                        Json{{"reason", options.reason}});
}

Json plan_moves(const Node& node, const std::string& version_path, const Json& publish,
                std::string& text) {
  Json ids = Json::array();
  if (!publish.contains("domain")) return ids;
  const auto plan = node.ask("GET", version_path + "/publish-plan?instance=" +
                                        encode_percent(make_cell(publish, "instance")) +
                                        "&domain=" + encode_percent(make_cell(publish, "domain")));
  if (!plan || !plan->ok()) return ids;
  for (const auto& move : plan->body.value("moves", Json::array())) {
    ids.push_back(move.value("api", std::string()));
    text += make_printable(make_cell(move, "name")) + " moves to " +
            (make_cell(publish, "domain").empty() ? "the instances' own addresses"
                                                  : make_printable(make_cell(publish, "domain"))) +
            " too\n";
  }
  return ids;
}

int run_api_plan(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto version = find_version(node, options.api, *id, options.version, {"Can Be Published"});
  if (version == 0) return kExitRefused;
  auto path = make_version_path(*id, version, "publish-plan");
  std::string query;
  if (!options.instance.empty()) query += "&instance=" + encode_percent(options.instance);
  if (options.domain) query += "&domain=" + encode_percent(*options.domain);
  if (!query.empty()) path += "?" + query.substr(1);
  const auto answer = node.ask("GET", path);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, make_whole_text(answer->body));
}

int run_api_publish(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto version = find_version(node, options.api, *id, options.version, {"Can Be Published"});
  if (version == 0) return kExitRefused;
  Json body = {{"instance", options.instance}, {"backend", options.backend}};
  // Whoever names no domain is told by the node that one has to be chosen, "" for none.
  if (options.domain) body["domain"] = *options.domain;
  std::string moved;
  if (options.moves) {
    body["moves"] =
        plan_moves(node, make_api_path(*id, "/versions/" + std::to_string(version)), body, moved);
  }
  const auto answer = node.ask("POST", make_version_path(*id, version, "publish"), body);
  if (answer && !answer->ok() && answer->body.is_object() &&
      make_cell(answer->body.value("error", Json::object()), "pointer") == "/moves") {
    return node.refuse(answer, "add --moves when that is meant; 'sluice api plan' shows who moves");
  }
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, moved + options.api + " V" + make_cell(answer->body, "version") +
                                " is live on " + make_cell(answer->body, "instance") + "\n");
}

namespace {

int change_instance(const Node& node, const std::string& name, const char* step) {
  const auto answer =
      node.ask("POST", "/admin/v1/gateway-instances/" + encode_percent(name) + "/" + step);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, name + " is " + make_cell(answer->body, "status") + "\n");
}

}  // namespace

int run_instance_start(const Node& node, const std::string& name) {
  return change_instance(node, name, "start");
}

int run_instance_stop(const Node& node, const std::string& name) {
  return change_instance(node, name, "stop");
}

int run_api_undeploy(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto answer =
      node.ask("POST", make_api_path(*id, "/undeploy"), {{"instance", options.instance}});
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(Answer{answer->status, {{"api", *id}, {"instance", options.instance}}},
                   options.api + " is offline on " + options.instance + "\n");
}

}  // namespace sluice::cli
