// SPDX-License-Identifier: Apache-2.0
#include "main/demo.hpp"

#include "http/client.hpp"
#include "main/node.hpp"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>

namespace sluice::node {
namespace {

namespace fs = std::filesystem;

// R016, R017: the seed's table and rows.
constexpr const char* kTable = R"sql(
PRAGMA journal_mode=WAL;
CREATE TABLE IF NOT EXISTS user_info(user_id BIGINT PRIMARY KEY, user_name TEXT, age BIGINT);
INSERT OR REPLACE INTO user_info VALUES(10001,'Alice',25),(10002,'Bob',30);
)sql";

Result<void> make_table(const fs::path& file) {
  sqlite3* db = nullptr;
  char* message = nullptr;
  const bool ok = sqlite3_open(file.c_str(), &db) == SQLITE_OK &&
                  sqlite3_exec(db, kTable, nullptr, nullptr, &message) == SQLITE_OK;
  const std::string why = message ? message : db ? sqlite3_errmsg(db) : "no memory";
  sqlite3_free(message);
  sqlite3_close(db);
  if (!ok)
    return Error{
        SLUICE_E_UNAVAILABLE, "cannot make the table in " + file.string() + ": " + why, {}, {}};
  return {};
}

model::ApiDefinition make_definition() {
  model::ApiDefinition api;
  api.name = "Query User by User ID";
  api.path = "/user/info";
  api.data_source = "users";
  api.table = "user_info";
  api.request_parameters = {{.name = "user_id",
                             .column = "user_id",
                             .type = model::ParameterType::kLong,
                             .default_value = std::nullopt,
                             .sample = "10001",
                             .description = "who"}};
  api.response_parameters = {
      {.name = "user_id",
       .column = "user_id",
       .type = model::ParameterType::kLong,
       .sample = "10001",
       .description = {}},
      {.name = "user_name", .column = "user_name", .sample = "Alice", .description = {}}};
  api.shape = model::ResultShape::kSingle;
  api.authentication.type = "api-key";
  return api;
}

// Draft, test, submit, publish, a key for the workspace's consumer. Answers the key.
Result<std::string> publish_example(studio::Studio& studio, const fs::path& database) {
  std::string api_id;
  const auto say = [](std::string_view text) { std::cout << "  " << text << std::endl; };
  say("workspace demo, data source users, REST API dataservice-user-api (/v1), workflow, draft");
  auto drafted = studio.run("demo", [&](studio::Edit& edit) -> Result<void> {
    if (auto r = edit.put_workspace({.name = "demo", .description = "the worked example"}); !r)
      return r.error();
    if (auto r = edit.put_data_source({.workspace = "demo",
                                       .name = "users",
                                       .type = "sqlite",
                                       .settings_json = "{\"file\":\"" + database.string() + "\"}",
                                       .description = {}});
        !r) {
      return r.error();
    }
    if (auto r = edit.put_rest_api(
            {.name = "dataservice-user-api", .base_path = "/v1", .domain = {}, .description = {}});
        !r) {
      return r.error();
    }
    if (auto r = edit.put_workflow({.id = {},
                                    .workspace = "demo",
                                    .name = "User Query Workflow",
                                    .rest_api = "dataservice-user-api"});
        !r) {
      return r.error();
    }
    auto api = edit.put_api("demo", "User Query Workflow", make_definition());
    if (!api) return api.error();
    api_id = api->stored.id;
    return {};
  });
  if (!drafted) return drafted.error();
  say("test with user_id=10001");
  auto tested = studio.test_api(api_id, {{"user_id", "10001"}});
  if (!tested) return tested.error();
  if (tested->verdict != studio::TestVerdict::kPassed) {
    return Error{SLUICE_E_INTERNAL, "the draft's test answered " + tested->outcome.body, {}, {}};
  }
  say("submit, publish to the gateway instance default");
  auto version = studio.run("demo", [&](studio::Edit& edit) { return edit.submit(api_id); });
  if (!version) return version.error();
  auto published = studio.run("demo", [&](studio::Edit& edit) {
    return edit.publish({.api_id = api_id,
                         .version = version->number,
                         .instance = "default",
                         .domain = "",
                         .backend = "Default"});
  });
  if (!published) return published.error();
  auto key = studio.run("demo", [](studio::Edit& edit) {
    return edit.add_api_key({.consumer = "demo", .own_key = {}});
  });
  if (!key) return key.error();
  // A key that is known and may call nothing: what a 403 is for.
  return key->key;
}

Result<std::string> add_stranger(studio::Studio& studio) {
  auto key = studio.run("demo", [](studio::Edit& edit) -> Result<studio::IssuedApiKey> {
    if (auto r = edit.put_consumer(
            {.name = "stranger", .workspace = {}, .description = "authorised for nothing"});
        !r)
      return r.error();
    return edit.add_api_key({.consumer = "stranger", .own_key = {}});
  });
  if (!key) return key.error();
  return key->key;
}

Result<void> write_private(const fs::path& file, const std::string& text) {
  const fs::path fresh = file.string() + ".new";
  fs::remove(fresh);
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool ok =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  std::error_code ec;
  if (ok) fs::rename(fresh, file, ec);
  if (!ok || ec) return Error{SLUICE_E_UNAVAILABLE, "cannot write " + file.string(), {}, {}};
  return {};
}

int refuse(const Error& error) {
  std::cerr << "sluice demo: " << error.detail
            << (error.where.empty() ? "" : " (" + error.where + ")") << "\n";
  return cli::kExitRefused;
}

}  // namespace

int run_demo(const cli::DemoOptions& options) {
  std::error_code ec;
  fs::create_directories(options.directory, ec);
  const fs::path directory = fs::absolute(options.directory).lexically_normal();
  if (directory.string().find_first_of("\"\\\n") != std::string::npos) {
    return refuse(
        {SLUICE_E_ARGUMENT, "choose a folder without quotes and backslashes in its name", {}, {}});
  }
  fs::remove(directory / "credentials.json", ec);
  for (const char* name : {"sluice.db", "sluice.db-wal", "sluice.db-shm"})
    fs::remove(directory / name, ec);
  const fs::path binary = fs::read_symlink("/proc/self/exe", ec);
  const fs::path plugins = binary.parent_path().parent_path() / "lib/sluice/plugins";

  const fs::path node_file = directory / "node.yaml";
  {
    std::ofstream out(node_file);
    out << "# Written by `sluice demo`; run it again with: sluice serve --config "
        << node_file.string() << "\n"
        << "node: { name: demo, region: local }\n"
        << "store: { url: \"sqlite:sluice.db\" }\n"
        << "admin: { listen: \"127.0.0.1:" << options.admin_port
        << "\", token_file: admin.token }\n"
        << "gateways:\n  - { instance: default, listen: \"127.0.0.1:" << options.port << "\" }\n"
        << "plugins:\n  directory: \"" << plugins.string() << "\"\n  state_directory: plugins\n"
        << "  load: [auth-apikey, ds-sqlite, store-sqlite]\n"
        << "log: { level: info, access: true, file: node.log }\n";
    if (!out) return refuse({SLUICE_E_UNAVAILABLE, "cannot write " + node_file.string(), {}, {}});
  }
  const auto config = config::load_node_config(node_file);
  if (!config) return refuse(config.error());
  std::cout << "sluice demo in " << directory.string() << std::endl;
  if (auto made = make_table(directory / "users.db"); !made) return refuse(made.error());
  auto node = Node::make(*config);
  if (!node) return refuse(node.error());
  auto key = publish_example((*node)->studio(), directory / "users.db");
  if (!key) return refuse(key.error());
  auto stranger = add_stranger((*node)->studio());
  if (!stranger) return refuse(stranger.error());
  if (auto started = (*node)->start(); !started) return refuse(started.error());

  const std::string gateway = (*node)->gateway_url("default"),
                    url = gateway + "/v1/user/info?user_id=";
  const auto curl = [&](const std::string& id) {
    return "curl '" + url + id + "' -H 'Authorization: Bearer " + *key + "'";
  };
  std::string json = "{\"gateway\":\"" + gateway + "\",\"admin\":{\"url\":\"" +
                     (*node)->admin_url() + "\",\"token\":\"" + (*node)->admin_token() +
                     "\"},\"apiKey\":\"" + *key + "\",\"unauthorizedApiKey\":\"" + *stranger +
                     "\",\"calls\":[\"" + curl("10001") + "\",\"" + curl("10002") + "\",\"" +
                     curl("99999") + "\"]}\n";
  if (auto written = write_private(directory / "credentials.json", json); !written)
    return refuse(written.error());

  std::cout << "\nPublished. Paste this:\n\n  " << curl("10001") << "\n\nand it answers\n\n"
            << "  {\"data\":{\"user_id\":10001,\"user_name\":\"Alice\"},\"success\":true}\n\n"
            << "management API: " << (*node)->admin_url()
            << "   (token and key: " << (directory / "credentials.json").string() << ")\n";
  if (options.once) {
    const auto answer = http::fetch({.method = "GET",
                                     .url = url + "10001",
                                     .headers = {{"Authorization", "Bearer " + *key}},
                                     .body = {}});
    if (!answer) return refuse(answer.error());
    std::cout << "called once: " << answer->status << " " << answer->body << std::endl;
    (*node)->stop();
    return answer->status == 200 ? cli::kExitOk : cli::kExitRefused;
  }
  std::cout << "Ctrl-C ends it." << std::endl;
  (*node)->run_until_signal();
  return cli::kExitOk;
}

}  // namespace sluice::node
