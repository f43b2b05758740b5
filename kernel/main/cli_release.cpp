// SPDX-License-Identifier: Apache-2.0
// What becomes of an API on its way: diff, rollback, test records, move, clone, folders, search,
// drift, descriptions.
#include "main/cli_commands.hpp"
#include "main/cli_difference.hpp"
#include "main/cli_text.hpp"

#include <algorithm>

namespace sluice::cli {
namespace {

std::string make_api_path(const std::string& id, std::string_view rest) {
  return "/admin/v1/apis/" + encode_percent(id) + std::string(rest);
}

std::string make_diff_text(const Json& diff, bool colour) {
  auto text = make_cell(diff, "from") + " -> " + make_cell(diff, "to");
  if (diff.value("equal", false)) return text + ": no difference\n";
  return text + "\n" + make_difference_text(diff, colour);
}

}  // namespace

int run_api_diff(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto answer = node.ask(
      "GET", make_path(make_api_path(*id, "/diff"), {{"from", options.from}, {"to", options.to}}));
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, make_diff_text(answer->body, node.surroundings().colour));
}

// ---- tests and versions

int run_api_records(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  if (!options.record.empty()) {
    const auto path = make_api_path(*id, "/test-records/" + encode_percent(options.record));
    const auto answer =
        options.save_sample ? node.ask("POST", path + "/save-sample") : node.ask("GET", path);
    if (!answer || !answer->ok()) return node.refuse(answer);
    return node.tell(*answer, options.save_sample ? "the answer is saved as the draft's sample\n"
                                                  : make_whole_text(answer->body));
  }
  const auto answer = node.ask("GET", make_api_path(*id, "/test-records"));
  if (!answer || !answer->ok()) return node.refuse(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : answer->body["items"]) {
    auto& row = rows.emplace_back();
    for (const char* column :
         {"name", "of", "verdict", "status", "duration_ms", "actor", "started_at", "fault"}) {
      row.push_back(make_cell(item, column));
    }
  }
  return node.tell(
      *answer,
      rows.empty()
          ? "no tests\n"
          : make_table({"RECORD", "OF", "VERDICT", "STATUS", "MS", "BY", "AT", "FAULT"}, rows));
}

int run_api_rollback(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto version = options.version == 0 ? "" : "V" + std::to_string(options.version);
  const auto plan =
      node.ask("GET", make_path(make_api_path(*id, "/rollback"),
                                {{"instance", options.instance}, {"version", version}}));
  if (!plan || !plan->ok()) return node.refuse(plan);
  const auto from = make_cell(plan->body, "from"), to = make_cell(plan->body, "to");
  const auto step = options.api + " on " + options.instance + ": " +
                    (from.empty() ? "offline" : from) + " -> " + to;
  if (options.yes) {
    const auto answer = node.ask("POST", make_api_path(*id, "/rollback"),
                                 {{"instance", options.instance}, {"version", to}});
    if (!answer || !answer->ok()) return node.refuse(answer);
    return node.tell(*answer, step + ", live now\n");
  }
  // Shown before it is done: who changes what is live has seen what changes.
  std::string text = step + ", published there by " + make_cell(plan->body, "published_by") +
                     " at " + make_cell(plan->body, "published_at") + "\n";
  if (!from.empty()) {
    const auto diff =
        node.ask("GET", make_path(make_api_path(*id, "/diff"), {{"from", from}, {"to", to}}));
    if (diff && diff->ok()) text += make_diff_text(diff->body, node.surroundings().colour);
  }
  node.tell(*plan, text + "nothing was changed: add --yes to do it\n");
  return kExitRefused;
}

int run_api_openapi(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  auto version = options.version;
  if (version == 0) {
    const auto api = node.ask("GET", make_api_path(*id, ""));
    if (!api || !api->ok()) return node.refuse(api);
    version = api->body.value("last_version", 0u);
  }
  const auto answer =
      node.ask("GET", make_api_path(*id, "/versions/" + std::to_string(version) + "/openapi.json"));
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, dump_json(answer->body));
}

// ---- where drafts stand

int run_api_move(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  Json body = {{"folder", options.folder}};
  if (!options.workflow.empty()) body["workflow"] = options.workflow;
  const auto answer = node.ask("POST", make_api_path(*id, "/move"), body);
  if (!answer || !answer->ok()) return node.refuse(answer);
  const auto folder = make_cell(answer->body, "folder");
  return node.tell(*answer, options.api + " is in " + make_cell(answer->body, "workflow") +
                                (folder.empty() ? "" : "/" + folder) + "\n");
}

int run_api_clone(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  Json body = {{"name", options.name}, {"path", options.path}, {"folder", options.folder}};
  if (options.description) body["description"] = *options.description;
  if (!options.workflow.empty()) body["workflow"] = options.workflow;
  const auto answer = node.ask("POST", make_api_path(*id, "/clone"), body);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, make_cell(answer->body, "workspace") + "/" +
                                make_cell(answer->body, "name") + " is a new draft, " +
                                make_cell(answer->body, "id") + "\n");
}

namespace {

// The path of a workflow's folders; a refusal is told and is an Error without a detail.
Result<std::string> make_folders_path(const Node& node, const std::string& workflow) {
  const auto slash = workflow.find('/');
  std::string id = workflow;
  if (slash != std::string::npos) {
    const auto found =
        node.ask("GET", make_path("/admin/v1/workflows", {{"workspace", workflow.substr(0, slash)},
                                                          {"name", workflow.substr(slash + 1)}}));
    if (!found || !found->ok()) {
      node.refuse(found);
      return Error{SLUICE_E_NOT_FOUND, {}, {}, {}};
    }
    if (found->body["items"].empty()) {
      node.refuse(
          Error{SLUICE_E_NOT_FOUND,
                "there is no workflow '" + workflow + "': 'sluice get workflows' lists them",
                {},
                {}});
      return Error{SLUICE_E_NOT_FOUND, {}, {}, {}};
    }
    id = make_cell(found->body["items"][0], "id");
  }
  return "/admin/v1/workflows/" + encode_percent(id) + "/folders";
}

// Asks about one folder and tells what was done.
int change_folder(const Node& node, const FolderOptions& options, std::string_view method,
                  bool names_it, const Json& body, const std::string& done) {
  const auto folders = make_folders_path(node, options.workflow);
  if (!folders) return kExitRefused;
  const auto path = names_it ? *folders + "/" + encode_percent(options.path) : *folders;
  const auto answer = node.ask(method, path, body);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(
      answer->body.is_null() ? Answer{answer->status, {{"path", options.path}}} : *answer,
      done + "\n");
}

}  // namespace

int run_folder_list(const Node& node, const FolderOptions& options) {
  const auto folders = make_folders_path(node, options.workflow);
  if (!folders) return kExitRefused;
  const auto answer = node.ask("GET", *folders);
  if (!answer || !answer->ok()) return node.refuse(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : answer->body["items"]) {
    rows.push_back({make_cell(item, "path"), make_cell(item, "apis"), make_cell(item, "folders")});
  }
  return node.tell(*answer,
                   rows.empty() ? "no folders\n" : make_table({"FOLDER", "APIS", "FOLDERS"}, rows));
}

int run_folder_add(const Node& node, const FolderOptions& options) {
  return change_folder(node, options, "POST", false, {{"path", options.path}},
                       "folder " + options.path + " is there");
}

int run_folder_rename(const Node& node, const FolderOptions& options) {
  return change_folder(node, options, "PUT", true, {{"path", options.to}},
                       "folder " + options.path + " is " + options.to + " now");
}

int run_folder_delete(const Node& node, const FolderOptions& options) {
  return change_folder(node, options, "DELETE", true, {}, "folder " + options.path + " is gone");
}

// ---- looking

int run_search(const Node& node, const LookOptions& options) {
  const auto answer =
      node.ask_list("/admin/v1/search", {{"q", options.text}, {"workspace", options.workspace}});
  if (!answer || !answer->ok()) return node.refuse(answer);
  if (answer->body["items"].empty()) {
    const int code = refuse_unknown_names(node, {{"workspace", options.workspace}});
    if (code != kExitOk) return code;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : answer->body["items"]) {
    auto& row = rows.emplace_back();
    for (const char* column :
         {"kind", "workspace", "workflow", "folder", "name", "method", "path", "matched"}) {
      row.push_back(make_cell(item, column));
    }
  }
  return node.tell(*answer, rows.empty() ? "nothing found\n"
                                         : make_table({"KIND", "WORKSPACE", "WORKFLOW", "FOLDER",
                                                       "NAME", "METHOD", "PATH", "MATCHED"},
                                                      rows));
}

int run_drift(const Node& node, const LookOptions& options) {
  std::string api;
  if (!options.api.empty()) {
    const auto id = node.find_api(options.api);
    if (!id) return kExitRefused;
    api = *id;
  }
  const auto answer = node.ask(
      "GET", make_path("/admin/v1/drift",
                       {{"workspace", options.workspace}, {"api", api}, {"grade", options.grade}}));
  if (!answer || !answer->ok()) return node.refuse(answer);
  if (answer->body["items"].empty()) {
    const int code = refuse_unknown_names(node, {{"workspace", options.workspace}});
    if (code != kExitOk) return code;
  }
  const bool colour = node.surroundings().colour;
  std::string text;
  bool is_broken = false;
  for (const auto& item : answer->body["items"]) {
    const auto deployed_on = make_cell(item, "deployed_on"), table = make_cell(item, "table");
    text += make_printable(make_cell(item, "workspace") + "/" + make_cell(item, "name")) + " " +
            make_cell(item, "of") +
            (deployed_on.empty() ? "" : " (live on " + make_printable(deployed_on) + ")") + ": " +
            make_printable(make_cell(item, "data_source") +
                           (table.empty() ? ", by script" : "." + table)) +
            "\n";
    if (const auto error = make_cell(item, "error"); !error.empty()) {
      text += "  could not be looked at: " + make_printable(error) + "\n";
    }
    for (const auto& finding : item["findings"]) {
      const auto grade = make_cell(finding, "grade");
      is_broken = is_broken || grade == "breaking";
      text += "  " + paint(grade, grade == "breaking" ? Tone::kBad : Tone::kStrong, colour) + ": " +
              make_printable(make_cell(finding, "message")) + "\n";
      if (const auto remedy = make_cell(finding, "remedy"); !remedy.empty()) {
        text += "    " + paint("-> " + make_printable(remedy), Tone::kQuiet, colour) + "\n";
      }
    }
  }
  if (text.empty()) text = "no drift\n";
  if (make_cell(answer->body, "left_out") != "0") {
    text += make_cell(answer->body, "left_out") +
            " were not looked at: ask for one workspace or one API\n";
  }
  node.tell(*answer, text);
  return is_broken ? kExitRefused : kExitOk;
}

int run_openapi(const Node& node, const LookOptions& options) {
  const auto answer = node.ask(
      "GET", make_path("/admin/v1/rest-apis/" + encode_percent(options.rest_api) + "/openapi.json",
                       {{"instance", options.instance}}));
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, dump_json(answer->body));
}

}  // namespace sluice::cli
