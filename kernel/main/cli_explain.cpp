// SPDX-License-Identifier: Apache-2.0
// sluice explain: what a gateway instance would do with a request, and why.
#include "config/read_file.hpp"
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"
#include "main/request_text.hpp"

#include <algorithm>
#include <ostream>

namespace sluice::cli {
namespace {

constexpr std::size_t kRequestFileBytesMax = std::size_t{1} << 20;
constexpr std::string_view kSignedTextMark = "StringToSign:`";

Error wrong(std::string detail) { return {SLUICE_E_ARGUMENT, std::move(detail), {}, {}}; }

Result<std::string> read_option_file(const std::string& option, const std::string& path) {
  auto text = config::read_file(path, kRequestFileBytesMax);
  if (!text) return wrong(option + ": " + path + ": " + text.error().detail);
  return text;
}

// What is to be explained, and the text that its client signed, if it is known.
struct Asked {
  SentText request;
  std::string signed_text;
};

Result<Asked> read_asked(const Surroundings& surroundings, const ExplainOptions& options) {
  Asked asked;
  if (!options.request_file.empty()) {
    const auto text = read_option_file("--request", options.request_file);
    if (!text) return text.error();
    auto request = parse_request_text(*text);
    if (!request) return wrong("--request: " + request.error().detail);
    asked.request = std::move(*request);
  } else if (options.call.url.empty()) {
    return wrong("give a URL with the options of 'sluice call', or a file with --request");
  } else {
    auto call = make_call(surroundings, options.call);
    if (!call) return call.error();
    asked.signed_text = std::move(call->signed_text);
    asked.request = make_sent_text(call->request);
  }
  if (!options.signed_text_file.empty()) {
    const auto text = read_option_file("--signed-text", options.signed_text_file);
    if (!text) return text.error();
    asked.signed_text = *text;
  }
  return asked;
}

std::vector<std::string> split_lines(std::string_view text, char separator) {
  std::vector<std::string> lines;
  for (;;) {
    const auto end = text.find(separator);
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

// Both sides' signed texts and the first line in which they differ. In a header the gateway writes
// '#' for a line's end.
Json compare_signed_texts(std::string_view message, std::string_view clients) {
  const auto mark = message.find(kSignedTextMark);
  if (mark == std::string_view::npos) return nullptr;
  auto servers = message.substr(mark + kSignedTextMark.size());
  servers = servers.substr(0, servers.rfind('`'));
  const auto server_lines = split_lines(servers, '#');
  Json told{{"gateway", server_lines}};
  if (clients.empty()) return told;
  while (clients.ends_with('\n')) clients.remove_suffix(1);
  std::string flat(clients);
  std::ranges::replace(flat, '\n', '#');
  const auto client_lines = split_lines(flat, '#');
  told["client"] = client_lines;
  for (std::size_t i = 0; i < std::max(server_lines.size(), client_lines.size()); ++i) {
    const bool is_same =
        i < server_lines.size() && i < client_lines.size() && server_lines[i] == client_lines[i];
    if (is_same) continue;
    told["first_difference"] = i + 1;
    break;
  }
  return told;
}

std::string tell_signed_texts(const Json& texts, bool colour) {
  std::string told = "signed text:\n";
  const auto lines_of = [&](const char* side) {
    return texts.contains(side) ? texts[side].get<std::vector<std::string>>()
                                : std::vector<std::string>();
  };
  const auto gateway = lines_of("gateway"), client = lines_of("client");
  const auto different = texts.value("first_difference", std::size_t{0});
  for (std::size_t i = 0; i < std::max(gateway.size(), client.size()); ++i) {
    const std::string number = "  " + std::to_string(i + 1) + "  ";
    const bool differs = i + 1 == different;
    const auto show = [&](const char* side, const std::vector<std::string>& lines) {
      std::string line = number + side;
      line += i < lines.size() ? make_printable(lines[i]) : "(no such line)";
      told += (differs ? paint(line, Tone::kBad, colour) : line) + "\n";
    };
    if (!differs && !client.empty() && i < gateway.size() && i < client.size() &&
        gateway[i] == client[i]) {
      show("both     ", gateway);
      continue;
    }
    if (!client.empty()) show("client   ", client);
    show("gateway  ", gateway);
  }
  if (different != 0) {
    told += "the first difference is in line " + std::to_string(different) + "\n";
  } else if (!client.empty()) {
    told += "the texts are the same: the secrets differ\n";
  }
  return told;
}

std::string tell(const Json& answer, bool colour) {
  std::vector<std::vector<std::string>> lines = {{"instance", make_cell(answer, "instance")}};
  const auto& route = answer["route"];
  if (route.is_object()) {
    lines.push_back({"route", make_cell(route, "method") + " " + make_cell(route, "path") + " -> " +
                                  make_cell(route, "workspace") + "/" + make_cell(route, "api") +
                                  " " + make_cell(route, "version")});
    const auto type = make_cell(route, "authentication");
    lines.push_back({"authentication", type.empty() ? "none" : type});
  } else {
    lines.push_back({"route", "none"});
  }
  const bool accepted = answer.value("accepted", false);
  if (const auto consumer = make_cell(answer, "consumer"); !consumer.empty()) {
    lines.push_back({"consumer", consumer});
  }
  if (const auto credential = make_cell(answer, "credential"); !credential.empty()) {
    lines.push_back({"credential", credential});
  }
  if (route.is_object() && !make_cell(route, "authentication").empty() &&
      !make_cell(answer, "consumer").empty()) {
    std::string grants;
    for (const auto& grant : answer.value("authorizations", Json::array())) {
      const auto until = make_cell(grant, "valid_until");
      grants += (grants.empty() ? "" : "; ") +
                (grant.contains("api") ? "for this API"
                                       : "for the REST API " + make_cell(grant, "rest_api")) +
                (until.empty() ? ", no end" : ", until " + until);
    }
    lines.push_back({"authorisation", grants.empty() ? "none" : grants});
  }
  if (!accepted) {
    lines.push_back({"code", make_cell(answer, "code")});
    lines.push_back({"message", make_cell(answer, "message")});
  }
  if (const auto reason = make_cell(answer, "reason"); !reason.empty()) {
    lines.push_back({"reason", reason});
  }
  const auto outcome = accepted
                           ? paint("it would be served", Tone::kGood, colour)
                           : paint("it would be refused with status " + make_cell(answer, "status"),
                                   Tone::kBad, colour);
  return outcome + "\n" + make_table({"WHAT", "VALUE"}, lines);
}

}  // namespace

int run_explain(const Node& node, const ExplainOptions& options) {
  const auto asked = read_asked(node.surroundings(), options);
  if (!asked) {
    node.refuse(asked.error());
    return kExitUsage;
  }
  Json headers = Json::array();
  for (const auto& [name, value] : asked->request.headers) {
    headers.push_back({{"name", name}, {"value", value}});
  }
  Json body{{"method", asked->request.method},
            {"target", asked->request.target},
            {"headers", std::move(headers)},
            {"body", asked->request.body}};
  if (!options.instance.empty()) body["instance"] = options.instance;
  if (!options.now.empty()) body["now"] = options.now;
  auto answer = node.ask("POST", "/admin/v1/explain", body);
  if (!answer || !answer->ok()) return node.refuse(answer);

  const bool colour = node.surroundings().colour;
  std::string text = tell(answer->body, colour);
  const auto texts = compare_signed_texts(make_cell(answer->body, "message"), asked->signed_text);
  if (!texts.is_null()) {
    answer->body["signed_text"] = texts;
    text += tell_signed_texts(texts, colour);
  }
  node.tell(*answer, text);
  return answer->body.value("accepted", false) ? kExitOk : kExitRefused;
}

}  // namespace sluice::cli
