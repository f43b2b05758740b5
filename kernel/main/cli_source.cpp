// SPDX-License-Identifier: Apache-2.0
// sluice source ...: what a data source holds, before an API is made of it.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

namespace sluice::cli {
namespace {

// The path of the source, with `rest` behind it; a refusal otherwise.
Result<std::string> make_source_path(const Node& node, const SourceOptions& options,
                                     const std::string& rest) {
  const auto path = find_item_path(node, *find_kind("data-source"), options.source);
  if (!path) return path.error();
  return *path + rest;
}

// "indexed", "unique" or "key": what makes a condition on the column quick.
std::string describe_index(const Json& table, const std::string& column, bool is_key) {
  if (is_key) return "key";
  std::string best;
  for (const auto& index : table.value("indexes", Json::array())) {
    const auto columns = index.value("columns", Json::array());
    if (columns.empty() || columns[0] != Json(column)) continue;
    if (index.value("unique", false) && columns.size() == 1) return "unique";
    best = "indexed";
  }
  return best;
}

}  // namespace

int run_source_test(const Node& node, const SourceOptions& options) {
  const auto path = make_source_path(node, options, "/test");
  if (!path) return node.refuse(path.error());
  const auto answer = node.ask("POST", *path);
  if (!answer || !answer->ok()) return node.refuse(answer);
  const bool passed = answer->body.value("passed", false);
  const bool colour = node.surroundings().colour;
  std::string text = paint(passed ? "passed" : "failed", passed ? Tone::kGood : Tone::kBad, colour);
  if (!passed && answer->body.contains("error")) {
    text += ": " + make_printable(make_cell(answer->body["error"], "message"));
  }
  node.tell(*answer, text + "\n");
  return passed ? kExitOk : kExitRefused;
}

int run_source_tables(const Node& node, const SourceOptions& options) {
  const auto path = make_source_path(node, options, "/tables");
  if (!path) return node.refuse(path.error());
  const auto answer = node.ask("GET", make_path(*path, {{"search", options.search}}));
  if (!answer || !answer->ok()) return node.refuse(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& table : answer->body.value("items", Json::array())) {
    rows.push_back({make_cell(table, "name"), table.value("is_view", false) ? "view" : "table",
                    make_cell(table, "comment")});
  }
  return node.tell(*answer,
                   rows.empty() ? "no tables\n" : make_table({"NAME", "KIND", "COMMENT"}, rows));
}

int run_source_columns(const Node& node, const SourceOptions& options) {
  const auto path = make_source_path(node, options, "/tables/" + encode_percent(options.table));
  if (!path) return node.refuse(path.error());
  const auto answer = node.ask("GET", *path);
  if (!answer || !answer->ok()) return node.refuse(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& column : answer->body.value("columns", Json::array())) {
    const auto name = make_cell(column, "name");
    rows.push_back({name, make_cell(column, "type"), make_cell(column, "declared"),
                    make_cell(column, "nullable"),
                    describe_index(answer->body, name, column.value("primary_key", 0) > 0),
                    make_cell(column, "comment")});
  }
  return node.tell(
      *answer,
      rows.empty()
          ? "no columns\n"
          : make_table({"NAME", "TYPE", "DECLARED", "NULLABLE", "INDEX", "COMMENT"}, rows));
}

int run_source_suggest(const Node& node, const SourceOptions& options) {
  const auto path =
      make_source_path(node, options, "/tables/" + encode_percent(options.table) + "/suggest");
  if (!path) return node.refuse(path.error());
  Json body = {{"request", options.request}};
  if (!options.response.empty()) body["response"] = options.response;
  const auto answer = node.ask("POST", *path, body);
  if (!answer || !answer->ok()) return node.refuse(answer);
  const auto& draft = answer->body;
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const char* list, const char* use) {
    for (const auto& parameter : draft.value(list, Json::array())) {
      rows.push_back({use, make_cell(parameter, "name"), make_cell(parameter, "column"),
                      make_cell(parameter, "type")});
    }
  };
  add("request_parameters", "request");
  add("response_parameters", "response");
  std::string text = make_table({"USE", "NAME", "COLUMN", "TYPE"}, rows) +
                     "result shape: " + make_cell(draft, "result_shape") + "\n" +
                     "key columns: " + make_cell(draft, "key_columns") + "\n";
  for (const auto& hint : draft.value("hints", Json::array())) {
    text += paint("hint: " + make_printable(hint.is_string() ? hint.get<std::string>() : ""),
                  Tone::kQuiet, node.surroundings().colour) +
            "\n";
  }
  return node.tell(*answer, text);
}

}  // namespace sluice::cli
