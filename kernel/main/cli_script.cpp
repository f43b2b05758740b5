// SPDX-License-Identifier: Apache-2.0
// sluice api script, sluice api to-script: the script of an API in script mode.
#include "config/read_file.hpp"
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

#include <sstream>

namespace sluice::cli {
namespace {

constexpr std::size_t kScriptFileBytesMax = std::size_t{64} << 10;

std::string make_api_path(const std::string& id, std::string_view rest) {
  return "/admin/v1/apis/" + encode_percent(id) + std::string(rest);
}

// "id long query required", one a line.
std::string describe_parameters(const Json& reading, const char* list) {
  std::string text;
  for (const auto& p : reading.value(list, Json::array())) {
    text += "  " + make_printable(make_cell(p, "name")) + " " + make_cell(p, "type");
    if (p.contains("required")) {
      text += p.value("required", true) ? ", required" : ", optional";
      text += ", in the " + make_cell(p, "position");
    }
    text += "\n";
  }
  return text.empty() ? "  none\n" : text;
}

std::string describe_reading(const Json& reading, bool colour) {
  std::string text;
  for (const auto& fault : reading.value("faults", Json::array())) {
    text += paint("line " + make_cell(fault, "line") + ", column " + make_cell(fault, "column"),
                  Tone::kBad, colour) +
            ": " + make_printable(make_cell(fault, "message")) + " (" + make_cell(fault, "rule") +
            "): " + make_printable(make_cell(fault, "remedy")) + "\n";
  }
  if (!text.empty()) return text;
  text = "request parameters:\n" + describe_parameters(reading, "request_parameters");
  if (reading.value("described", false)) {
    text += "response parameters:\n" + describe_parameters(reading, "response_parameters");
  }
  for (const auto& hint : reading.value("hints", Json::array())) {
    text += paint("hint: " + make_printable(hint.is_string() ? hint.get<std::string>() : ""),
                  Tone::kQuiet, colour) +
            "\n";
  }
  return text;
}

// The draft with the script and what was read of it.
int save(const Node& node, const std::string& id, const Json& script, const Json& reading,
         const std::string& name) {
  auto stored = node.ask("GET", make_api_path(id, ""));
  if (!stored || !stored->ok()) return node.refuse(stored);
  Json draft = stored->body;
  draft["mode"] = "script";
  if (!script.is_null()) draft["script"] = script;
  draft["request_parameters"] = reading["request_parameters"];
  if (reading.value("described", false)) {
    draft["response_parameters"] = reading["response_parameters"];
  }
  const auto answer = node.ask("PUT", make_api_path(id, ""), draft, stored->etag);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, describe_reading(reading, node.surroundings().colour) + name +
                                ": saved, to be tested\n");
}

}  // namespace

int run_api_script(const Node& node, const ApiOptions& options) {
  auto parameters = parse_parameters(options.parameters);
  if (!parameters) {
    node.refuse(parameters.error());
    return kExitUsage;
  }
  Json body = Json::object();
  body["parameters"] = std::move(*parameters);
  Json script;
  if (!options.script_file.empty()) {
    const auto text = config::read_file(options.script_file, kScriptFileBytesMax);
    if (!text) {
      node.refuse(
          Error{SLUICE_E_ARGUMENT, options.script_file + ": " + text.error().detail, {}, {}});
      return kExitUsage;
    }
    script = {{"sql", *text}, {"mode", options.is_advanced ? "advanced" : "basic"}};
    body["script"] = script;
  }
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto answer = node.ask("POST", make_api_path(*id, "/read-script"), body);
  if (!answer || !answer->ok()) return node.refuse(answer);
  const bool is_right = answer->body.value("faults", Json::array()).empty();
  if (is_right && options.saves) return save(node, *id, script, answer->body, options.api);
  node.tell(*answer, describe_reading(answer->body, node.surroundings().colour));
  return is_right ? kExitOk : kExitRefused;
}

int run_api_to_script(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto answer = node.ask("POST", make_api_path(*id, "/turn-into-script"));
  if (!answer || !answer->ok()) return node.refuse(answer);
  const auto script = answer->body.value("script", Json::object());
  std::string text = options.api + " is in script mode, to be tested:\n";
  std::istringstream lines(make_cell(script, "sql"));
  for (std::string line; std::getline(lines, line);) text += make_printable(line) + "\n";
  return node.tell(*answer, text);
}

}  // namespace sluice::cli
