// SPDX-License-Identifier: Apache-2.0
// sluice apply -f FILE...: all documents as one transaction; then, for APIs that ask for it, what
// makes their draft be the published version.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

#include "config/documents.hpp"

#include <algorithm>
#include <charconv>
#include <ostream>

namespace sluice::cli {
namespace {

using Documents = std::vector<config::Document>;

// "/documents/3/path" -> "apis.yaml:12 /path": people look into their files.
void place_in_file(Json& fault, const Documents& documents) {
  constexpr std::string_view kPrefix = "/documents/";
  const auto pointer = make_cell(fault, "pointer");
  if (!pointer.starts_with(kPrefix)) return;
  std::size_t index = 0;
  const char* begin = pointer.data() + kPrefix.size();
  const auto [rest, failed] = std::from_chars(begin, pointer.data() + pointer.size(), index);
  if (failed != std::errc() || index >= documents.size()) return;
  const auto& document = documents[index];
  std::string place = document.file + ":" + std::to_string(document.find_line(rest));
  if (*rest != '\0') place += " " + std::string(rest);
  fault["pointer"] = std::move(place);
}

void place_in_files(Json& body, const Documents& documents) {
  if (!body.is_object() || !body.contains("error") || !body["error"].is_object()) return;
  auto& error = body["error"];
  place_in_file(error, documents);
  if (!error.contains("faults") || !error["faults"].is_array()) return;
  for (auto& fault : error["faults"]) {
    if (fault.is_object()) place_in_file(fault, documents);
  }
}

// What became of one API that is to be published.
struct Publication {
  std::string text;  // for people, without the name
  Json json;         // for programs
  Tone tone = Tone::kGood;
};

Publication make_refused(const Result<Answer>& answer, std::string_view step) {
  Publication publication;
  publication.tone = Tone::kBad;
  publication.json = {{"step", step}};
  std::string why;
  if (!answer) {
    why = answer.error().detail;
    publication.json["error"] = {{"message", why}};
  } else if (answer->body.is_object() && answer->body.contains("error")) {
    publication.json["error"] = answer->body["error"];
    why = make_cell(answer->body["error"], "message");
    if (make_cell(answer->body["error"], "pointer") == "/moves") why += "; that is --moves here";
  } else {
    // A test that ran and did not pass.
    publication.json["report"] = answer->body;
    why = "status " + make_cell(answer->body, "status") + ": " + make_cell(answer->body, "body");
  }
  publication.text = std::string(step) + " refused: " + make_printable(why);
  return publication;
}

Publication make_waiting(const Json& version_of, const std::string& api) {
  const auto number = "V" + make_cell(version_of, "version");
  const auto status = make_cell(version_of, "status");
  Publication publication;
  publication.tone = Tone::kQuiet;
  publication.json = {{"version", version_of.value("version", 0u)}, {"status", status}};
  publication.text = number + " is '" + status + "' and waits for its approval: 'sluice api " +
                     (status == "Under Approval" ? "approve" : "request") + " " + api + "'";
  return publication;
}

// Test, submit, publish, as far as the node said that they are needed.
Publication publish(const Node& node, const Json& todo, bool may_move) {
  const auto path = "/admin/v1/apis/" + encode_percent(make_cell(todo, "api"));
  unsigned version = todo.value("version", 0u);
  for (const auto& item : todo.value("steps", Json::array())) {
    const auto step = item.is_string() ? item.get<std::string>() : std::string();
    if (step == "test") {
      const auto answer = node.ask("POST", path + "/test", todo.value("test", Json::object()));
      if (!answer || !answer->ok() || !answer->body.value("passed", false)) {
        return make_refused(answer, step);
      }
    } else if (step == "submit") {
      const auto answer = node.ask("POST", path + "/submit");
      if (!answer || !answer->ok()) return make_refused(answer, step);
      version = answer->body.value("version", 0u);
      if (make_cell(answer->body, "status") != "Can Be Published") {
        return make_waiting(answer->body, make_cell(todo, "name"));
      }
    } else if (step == "publish") {
      const auto version_path = path + "/versions/" + std::to_string(version);
      auto wanted = todo.value("publish", Json::object());
      std::string moved;
      if (may_move) wanted["moves"] = plan_moves(node, version_path, wanted, moved);
      const auto answer = node.ask("POST", version_path + "/publish", wanted);
      if (!answer || !answer->ok()) return make_refused(answer, step);
      return {moved + "V" + std::to_string(version) + " is live on " +
                  make_cell(answer->body, "instance"),
              {{"version", version}, {"instance", make_cell(answer->body, "instance")}},
              Tone::kGood};
    } else {  // request, approve: people decide
      return make_waiting(todo, make_cell(todo, "name"));
    }
  }
  return {"is published already", Json::object(), Tone::kQuiet};
}

Result<Json> make_body(const Documents& documents, bool dry_run) {
  Json body = {{"documents", Json::array()}, {"dry_run", dry_run}};
  for (const auto& document : documents) {
    auto json = Json::parse(document.json, nullptr, false);
    if (json.is_discarded()) {
      return Error{SLUICE_E_ARGUMENT,
                   "the document cannot be read",
                   {},
                   document.file + ":" + std::to_string(document.line)};
    }
    body["documents"].push_back(std::move(json));
  }
  return body;
}

std::string make_result_text(const Json& body, bool colour) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& document : body.value("documents", Json::array())) {
    rows.push_back(
        {make_cell(document, "result"), make_cell(document, "kind"), make_cell(document, "name")});
  }
  auto text = make_table({"RESULT", "KIND", "NAME"}, rows);
  std::string counts;
  for (const char* result : {"created", "updated", "unchanged"}) {
    const auto count = std::ranges::count(rows, result, [](const auto& row) { return row[0]; });
    if (count == 0) continue;
    counts += (counts.empty() ? "" : ", ") + std::to_string(count) + " " + result;
  }
  text += counts + "\n";
  if (body.value("dry_run", false)) {
    for (const auto& todo : body.value("todo", Json::array())) {
      text += make_printable(make_cell(todo, "name")) + ": then " + make_cell(todo, "steps") + "\n";
    }
    text += paint("dry run: nothing was changed\n", Tone::kQuiet, colour);
  }
  return text;
}

}  // namespace

int run_apply(const Node& node, const ApplyOptions& options) {
  const auto documents = config::load_documents(options.files);
  if (!documents) return node.refuse(documents.error());
  if (documents->empty()) {
    std::string files;
    for (const auto& file : options.files) files += (files.empty() ? "" : ", ") + file.string();
    node.refuse(Error{SLUICE_E_ARGUMENT,
                      files + (options.files.size() == 1 ? " holds" : " hold") + " no documents",
                      {},
                      {}});
    return kExitUsage;
  }
  const auto body = make_body(*documents, options.dry_run);
  if (!body) return node.refuse(body.error());

  auto answer = node.ask("POST", "/admin/v1/apply", *body);
  if (!answer || !answer->ok()) {
    if (answer) place_in_files(answer->body, *documents);
    return node.refuse(answer);
  }
  const bool colour = node.surroundings().colour;
  auto text = make_result_text(answer->body, colour);
  int code = kExitOk;
  if (!options.dry_run) {
    Json published = Json::array();
    for (const auto& todo : answer->body.value("todo", Json::array())) {
      auto done = publish(node, todo, options.moves);
      if (done.tone == Tone::kBad) code = kExitRefused;
      text += make_printable(make_cell(todo, "name")) + ": " + paint(done.text, done.tone, colour) +
              "\n";
      Json line = {{"name", make_cell(todo, "name")}};
      line.update(done.json);
      published.push_back(std::move(line));
    }
    answer->body.erase("todo");
    answer->body["published"] = std::move(published);
  }
  node.tell(*answer, text);
  return code;
}

}  // namespace sluice::cli
