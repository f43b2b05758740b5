// SPDX-License-Identifier: Apache-2.0
// sluice plugin list|inspect: what became of plugin files.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

#include <ostream>

namespace sluice::cli {
namespace {

const std::vector<std::string> kHead = {"NAME", "VERSION", "ABI", "DIGEST", "STATE", "REASON"};
constexpr std::size_t kDigestShown = 12;

Json make_json(const loader::PluginReport& plugin) {
  Json components = Json::array();
  for (const auto& c : plugin.components) {
    components.push_back({{"kind", c.kind},
                          {"type", c.type},
                          {"title", c.title},
                          {"summary", c.summary},
                          {"exec", c.exec},
                          {"settings_schema", c.settings_schema}});
  }
  return {{"name", plugin.name},
          {"file", plugin.file.string()},
          {"loaded", plugin.loaded},
          {"code", plugin.code},
          {"reason", plugin.reason},
          {"remedy", plugin.remedy},
          {"id", plugin.id},
          {"version", plugin.version},
          {"vendor", plugin.vendor},
          {"license", plugin.license},
          {"sdk", plugin.sdk},
          {"abi", std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor)},
          {"sha256", plugin.sha256},
          {"components", std::move(components)}};
}

std::vector<std::string> make_row(const Json& plugin) {
  const bool loaded = plugin.value("loaded", false);
  std::string reason = make_cell(plugin, "reason");
  if (const auto code = make_cell(plugin, "code"); !code.empty()) reason = code + " " + reason;
  if (const auto remedy = make_cell(plugin, "remedy"); !remedy.empty()) reason += ": " + remedy;
  return {make_cell(plugin, "name"),
          make_cell(plugin, "version"),
          loaded ? make_cell(plugin, "abi") : std::string(),
          make_cell(plugin, "sha256").substr(0, kDigestShown),
          loaded ? "loaded" : "refused",
          loaded ? std::string() : reason};
}

}  // namespace

int run_plugin_list(const Node& node) {
  const auto answer = node.ask("GET", "/admin/v1/plugins");
  if (!answer || !answer->ok()) return node.refuse(answer);
  std::vector<std::vector<std::string>> rows;
  for (const auto& plugin : answer->body.value("items", Json::array())) {
    rows.push_back(make_row(plugin));
  }
  return node.tell(*answer, make_table(kHead, rows));
}

int tell_plugins(const Surroundings& surroundings, bool json,
                 const std::vector<loader::PluginReport>& plugins) {
  Json items = Json::array();
  std::vector<std::vector<std::string>> rows;
  bool all_loaded = true;
  for (const auto& plugin : plugins) {
    items.push_back(make_json(plugin));
    rows.push_back(make_row(items.back()));
    all_loaded = all_loaded && plugin.loaded;
  }
  const auto total = items.size();
  surroundings.out << (json ? dump_json({{"items", std::move(items)}, {"total", total}})
                            : make_table(kHead, rows));
  return all_loaded ? kExitOk : kExitRefused;
}

int tell_plugin(const Surroundings& surroundings, bool json, const loader::PluginReport& plugin) {
  const auto code = plugin.loaded ? kExitOk : kExitRefused;
  if (json) {
    surroundings.out << dump_json(make_json(plugin));
    return code;
  }
  std::vector<std::vector<std::string>> lines = {
      {"file", plugin.file.string()},
      {"id", plugin.id},
      {"version", plugin.version},
      {"vendor", plugin.vendor},
      {"license", plugin.license},
      {"sdk", plugin.sdk},
      {"abi", std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor)},
      {"sha256", plugin.sha256},
      {"state", plugin.loaded ? "loads" : "refused"},
  };
  if (!plugin.loaded) {
    lines.push_back({"reason", plugin.code + " " + plugin.reason});
    lines.push_back({"remedy", plugin.remedy});
  }
  surroundings.out << make_table({"WHAT", "VALUE"}, lines);
  for (const auto& c : plugin.components) {
    surroundings.out << "\n"
                     << make_table({"COMPONENT", make_printable(c.type)},
                                   {{"kind", c.kind},
                                    {"title", c.title},
                                    {"summary", c.summary},
                                    {"exec", c.exec},
                                    {"settings", c.settings_schema}});
  }
  return code;
}

}  // namespace sluice::cli
