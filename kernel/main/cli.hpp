// SPDX-License-Identifier: Apache-2.0
#pragma once
// The command line of `sluice`. Client commands (apply, get, api, call, plugin list) are done here,
// over the admin API and nothing else; what needs the node's own rooms is handed in by the
// composition root as a function. Options are parsed by CLI11, which only this room knows.

#include "http/client.hpp"
#include "loader/registry.hpp"
#include "store/audit_log.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace sluice::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;  // it was understood and did not succeed
inline constexpr int kExitUsage = 2;    // it was not understood

struct ServeOptions {
  std::filesystem::path config;
  bool check = false;  // read everything, start nothing
};

struct DemoOptions {
  std::filesystem::path directory = "var/demo";
  std::uint16_t port = 8080, admin_port = 8081;
  bool once = false;  // set up, call once, print, end
};

struct VerifyOptions {
  std::filesystem::path cases;             // docs/auth-cases.md
  std::filesystem::path config;            // a node file whose plugins judge
  std::filesystem::path plugin_directory;  // empty, and no node file: beside the program
};

struct Surroundings;

// What the composition root implements. A function that is not there makes its command answer that
// this build cannot do it.
struct Commands {
  std::function<int(const ServeOptions&)> serve;
  std::function<int(const DemoOptions&)> demo;
  // Loads what the node file at `config` names, starts nothing.
  std::function<Result<std::vector<loader::PluginReport>>(const std::filesystem::path& config)>
      list_plugins;
  std::function<Result<loader::PluginReport>(const std::filesystem::path& file)> inspect_plugin;
  std::function<int(const VerifyOptions&, const Surroundings&)> verify_auth;
  // Of the store that the node file at `config` names.
  std::function<Result<store::AuditVerdict>(const std::filesystem::path& config)> verify_audit;
};

// Where a run reads and writes; tests give their own.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  bool colour = false;
  std::function<std::optional<std::string>(const char* name)> find_env;
  std::function<Result<http::ClientResponse>(const http::ClientRequest&)> fetch;
};

// One run. `args` without the program's name. Answers the exit code.
int run_cli(const std::vector<std::string>& args, const Commands& commands,
            const Surroundings& surroundings);

// The same with the process's own streams, environment and network. Colour only on a terminal, and
// not with NO_COLOR.
int run_cli(int argc, char** argv, const Commands& commands);

}  // namespace sluice::cli
