// SPDX-License-Identifier: Apache-2.0
#include "config/node_config.hpp"

#include "config/faults.hpp"
#include "config/read_file.hpp"
#include "config/references.hpp"
#include "config/yaml_tree.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>

namespace sluice::config {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNodeFileBytesMax = 1u << 20;
constexpr std::size_t kNameLengthMax = 63;
constexpr std::size_t kGatewaysMax = 64;
constexpr std::size_t kPluginsMax = 256;
constexpr std::size_t kPrivateHostsMax = 1000;
constexpr std::size_t kDirectoriesMax = 256;

std::string quote(std::string_view text) { return '"' + std::string(text) + '"'; }

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameLengthMax && text.front() != '-' &&
         text.front() != '.' && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}
constexpr std::string_view kNameRule =
    "must be 1 to 63 letters, digits, '-', '_' or '.', the first a letter, digit or '_'";

bool is_hex_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

// One map of the file. It hands out what is asked for and remembers the names, so that at its end
// everything nobody asked for is an unknown key. An absent section is an empty one.
class Section {
 public:
  Section(const YamlNode* node, int line, std::string path, Faults& faults)
      : node_(node), line_(line), path_(std::move(path)), faults_(faults) {
    if (node_ && is_null(*node_)) node_ = nullptr;
    if (node_ && node_->kind != YamlNode::Kind::kMap) {
      faults_.add(node_->line, path_, "must be a map of keys and values");
      node_ = nullptr;
    }
  }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
  ~Section() {
    if (!node_) return;
    for (const auto& member : node_->members) {
      if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
      std::string allowed;
      for (const auto& name : known_) allowed += (allowed.empty() ? "" : ", ") + name;
      faults_.add(member.line, path_,
                  "unknown key " + quote(member.key) + " (allowed here: " + allowed + ")");
    }
  }

  Section section(const std::string& key) {
    const YamlMember* member = take(key);
    return {member ? &member->value : nullptr, member ? member->line : line_, at(key), faults_};
  }

  // The scalar's text; `otherwise` when it is absent, null or no scalar (which is a fault).
  std::string text(const std::string& key, std::string_view otherwise) {
    const YamlNode* node = scalar(key, "text");
    return node ? node->text : std::string(otherwise);
  }

  std::string name(const std::string& key, std::string_view otherwise) {
    std::string value = text(key, otherwise);
    if (!is_name(value)) fault(key, kNameRule);
    return value;
  }

  bool boolean(const std::string& key, bool otherwise) {
    const YamlNode* node = scalar(key, "true or false");
    if (!node) return otherwise;
    const ScalarValue value = to_value(*node);
    if (const bool* found = std::get_if<bool>(&value)) return *found;
    fault(key, "must be true or false");
    return otherwise;
  }

  std::uint32_t number(const std::string& key, std::uint32_t otherwise, std::uint32_t min,
                       std::uint32_t max) {
    const std::string rule =
        "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max);
    const YamlNode* node = scalar(key, "a whole number");
    if (!node) return otherwise;
    const ScalarValue value = to_value(*node);
    const auto* found = std::get_if<std::int64_t>(&value);
    if (found && *found >= std::int64_t(min) && *found <= std::int64_t(max)) {
      return std::uint32_t(*found);
    }
    fault(key, found ? rule + ", is " + std::to_string(*found) : rule);
    return otherwise;
  }

  ListenAddress address(const std::string& key, std::string_view otherwise) {
    auto parsed = parse_listen_address(text(key, otherwise));
    if (parsed) return *parsed;
    fault(key, parsed.error().detail);
    return {};
  }

  const YamlNode* list(const std::string& key, std::size_t items_max) {
    const YamlMember* member = take(key);
    if (!member || is_null(member->value)) return nullptr;
    if (member->value.kind != YamlNode::Kind::kSequence) {
      fault(key, "must be a list");
      return nullptr;
    }
    if (member->value.items.size() > items_max) {
      fault(key, "must have at most " + std::to_string(items_max) + " entries");
      return nullptr;
    }
    return &member->value;
  }

  void fault(const std::string& key, std::string_view what) {
    const YamlMember* member = node_ ? node_->find(key) : nullptr;
    faults_.add(member ? member->line : line_, at(key), what);
  }
  bool has(std::string_view key) const { return node_ && node_->find(key) != nullptr; }

 private:
  static bool is_null(const YamlNode& node) {
    return node.kind == YamlNode::Kind::kScalar &&
           std::holds_alternative<std::monostate>(to_value(node));
  }
  std::string at(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  const YamlMember* take(const std::string& key) {
    known_.push_back(key);
    return node_ ? node_->find(key) : nullptr;
  }
  const YamlNode* scalar(const std::string& key, std::string_view what) {
    const YamlMember* member = take(key);
    if (!member || is_null(member->value)) return nullptr;
    if (member->value.kind == YamlNode::Kind::kScalar) return &member->value;
    fault(key, "must be " + std::string(what));
    return nullptr;
  }

  const YamlNode* node_;
  int line_;
  std::string path_;
  Faults& faults_;
  std::vector<std::string> known_;
};

fs::path resolve(const fs::path& folder, const fs::path& path) {
  return path.empty() ? path : fs::absolute(folder / path).lexically_normal();
}

StoreSettings read_store(Section store, const fs::path& folder) {
  StoreSettings read;
  read.url = store.text("url", "sqlite:var/sluice.db");
  read.key_file = resolve(folder, store.text("key_file", "var/secret.key"));
  const auto colon = read.url.find(':');
  read.scheme = read.url.substr(0, colon);
  if (colon == std::string::npos || colon + 1 == read.url.size() || !is_name(read.scheme)) {
    // Not repeated here: it may hold a password.
    store.fault("url", "must be TYPE:PLACE, such as sqlite:var/sluice.db");
    return read;
  }
  read.rest = read.url.substr(colon + 1);
  // "type://host" and ":memory:" are no paths.
  if (!read.rest.starts_with("//") && read.rest.front() != ':') {
    read.rest = resolve(folder, read.rest).string();
    read.url = read.scheme + ":" + read.rest;
  }
  return read;
}

AdminSettings read_admin(Section admin, const fs::path& folder) {
  AdminSettings read;
  read.listen = admin.address("listen", "127.0.0.1:8081");
  read.token_file = resolve(folder, admin.text("token_file", "var/admin.token"));
  return read;
}

std::vector<GatewaySettings> read_gateways(Section& root, Faults& faults) {
  const YamlNode* list = root.list("gateways", kGatewaysMax);
  if (!list) return {{"default", {"127.0.0.1", 8080}}};
  if (list->items.empty()) root.fault("gateways", "must have at least one entry");
  std::vector<GatewaySettings> read;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const YamlNode& item = list->items[i];
    Section gateway(&item, item.line, "gateways[" + std::to_string(i) + "]", faults);
    GatewaySettings one{gateway.name("instance", "default"), {}};
    one.listen = gateway.address("listen", "127.0.0.1:8080");
    for (const auto& earlier : read) {
      if (earlier.instance == one.instance) {
        gateway.fault("instance", quote(one.instance) + " is the name of an earlier gateway");
      }
      if (earlier.listen == one.listen && one.listen.port != 0) {
        gateway.fault("listen", to_text(one.listen) + " is the address of an earlier gateway");
      }
    }
    read.push_back(std::move(one));
  }
  return read;
}

PluginEntry read_plugin_entry(const YamlNode& item, const std::string& path, const fs::path& folder,
                              Faults& faults) {
  PluginEntry entry;
  if (item.kind == YamlNode::Kind::kScalar) {
    entry.name = item.text;
  } else {
    Section section(&item, item.line, path, faults);
    entry.name = section.text("name", "");
    entry.sha256 = section.text("sha256", "");
    if (section.has("sha256") && !is_hex_digest(entry.sha256)) {
      section.fault("sha256", "must be the 64 hexadecimal digits that sha256sum prints");
    }
    std::transform(entry.sha256.begin(), entry.sha256.end(), entry.sha256.begin(),
                   [](unsigned char c) { return char(c >= 'A' && c <= 'F' ? c + 32 : c); });
  }
  if (entry.name.ends_with(".so") && entry.name.find('/') != std::string::npos) {
    entry.name = resolve(folder, entry.name).string();
  } else if (!is_name(entry.name)) {
    faults.add(item.line, path,
               "must be the name of a plugin in plugins.directory, such as auth-apikey, or a path "
               "that ends in .so");
  }
  return entry;
}

PluginSettings read_plugins(Section plugins, const fs::path& folder, Faults& faults) {
  PluginSettings read;
  read.directory = resolve(folder, plugins.text("directory", "lib/sluice/plugins"));
  read.state_directory = resolve(folder, plugins.text("state_directory", "var/plugins"));
  const YamlNode* load = plugins.list("load", kPluginsMax);
  if (!load) return read;
  std::set<std::string> names;
  for (std::size_t i = 0; i < load->items.size(); ++i) {
    const std::string path = "plugins.load[" + std::to_string(i) + "]";
    PluginEntry entry = read_plugin_entry(load->items[i], path, folder, faults);
    if (!names.insert(entry.name).second) {
      faults.add(load->items[i].line, path, quote(entry.name) + " is named twice");
    }
    read.load.push_back(std::move(entry));
  }
  return read;
}

OutgoingSettings read_outgoing(Section outgoing, const fs::path& folder, Faults& faults) {
  OutgoingSettings read;
  read.ca_file = resolve(folder, outgoing.text("ca_file", ""));
  const YamlNode* hosts = outgoing.list("private_hosts", kPrivateHostsMax);
  if (!hosts) return read;
  read.private_hosts.emplace();
  for (std::size_t i = 0; i < hosts->items.size(); ++i) {
    const auto& item = hosts->items[i];
    std::string host = item.kind == YamlNode::Kind::kScalar ? item.text : std::string();
    if (host.empty() || host.find_first_of("/@ ") != std::string::npos) {
      faults.add(item.line, "outgoing.private_hosts[" + std::to_string(i) + "]",
                 "must be a host as a URL names it, such as 10.0.0.5 or jwks.internal");
    }
    std::ranges::transform(host, host.begin(), [](unsigned char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    });
    read.private_hosts->push_back(std::move(host));
  }
  return read;
}

Limits read_limits(Section limits) {
  constexpr std::uint32_t kHourMs = 3'600'000;
  static constexpr struct {
    const char* key;
    std::uint32_t Limits::*field;
    std::uint32_t min, max;
  } kTable[] = {
      {"header_bytes", &Limits::header_bytes, 1'024, 1u << 20},
      {"header_count", &Limits::header_count, 8, 1'000},
      {"request_line_bytes", &Limits::request_line_bytes, 256, 1u << 16},
      {"body_bytes", &Limits::body_bytes, 0, 1u << 30},
      {"connections", &Limits::connections, 1, 1'000'000},
      {"header_timeout_ms", &Limits::header_timeout_ms, 100, kHourMs},
      {"body_timeout_ms", &Limits::body_timeout_ms, 100, kHourMs},
      {"idle_timeout_ms", &Limits::idle_timeout_ms, 100, kHourMs},
      {"drain_timeout_ms", &Limits::drain_timeout_ms, 0, kHourMs},
      {"io_threads", &Limits::io_threads, 0, 256},
      {"workers", &Limits::workers, 0, 1'024},
      {"worker_queue", &Limits::worker_queue, 1, 1'000'000},
  };
  Limits read;
  for (const auto& row : kTable) {
    read.*row.field = limits.number(row.key, read.*row.field, row.min, row.max);
  }
  if (read.request_line_bytes > read.header_bytes) {
    limits.fault("request_line_bytes", "must not be more than limits.header_bytes, which is " +
                                           std::to_string(read.header_bytes));
  }
  return read;
}

LogSettings read_log(Section log, const fs::path& folder) {
  static constexpr struct {
    const char* word;
    LogLevel level;
  } kLevels[] = {{"trace", LogLevel::kTrace},
                 {"debug", LogLevel::kDebug},
                 {"info", LogLevel::kInfo},
                 {"warn", LogLevel::kWarn},
                 {"error", LogLevel::kError}};
  LogSettings read;
  const std::string word = log.text("level", "info");
  const auto* found = std::find_if(std::begin(kLevels), std::end(kLevels),
                                   [&](const auto& row) { return row.word == word; });
  if (found == std::end(kLevels)) {
    log.fault("level", "must be one of trace, debug, info, warn, error");
  } else {
    read.level = found->level;
  }
  read.access = log.boolean("access", true);
  read.file = resolve(folder, log.text("file", ""));
  return read;
}

FileSettings read_files(Section files, const fs::path& folder, Faults& faults) {
  FileSettings read;
  const YamlNode* list = files.list("data_directories", kDirectoriesMax);
  if (!list) return read;
  read.data_directories.emplace();
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const YamlNode& item = list->items[i];
    if (item.kind != YamlNode::Kind::kScalar || item.text.empty()) {
      faults.add(item.line, "files.data_directories[" + std::to_string(i) + "]",
                 "must be the path of a directory");
      continue;
    }
    read.data_directories->push_back(resolve(folder, item.text));
  }
  return read;
}

NodeConfig read_root(const YamlNode* node, const fs::path& folder, Faults& faults) {
  NodeConfig read;
  Section root(node, 1, "", faults);
  {
    Section identity = root.section("node");
    read.node.name = identity.name("name", read.node.name);
    read.node.region = identity.name("region", read.node.region);
  }
  read.store = read_store(root.section("store"), folder);
  read.admin = read_admin(root.section("admin"), folder);
  read.gateways = read_gateways(root, faults);
  read.plugins = read_plugins(root.section("plugins"), folder, faults);
  read.limits = read_limits(root.section("limits"));
  read.log = read_log(root.section("log"), folder);
  read.outgoing = read_outgoing(root.section("outgoing"), folder, faults);
  read.files = read_files(root.section("files"), folder, faults);
  for (const auto& gateway : read.gateways) {
    if (gateway.listen == read.admin.listen && read.admin.listen.port != 0) {
      root.fault("admin", "listen is also the address of gateway " + quote(gateway.instance) +
                              "; give each its own port");
    }
  }
  return read;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const Error wrong{SLUICE_E_CONFIG,
                    "must be ADDRESS:PORT with a port from 0 to 65535, such as 127.0.0.1:8080 or "
                    "[::1]:8080",
                    {},
                    {}};
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return wrong;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return wrong;
    host = host.substr(1, host.size() - 2);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.%") != host.npos) return wrong;
  } else if (host.find_first_of(":[]/ \t") != host.npos) {
    return wrong;
  }
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || stop != digits.data() + digits.size()) return wrong;
  return ListenAddress{std::string(host), port};
}

std::string to_text(const ListenAddress& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Result<NodeConfig> parse_node_config(std::string_view text, std::string_view file_name) {
  Faults faults{std::string(file_name)};
  const fs::path folder = fs::path(file_name).parent_path();
  YamlLimits limits;
  limits.bytes = kNodeFileBytesMax;
  auto documents = parse_yaml(text, limits, faults);
  if (documents.size() > 1) {
    faults.add(documents[1].line, "", "must hold one document only: remove the line ---");
  }
  YamlNode* root = documents.empty() ? nullptr : &documents.front();
  if (root) resolve_references(*root, folder, faults);
  NodeConfig read = read_root(root, folder, faults);
  if (!faults.empty()) return faults.to_error();
  return read;
}

Result<NodeConfig> load_node_config(const fs::path& file) {
  auto text = read_file(file, kNodeFileBytesMax);
  if (!text) {
    Error error = text.error();
    error.detail = file.string() + ": " + error.detail;
    error.where = file.string();
    return error;
  }
  auto read = parse_node_config(*text, file.string());
  if (read) read->file = fs::absolute(file).lexically_normal();
  return read;
}

}  // namespace sluice::config
