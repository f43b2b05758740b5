// SPDX-License-Identifier: Apache-2.0
// The emulator's command line; README.md of this folder tells what it does.
#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "demo.hpp"
#include "server.hpp"
#include "service.hpp"
#include "text.hpp"

namespace {

constexpr int kServerThreads = 4;
constexpr std::string_view kUsage =
    "usage: maxcompute-emulator --port N --project P --access-id AK --secret SK\n"
    "         [--sts-token T] [--quota Q] [--db FILE | --demo] [--schemas] [--zone ZONE]\n"
    "         [--region R] [--bind ADDRESS]\n"
    "  --port 0 takes any free port; the first line of the output names it\n";

struct Arguments {
  emulator::Options options;
  std::string bind = "127.0.0.1";
  std::string database;
  std::uint16_t port = 0;
  bool port_given = false;
  bool demo = false;
};

// What is wrong, or nothing.
std::string parse(int count, char** values, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = values[i];
    if (name == "--demo") {
      arguments.demo = true;
      continue;
    }
    if (name == "--schemas") {
      arguments.options.project.schemas = true;
      continue;
    }
    if (i + 1 >= count) return std::string(name) + " needs a value";
    const std::string value = values[++i];
    if (name == "--port") {
      const auto end = std::from_chars(value.data(), value.data() + value.size(), arguments.port);
      if (end.ec != std::errc{} || end.ptr != value.data() + value.size()) {
        return "--port is no port: " + value;
      }
      arguments.port_given = true;
    } else if (name == "--project") {
      arguments.options.project.name = value;
    } else if (name == "--access-id") {
      arguments.options.credentials.access_id = value;
    } else if (name == "--secret") {
      arguments.options.credentials.secret = value;
    } else if (name == "--sts-token") {
      arguments.options.credentials.token = value;
    } else if (name == "--quota") {
      arguments.options.quota = value;
    } else if (name == "--db") {
      arguments.database = value;
    } else if (name == "--zone") {
      arguments.options.project.zone = value;
    } else if (name == "--region") {
      arguments.options.project.region = value;
    } else if (name == "--bind") {
      arguments.bind = value;
    } else {
      return "unknown option " + std::string(name);
    }
  }
  const auto& options = arguments.options;
  if (!arguments.port_given || options.project.name.empty() ||
      options.credentials.access_id.empty() || options.credentials.secret.empty()) {
    return "--port, --project, --access-id and --secret are required";
  }
  if (arguments.demo && !arguments.database.empty()) return "--db and --demo exclude each other";
  if (!emulator::Zone::find(options.project.zone)) return "unknown zone " + options.project.zone;
  return {};
}

}  // namespace

int main(int count, char** values) try {
  Arguments arguments;
  if (const std::string why = parse(count, values, arguments); !why.empty()) {
    std::cerr << why << "\n" << kUsage;
    return 2;
  }
  // Before any thread, so that only sigwait below sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  emulator::Warehouse warehouse(arguments.database);
  if (arguments.demo) emulator::make_demo(warehouse, arguments.options.project);
  emulator::Service service(arguments.options, warehouse);
  emulator::Server server(arguments.bind, arguments.port, [&service](emulator::Request request) {
    return service.handle(std::move(request));
  });
  service.set_connections([&server] { return server.connections(); });
  server.start(kServerThreads);
  std::cout << "maxcompute-emulator: http://" << arguments.bind << ":" << server.port()
            << "/api project " << arguments.options.project.name << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "maxcompute-emulator: " << error.what() << "\n";
  return 1;
}
