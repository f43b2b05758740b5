// SPDX-License-Identifier: Apache-2.0
#pragma once
// NodeConfig: the node file, checked and typed. kernel/main reads it once, at start; whoever needs
// a part gets that part as an argument. docs/node-file.md describes the file.

#include <sluice/result.hpp>

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

struct ListenAddress {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 0;
  bool operator==(const ListenAddress&) const = default;
};

// "127.0.0.1:8080", "[::1]:8080", "localhost:0".
Result<ListenAddress> parse_listen_address(std::string_view text);
std::string to_text(const ListenAddress& address);

struct NodeIdentity {
  std::string name = "node-1";
  std::string region = "local";
};

struct StoreSettings {
  std::string url;     // "sqlite:/srv/var/sluice.db": a relative path is already resolved
  std::string scheme;  // "sqlite": the type of the store component
  std::string rest;    // what follows "sqlite:"
  std::filesystem::path key_file;  // seals secrets in the store
};

struct AdminSettings {
  ListenAddress listen;
  std::filesystem::path token_file;
};

struct GatewaySettings {
  std::string instance;
  ListenAddress listen;
};

struct PluginEntry {
  std::string name;    // "auth-apikey", or an absolute path that ends in .so
  std::string sha256;  // pin in lower case; empty = not pinned
};

struct PluginSettings {
  std::filesystem::path directory;
  std::filesystem::path state_directory;
  std::vector<PluginEntry> load;
};

struct Limits {
  std::uint32_t header_bytes = 65'536;
  std::uint32_t header_count = 100;
  std::uint32_t request_line_bytes = 8'192;
  std::uint32_t body_bytes = 1'048'576;
  std::uint32_t connections = 10'000;
  std::uint32_t header_timeout_ms = 10'000;
  std::uint32_t body_timeout_ms = 30'000;
  std::uint32_t idle_timeout_ms = 60'000;
  std::uint32_t drain_timeout_ms = 10'000;
  std::uint32_t io_threads = 0;  // 0 = as many as cores
  std::uint32_t workers = 0;     // 0 = four a core
  std::uint32_t worker_queue = 1'024;
};

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };

struct LogSettings {
  LogLevel level = LogLevel::kInfo;
  bool access = true;
  std::filesystem::path file;  // empty = stderr
};

struct OutgoingSettings {
  std::filesystem::path ca_file;  // authorities beside the system's; empty = only those
  // Hosts in lower case that may be at private addresses; absent = any, where a setting allows it.
  std::optional<std::vector<std::string>> private_hosts;
};

struct FileSettings {
  // Where the files of data sources lie; absent: anywhere.
  std::optional<std::vector<std::filesystem::path>> data_directories;
};

struct NodeConfig {
  std::filesystem::path file;  // the node file itself, absolute
  NodeIdentity node;
  StoreSettings store;
  AdminSettings admin;
  std::vector<GatewaySettings> gateways;
  PluginSettings plugins;
  Limits limits;
  LogSettings log;
  OutgoingSettings outgoing;
  FileSettings files;
};

// Every fault of the file in one Error: a line each in detail, "node.yaml:12: limits.workers: ...".
// Relative paths start at the folder of the file.
Result<NodeConfig> load_node_config(const std::filesystem::path& file);
Result<NodeConfig> parse_node_config(std::string_view text, std::string_view file_name);

}  // namespace sluice::config
