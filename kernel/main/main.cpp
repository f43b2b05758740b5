// SPDX-License-Identifier: Apache-2.0
// The program: what the command line needs of the node, handed to it.

#include "loader/registry.hpp"
#include "main/auth_verify.hpp"
#include "main/cli.hpp"
#include "main/demo.hpp"
#include "main/node.hpp"
#include "main/store_opening.hpp"

#include <unistd.h>

#include <csignal>
#include <iostream>

namespace {

using namespace sluice;

int refuse(const Error& error) {
  std::cerr << "sluice serve: " << error.detail
            << (error.where.empty() ? "" : " (" + error.where + ")") << "\n";
  return cli::kExitRefused;
}

int serve(const cli::ServeOptions& options) {
  const auto config = config::load_node_config(options.config);
  if (!config) return refuse(config.error());
  if (options.check) {
    bool is_fine = true;
    const auto registry = node::load_registry(*config, [](int, std::string_view) {});
    for (const auto& report : registry.reports()) {
      if (report.loaded) continue;
      is_fine = false;
      std::cerr << report.code << " " << report.reason << ". " << report.remedy << "\n";
    }
    if (!is_fine) return cli::kExitRefused;
    std::cout << options.config.string() << ": the node file and its plugins are in order\n";
    return cli::kExitOk;
  }
  auto made = node::Node::make(*config);
  if (!made) return refuse(made.error());
  if (auto started = (*made)->start(); !started) return refuse(started.error());
  for (const auto& gateway : config->gateways) {
    std::cout << "gateway " << gateway.instance << ": " << (*made)->gateway_url(gateway.instance)
              << "\n";
  }
  std::cout << "admin: " << (*made)->admin_url() << std::endl;
  (*made)->run_until_signal();
  return cli::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  // Blocked before the first thread, so that only run_until_signal() ever sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  cli::Commands commands;
  commands.serve = [&](const cli::ServeOptions& options) { return serve(options); };
  commands.demo = [&](const cli::DemoOptions& options) { return node::run_demo(options); };
  commands.list_plugins =
      [](const std::filesystem::path& file) -> Result<std::vector<loader::PluginReport>> {
    const auto config = config::load_node_config(file);
    if (!config) return config.error();
    return node::load_registry(*config, [](int, std::string_view) {}).reports();
  };
  commands.inspect_plugin = [](const std::filesystem::path& file) -> Result<loader::PluginReport> {
    // The staged copy is private to this user; the loader refuses a folder of somebody else's.
    return loader::inspect_file(file, std::filesystem::temp_directory_path() /
                                          ("sluice-inspect-" + std::to_string(getuid())));
  };
  commands.verify_auth = &node::run_auth_verify;
  commands.verify_audit = [](const std::filesystem::path& file) -> Result<store::AuditVerdict> {
    const auto config = config::load_node_config(file);
    if (!config) return config.error();
    return node::verify_audit(*config);
  };
  const int code = cli::run_cli(argc, argv, commands);
  // Plugin images are never unloaded, at exit neither: no destructor of theirs runs.
  std::cout.flush();
  std::cerr.flush();
  _exit(code);
}
