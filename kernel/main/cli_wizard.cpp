// SPDX-License-Identifier: Apache-2.0
// sluice api preview, sluice api steps: a draft before it is tested.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

namespace sluice::cli {

Result<Json> parse_parameters(const std::vector<std::string>& pairs) {
  Json parameters = Json::object();
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{SLUICE_E_ARGUMENT, "'" + pair + "' is no NAME=VALUE", {}, {}};
    }
    parameters[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return parameters;
}

int run_api_preview(const Node& node, const ApiOptions& options) {
  auto parameters = parse_parameters(options.parameters);
  if (!parameters) {
    node.refuse(parameters.error());
    return kExitUsage;
  }
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto answer = node.ask("POST", "/admin/v1/apis/" + encode_percent(*id) + "/preview",
                               {{"parameters", std::move(*parameters)}, {"samples", true}});
  if (!answer || !answer->ok()) return node.refuse(answer);
  const auto& preview = answer->body;
  const auto count = make_cell(preview, "count_sql");
  std::string text = count.empty() ? "" : make_printable(count) + "\n";
  text += make_printable(make_cell(preview, "sql")) + "\n";
  std::size_t number = 0;
  for (const auto& argument : preview.value("arguments", Json::array())) {
    text += "  " + std::to_string(++number) + ": " +
            make_printable(argument.is_string() ? argument.get<std::string>() : "") + "\n";
  }
  for (const auto& hint : preview.value("hints", Json::array())) {
    text += paint("hint: " + make_printable(hint.is_string() ? hint.get<std::string>() : ""),
                  Tone::kQuiet, node.surroundings().colour) +
            "\n";
  }
  return node.tell(*answer, text);
}

int run_api_steps(const Node& node, const ApiOptions& options) {
  const auto id = node.find_api(options.api);
  if (!id) return kExitRefused;
  const auto answer = node.ask("GET", "/admin/v1/apis/" + encode_percent(*id) + "/steps");
  if (!answer || !answer->ok()) return node.refuse(answer);
  std::string text;
  for (const auto& step : answer->body.value("items", Json::array())) {
    const bool is_complete = step.value("complete", false);
    text += make_cell(step, "title") + ": " + (is_complete ? "complete" : "incomplete") + "\n";
    for (const auto& fault : step.value("missing", Json::array())) {
      text += "  " + make_cell(fault, "pointer") + ": " + make_cell(fault, "message") + ": " +
              make_cell(fault, "remedy") + "\n";
    }
  }
  return node.tell(*answer, text);
}

}  // namespace sluice::cli
