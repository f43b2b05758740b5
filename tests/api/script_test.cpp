// SPDX-License-Identifier: Apache-2.0
// Plays scripts/*.txt: requests to the management API and command lines, each with what it must
// answer. A script is a file of steps; what comes after a step's own lines is its golden answer,
// and SLUICE_UPDATE_GOLDEN=1 rewrites it.
//
//   # a comment
//   > POST /admin/v1/workspaces       a request; below it a body, if there is one
//   {"name": "shop"}
//   < 201                             its answer: status, then the body
//   {...}
//   $ sluice get workspaces           a command line
//   $- sluice get workspaces          the same without a token
//   = 0                               its answer: exit code, then what it printed
//   ! floor 500 {"data":null}         the lower floor answers so from now on
//   ! table user_id:long name:string  every table has these columns; "gone": there is none
//
// After "> METHOD TARGET" may stand: token=bob (alice when absent; both are tokens of the node),
// token=none, the token itself, type=text/plain.
#include "tests/api/house.hpp"
#include "studio/drift.hpp"
#include "main/cli.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kLineWidth = 100;

const fs::path kFolder = fs::path(SLUICE_SOURCE_DIR) / "tests/api";

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Digests of the audit log are other ones whenever a noun gets a member.
void hide_digests(Json& json) {
  for (auto& [name, value] : json.items()) {
    const bool is_digest = value.is_string() && (name == "hash" || name == "previous");
    if (is_digest) value = "<digest>";
    if (value.is_structured()) hide_digests(value);
  }
}

std::string hide_digest_lines(const std::string& text) {
  constexpr std::size_t kDigits = 64;
  std::istringstream lines(text);
  std::string hidden;
  for (std::string line; std::getline(lines, line);) {
    const auto word = line.find_first_not_of(" \"");
    const bool is_digest = word != std::string::npos && (line.compare(word, 4, "hash") == 0 ||
                                                         line.compare(word, 8, "previous") == 0);
    const auto digits = line.find_last_of("0123456789abcdef");
    if (is_digest && digits != std::string::npos && digits + 1 >= kDigits) {
      line.replace(digits + 1 - kDigits, kDigits, "<digest>");
    }
    hidden += line + "\n";
  }
  return hidden;
}

// JSON on one line when it fits, indented when it does not.
std::string format_body(const std::string& body) {
  auto json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return body;
  hide_digests(json);
  auto text = json.dump();
  return (text.size() <= kLineWidth ? text : json.dump(2)) + "\n";
}

std::vector<std::string> split_words(const std::string& line) {
  std::vector<std::string> words;
  bool open = false, begun = false;
  for (const char c : line) {
    if (c == '\'') {
      open = !open;
    }
    if (c == ' ' && !open) {
      begun = false;
    } else {
      if (!begun) words.emplace_back();
      begun = true;
      if (c != '\'') words.back() += c;
    }
  }
  return words;
}

std::string read_token(const std::string& actor) {
  if (actor == "alice") return "token-a";
  return actor == "bob" ? "token-b" : actor;
}

class Player {
 public:
  // The script as it is when every answer is what comes now.
  std::string play(const std::string& script) {
    std::istringstream lines(script);
    std::string line, played;
    bool in_answer = false;
    while (std::getline(lines, line)) {
      const char first = line.empty() ? ' ' : line[0];
      const bool begins_step = first == '>' || first == '$' || first == '!' || first == '#';
      if (in_answer && !begins_step) continue;
      if (begins_step) played += finish_request();
      in_answer = first == '<' || first == '=';
      if (first == '<') {
        played += finish_request();
        continue;
      }
      if (first == '=') continue;
      played += line + "\n";
      if (first == '>') begin_request(line);
      if (first == '!') order(line);
      if (first == '$') {
        played += run_command(line);
        in_answer = true;
      }
      if (!begins_step && pending_) request_.body += line + "\n";
    }
    return played + finish_request();
  }

 private:
  void begin_request(const std::string& line) {
    const auto words = split_words(line);
    request_ = {};
    request_.method = words.at(1);
    request_.target = words.at(2);
    std::string token = "alice", type = "application/json";
    for (std::size_t i = 3; i < words.size(); ++i) {
      if (words[i].starts_with("token=")) token = words[i].substr(6);
      if (words[i].starts_with("type=")) type = words[i].substr(5);
    }
    if (token != "none") {
      request_.headers.emplace_back("authorization", "Bearer " + read_token(token));
    }
    request_.headers.emplace_back("content-type", type);
    pending_ = true;
  }

  std::string finish_request() {
    if (!pending_) return {};
    pending_ = false;
    while (request_.body.ends_with('\n')) request_.body.pop_back();
    const auto answer = house_.ask(request_);
    std::string text = "< " + std::to_string(answer.status);
    for (const auto& [name, value] : answer.headers) {
      if (name == "Allow" || name == "WWW-Authenticate") text += " " + name + ": " + value;
    }
    return text + "\n" + (answer.body.empty() ? "" : format_body(answer.body)) + "\n";
  }

  std::string run_command(const std::string& line) {
    auto words = split_words(line);
    const bool has_token = words[0] != "$-";        // "$- sluice ...": without a token
    words.erase(words.begin(), words.begin() + 2);  // "$ sluice"
    std::ostringstream printed;
    const cli::Surroundings surroundings{
        printed, printed, false,
        [&](const char* name) -> std::optional<std::string> {
          if (std::string_view(name) == "SLUICE_TOKEN" && has_token) return "token-a";
          return {};
        },
        [this](const http::ClientRequest& request) { return fetch(request); }};
    const int code = cli::run_cli(words, {}, surroundings);
    return "= " + std::to_string(code) + "\n" + hide_digest_lines(printed.str()) + "\n";
  }

  Result<http::ClientResponse> fetch(const http::ClientRequest& request) {
    constexpr std::string_view kAddress = "http://127.0.0.1:8081";
    if (!request.url.starts_with(kAddress)) {
      return Error{SLUICE_E_UNAVAILABLE, "nobody listens there", {}, {}};
    }
    auto answer = house_.ask(
        {request.method, request.url.substr(kAddress.size()), request.body, request.headers});
    return http::ClientResponse{answer.status, answer.headers, answer.body};
  }

  // "! floor 200 BODY", "! floor error TEXT", "! prepare error TEXT", "! health not ready: WHY",
  // "! statement ..." below
  void order(const std::string& line) {
    const auto words = split_words(line);
    const auto rest = [&](std::size_t from) {
      std::string text;
      for (std::size_t i = from; i < words.size(); ++i)
        text += (text.empty() ? "" : " ") + words[i];
      return text;
    };
    auto& floor = house_.fakes.floor;
    const bool fails = words.at(2) == "error";
    const Error error{SLUICE_E_UNAVAILABLE, rest(3), "not for callers", {}};
    if (words.at(1) == "floor" && fails) {
      floor.outcome = error;
    } else if (words.at(1) == "floor") {
      floor.outcome = studio::TestOutcome{std::stoi(words[2]),
                                          {{"Content-Type", "application/json"}},
                                          rest(3),
                                          1250,
                                          "SELECT 1",
                                          {}};
      floor.outcome->table = studio::make_facts(floor.described);
    } else if (words.at(1) == "table" && words.at(2) == "gone") {
      floor.can_describe = Error{SLUICE_E_NOT_FOUND, "there is no such table", {}, {}};
    } else if (words.at(1) == "table") {
      floor.can_describe = {};
      floor.described.columns.clear();
      for (std::size_t i = 2; i < words.size(); ++i) {
        const auto colon = words[i].find(':');
        auto type = words[i].substr(colon + 1);
        const bool is_key = type.ends_with(":key");
        if (is_key) type.resize(type.size() - 4);
        floor.described.columns.push_back(
            {.name = words[i].substr(0, colon),
             .declared = type,
             .comment = {},
             .type = model::parse_parameter_type(type).value_or(model::ParameterType::kString),
             .nullable = !is_key,
             .primary_key = is_key ? 1u : 0u});
      }
    } else if (words.at(1) == "source") {
      floor.source_check = fails ? Result<void>(error) : Result<void>();
    } else if (words.at(1) == "statement") {
      floor.statement = make_statement(words);
      if (floor.outcome) floor.outcome->table = studio::make_facts(*floor.statement);
    } else if (words.at(1) == "settings") {
      floor.settings_check =
          fails ? Result<void>(Error{SLUICE_E_ARGUMENT, rest(3), {}, "/path"}) : Result<void>();
    } else if (words.at(1) == "prepare") {
      floor.can_prepare = fails ? Result<void>(error) : Result<void>();
    } else if (words.at(1) == "health") {
      house_.health = {words[2] == "ready", {}};
      if (!house_.health.ready) house_.health.reasons.push_back(rest(2));
    } else {
      ADD_FAILURE() << "an unknown order: " << line;
    }
  }

  // "! statement id=long total" what it answers (without a type: known only when it runs),
  // "! statement fault 12 TEXT" what the source says against it and where
  static Result<studio::StatementDescription> make_statement(
      const std::vector<std::string>& words) {
    studio::StatementDescription told;
    if (words.size() > 3 && words[2] == "fault") {
      told.fault_at = std::stoul(words[3]);
      for (std::size_t i = 4; i < words.size(); ++i)
        told.fault += (told.fault.empty() ? "" : " ") + words[i];
      return told;
    }
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      const auto type = equals == std::string::npos ? "" : words[i].substr(equals + 1);
      told.columns.push_back({words[i].substr(0, equals), type, model::parse_parameter_type(type)});
    }
    return told;
  }

  AdminHouse house_;
  admin::AdminRequest request_;
  bool pending_ = false;
};

class Script : public testing::TestWithParam<std::string> {};

TEST_P(Script, AnswersAsWritten) {
  fs::current_path(kFolder);  // the scripts name files from here
  const auto path = kFolder / "scripts" / (GetParam() + ".txt");
  const auto script = read_file(path);
  ASSERT_FALSE(script.empty()) << path;
  const auto played = Player().play(script);
  if (std::getenv("SLUICE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << played;
    return;
  }
  EXPECT_EQ(played, script);
}

std::vector<std::string> list_scripts() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder / "scripts")) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Api, Script, testing::ValuesIn(list_scripts()),
                         [](const auto& script) { return script.param; });

}  // namespace
}  // namespace sluice::tests
