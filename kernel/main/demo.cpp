// SPDX-License-Identifier: Apache-2.0
#include "main/demo.hpp"

#include "http/client.hpp"
#include "main/cli_commands.hpp"
#include "main/hmac_signer.hpp"
#include "main/node.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iostream>

namespace sluice::node {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

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

// One API for each way to prove who calls: an API has exactly one (R102).
struct Example {
  const char *type, *name, *path;
};
constexpr Example kExamples[] = {
    {"api-key", "Query User by User ID", "/user/info"},
    {"jwt", "Query User by User ID JWT", "/jwt/user/info"},
    {"hmac", "Query User by User ID HMAC", "/hmac/user/info"},
};

model::ApiDefinition make_definition(const Example& example) {
  model::ApiDefinition api;
  api.name = example.name;
  api.path = example.path;
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
  api.authentication.type = example.type;
  return api;
}

// What the workspace's consumer shows, and a key that is known and may call nothing.
struct Secrets {
  std::string api_key, jwt, access_key, secret_key, strangers_key;
};

std::string make_base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// A token as an identity provider would mint it: HS256, good for 30 days.
std::string make_token(std::string_view key, std::string_view uid) {
  constexpr std::int64_t kLifeS = 30 * 86'400;
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  const std::string signed_part =
      make_base64url(R"({"alg":"HS256","typ":"JWT","kid":"demo"})") + "." +
      make_base64url(Json{{"uid", uid}, {"iat", now}, {"exp", now + kLifeS}}.dump());
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(signed_part.data()), signed_part.size(), mac.data(),
       &size);
  return signed_part + "." + make_base64url({reinterpret_cast<const char*>(mac.data()), size});
}

std::string find_shown(const studio::IssuedCredential& issued, std::string_view name) {
  for (const auto& [shown, value] : issued.shown) {
    if (shown == name) return value;
  }
  return {};
}

Result<Secrets> add_credentials(studio::Studio& studio) {
  std::string token_key(32, '\0');
  if (!studio::make_system_random()(
          {reinterpret_cast<unsigned char*>(token_key.data()), token_key.size()})) {
    return Error{SLUICE_E_UNAVAILABLE, "there is no randomness for a key", {}, {}};
  }
  const Json jwt{
      {"jwks",
       {{"keys",
         {{{"kty", "oct"}, {"kid", "demo"}, {"alg", "HS256"}, {"k", make_base64url(token_key)}}}}}},
      {"claims", {{"uid", "demo"}}}};
  return studio.run("demo", [&](studio::Edit& edit) -> Result<Secrets> {
    if (auto r = edit.put_consumer(
            {.name = "stranger", .workspace = {}, .description = "authorised for nothing"});
        !r) {
      return r.error();
    }
    const auto key = edit.add_credential({.consumer = "demo", .type = "api-key"});
    if (!key) return key.error();
    const auto token =
        edit.add_credential({.consumer = "demo", .type = "jwt", .given_json = jwt.dump()});
    if (!token) return token.error();
    const auto pair = edit.add_credential({.consumer = "demo", .type = "hmac"});
    if (!pair) return pair.error();
    const auto strangers = edit.add_credential({.consumer = "stranger", .type = "api-key"});
    if (!strangers) return strangers.error();
    return Secrets{find_shown(*key, "key"), make_token(token_key, "demo"),
                   find_shown(*pair, "access_key"), find_shown(*pair, "secret_key"),
                   find_shown(*strangers, "key")};
  });
}

Result<void> publish_one(studio::Studio& studio, const Example& example) {
  auto api = studio.run("demo", [&](studio::Edit& edit) {
    return edit.put_api("demo", "User Query Workflow", make_definition(example));
  });
  if (!api) return api.error();
  const std::string api_id = api->stored.id;
  auto tested = studio.test_api(api_id, {{"user_id", "10001"}});
  if (!tested) return tested.error();
  if (tested->verdict != studio::TestVerdict::kPassed) {
    return Error{SLUICE_E_INTERNAL, "the draft's test answered " + tested->outcome.body, {}, {}};
  }
  auto version = studio.run("demo", [&](studio::Edit& edit) { return edit.submit(api_id); });
  if (!version) return version.error();
  auto published = studio.run("demo", [&](studio::Edit& edit) {
    return edit.publish({.api_id = api_id,
                         .version = version->number,
                         .instance = "default",
                         .domain = "",
                         .backend = "Default"});
  });
  return published ? Result<void>() : published.error();
}

// Workspace to deployment, through the use cases that everybody has.
Result<void> publish_examples(studio::Studio& studio, const fs::path& database) {
  const auto say = [](std::string_view text) { std::cout << "  " << text << std::endl; };
  say("workspace demo, data source users, REST API dataservice-user-api (/v1), workflow");
  auto prepared = studio.run("demo", [&](studio::Edit& edit) -> Result<void> {
    if (auto r = edit.put_workspace({.name = "demo", .description = "the worked example"}); !r)
      return r.error();
    if (auto r = edit.put_data_source({.workspace = "demo",
                                       .name = "users",
                                       .type = "sqlite",
                                       .settings_json = Json{{"file", database.string()}}.dump(),
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
    return {};
  });
  if (!prepared) return prepared.error();
  for (const auto& example : kExamples) {
    say("draft, test with user_id=10001, submit, publish: GET /v1" + std::string(example.path) +
        " (" + example.type + ")");
    if (auto done = publish_one(studio, example); !done) return done.error();
  }
  return {};
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

constexpr std::string_view kWrittenBy = "# Written by `sluice demo`";

bool is_in_use(const fs::path& store) {
  sqlite3* db = nullptr;
  // Leaving WAL takes the file for itself: it fails while anybody else has it open.
  const bool is_taken =
      sqlite3_open_v2(store.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
      sqlite3_exec(db, "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr) == SQLITE_BUSY;
  sqlite3_close(db);
  return is_taken;
}

// A demo starts afresh: what an earlier one left is removed, and nothing else.
Result<void> check_folder(const fs::path& directory) {
  const auto refused = [&](const std::string& why, const std::string& remedy) {
    return Error{SLUICE_E_CONFLICT, directory.string() + why + ": " + remedy, {}, {}};
  };
  std::string first_line;
  std::ifstream node_file(directory / "node.yaml");
  std::getline(node_file, first_line);
  const bool is_of_demo = first_line.starts_with(kWrittenBy);
  for (const char* name : {"node.yaml", "sluice.db", "users.db", "secret.key", "admin.token"}) {
    std::error_code ec;
    if (!is_of_demo && fs::exists(directory / name, ec)) {
      return refused(std::string(" has a ") + name + " that no demo wrote",
                     "give another folder with --dir; nothing was changed");
    }
  }
  if (is_in_use(directory / "sluice.db")) {
    return refused(" is in use by a node that runs",
                   "end that one first, or give another folder with --dir; nothing was changed");
  }
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
  if (auto ours = check_folder(directory); !ours) return refuse(ours.error());
  fs::remove(directory / "credentials.json", ec);
  for (const char* name : {"sluice.db", "sluice.db-wal", "sluice.db-shm"})
    fs::remove(directory / name, ec);
  const fs::path binary = fs::read_symlink("/proc/self/exe", ec);
  const fs::path plugins = binary.parent_path().parent_path() / "lib/sluice/plugins";

  const fs::path node_file = directory / "node.yaml";
  {
    std::ofstream out(node_file);
    out << kWrittenBy << "; run it again with: sluice serve --config " << node_file.string() << "\n"
        << "node: { name: demo, region: local }\n"
        << "store: { url: \"sqlite:sluice.db\", key_file: secret.key }\n"
        << "admin: { listen: \"127.0.0.1:" << options.admin_port
        << "\", token_file: admin.token }\n"
        << "gateways:\n  - { instance: default, listen: \"127.0.0.1:" << options.port << "\" }\n"
        << "plugins:\n  directory: \"" << plugins.string() << "\"\n  state_directory: plugins\n"
        << "  load: [auth-apikey, auth-hmac, auth-jwt, ds-sqlite, store-sqlite]\n"
        << "log: { level: info, access: true, file: node.log }\n"
        << "files: { data_directories: [\".\"] }\n";
    if (!out) return refuse({SLUICE_E_UNAVAILABLE, "cannot write " + node_file.string(), {}, {}});
  }
  const auto config = config::load_node_config(node_file);
  if (!config) return refuse(config.error());
  std::cout << "sluice demo in " << directory.string() << std::endl;
  if (auto made = make_table(directory / "users.db"); !made) return refuse(made.error());
  auto node = Node::make(*config);
  if (!node) return refuse(node.error());
  if (auto done = publish_examples((*node)->studio(), directory / "users.db"); !done)
    return refuse(done.error());
  const auto secrets = add_credentials((*node)->studio());
  if (!secrets) return refuse(secrets.error());
  if (auto started = (*node)->start(); !started) return refuse(started.error());

  const std::string gateway = (*node)->gateway_url("default");
  const auto key_call = [&](const std::string& id) {
    return http::ClientRequest{.url = gateway + "/v1/user/info?user_id=" + id,
                               .headers = {{"Authorization", "Bearer " + secrets->api_key}}};
  };
  const http::ClientRequest jwt_call{.url = gateway + "/v1/jwt/user/info?user_id=10001",
                                     .headers = {{"Authorization", "Bearer " + secrets->jwt}}};
  http::ClientRequest signed_call{.url = gateway + "/v1/hmac/user/info?user_id=10001"};
  // Without a nonce, so that the line can be pasted again for 15 minutes.
  const auto moment = cli::make_moment();
  if (!moment) return refuse(moment.error());
  const auto signed_text = cli::sign_request({secrets->access_key, secrets->secret_key},
                                             {moment->unix_ms, {}}, signed_call);
  if (!signed_text) return refuse(signed_text.error());
  Json calls = Json::array();
  for (const auto& call :
       {key_call("10001"), key_call("10002"), key_call("99999"), jwt_call, signed_call}) {
    calls.push_back(cli::make_curl(call, false));
  }
  const Json credentials{
      {"gateway", gateway},
      {"admin", {{"url", (*node)->admin_url()}, {"token", (*node)->admin_token()}}},
      {"apiKey", secrets->api_key},
      {"jwt", secrets->jwt},
      {"hmac", {{"accessKey", secrets->access_key}, {"secretKey", secrets->secret_key}}},
      {"unauthorizedApiKey", secrets->strangers_key},
      {"calls", calls}};
  if (auto written = write_private(directory / "credentials.json", credentials.dump() + "\n");
      !written)
    return refuse(written.error());

  std::cout << "\nPublished. Paste this:\n\n  " << calls[0].get<std::string>()
            << "\n\nand it answers\n\n"
            << "  {\"data\":{\"user_id\":10001,\"user_name\":\"Alice\"},\"success\":true}\n\n"
            << "The same with a JWT, and signed (this line is good for 15 minutes):\n\n  "
            << calls[3].get<std::string>() << "\n\n  " << calls[4].get<std::string>() << "\n\n"
            << "management API: " << (*node)->admin_url()
            << "   (token and secrets: " << (directory / "credentials.json").string() << ")\n";
  if (options.once) {
    const auto answer = http::fetch(key_call("10001"));
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
