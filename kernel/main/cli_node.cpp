// SPDX-License-Identifier: Apache-2.0
#include "main/cli_node.hpp"

#include "main/cli_difference.hpp"
#include "main/cli_text.hpp"

#include <algorithm>
#include <ostream>

namespace sluice::cli {
namespace {

// Tests of a draft may take the API's own timeout, and a bit.
constexpr std::int64_t kAskTimeoutMs = 60'000;
constexpr std::size_t kItemsPerPage = 1000;

std::string read_member(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

// One line for a fault: what, where, the rule behind it; below it, what to do.
std::string tell_fault(const Json& fault, bool colour) {
  std::string text = make_printable_lines(read_member(fault, "message"));
  if (const auto pointer = read_member(fault, "pointer"); !pointer.empty()) {
    text = make_printable(pointer) + ": " + text;
  }
  if (const auto rule = read_member(fault, "rule"); !rule.empty()) {
    text += paint(" [" + make_printable(rule) + "]", Tone::kQuiet, colour);
  }
  if (const auto remedy = read_member(fault, "remedy"); !remedy.empty()) {
    text += "\n  " + paint("-> " + make_printable_lines(remedy), Tone::kQuiet, colour);
  }
  return text + "\n";
}

std::string tell_refusal(const Json& body, int status, bool colour) {
  const auto head = paint("error: ", Tone::kBad, colour);
  const auto error = body.is_object() ? body.find("error") : body.end();
  if (!body.is_object() || error == body.end() || !error->is_object()) {
    return head + "the answer has status " + std::to_string(status) +
           " and is none of the management API: is this the admin address?\n";
  }
  const auto faults = error->find("faults");
  if (faults == error->end() || !faults->is_array() || faults->empty()) {
    const auto difference = error->find("difference");
    return head + tell_fault(*error, colour) +
           (difference != error->end() ? make_difference_text(*difference, colour) : "");
  }
  std::string text;
  for (const auto& fault : *faults) text += head + tell_fault(fault, colour);
  return text;
}

}  // namespace

std::string make_path(std::string_view path, const QueryPairs& query) {
  std::string made(path);
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    made += separator + encode_percent(name) + "=" + encode_percent(value);
    separator = '&';
  }
  return made;
}

Result<Answer> Node::ask(std::string_view method, const std::string& path, const Json& body,
                         const std::string& if_match) const {
  http::ClientRequest request;
  request.method = method;
  request.url = options_.admin;
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += path;
  request.timeout_ms = kAskTimeoutMs;
  if (!options_.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + options_.token);
  }
  if (!if_match.empty()) request.headers.emplace_back("If-Match", if_match);
  if (!body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  auto response = surroundings_.fetch(request);
  if (!response) return response.error();
  if (response->status == 401 && options_.token.empty()) {
    return Error{SLUICE_E_ARGUMENT,
                 "no token: set SLUICE_TOKEN, or --token; the node wrote its first one into "
                 "admin.token_file",
                 {},
                 {}};
  }
  Answer answer{response->status};
  answer.etag = response->header("ETag");
  if (!response->body.empty()) answer.body = Json::parse(response->body, nullptr, false);
  if (answer.body.is_discarded()) {
    return Error{SLUICE_E_UNAVAILABLE,
                 options_.admin + " answered with status " + std::to_string(answer.status) +
                     " and no JSON: is this the admin address of a node?",
                 {},
                 {}};
  }
  return answer;
}

Result<Answer> Node::ask_list(std::string_view path, const QueryPairs& query) const {
  Answer whole{200, {{"items", Json::array()}, {"total", 0}}};
  for (;;) {
    auto page_query = query;
    page_query.emplace_back("limit", std::to_string(kItemsPerPage));
    page_query.emplace_back("offset", std::to_string(whole.body["items"].size()));
    auto page = ask("GET", make_path(path, page_query));
    if (!page || !page->ok()) return page;
    if (!page->body.is_object() || !page->body.contains("items") ||
        !page->body["items"].is_array() || !page->body.contains("total")) {
      return Error{SLUICE_E_UNAVAILABLE, "the node answered no list", {}, {}};
    }
    auto& items = page->body["items"];
    whole.body["total"] = page->body["total"];
    for (auto& item : items) whole.body["items"].push_back(std::move(item));
    const auto told = whole.body["items"].size();
    if (items.size() < kItemsPerPage || told >= kItemsToldMax) return whole;
  }
}

Result<std::string> Node::find_api(const std::string& reference) const {
  const auto first = reference.find('/'), last = reference.rfind('/');
  const bool is_id = first == std::string::npos && reference.starts_with("api-");
  if (is_id) return reference;
  QueryPairs query;
  if (first != std::string::npos) query.emplace_back("workspace", reference.substr(0, first));
  if (first != last) query.emplace_back("workflow", reference.substr(first + 1, last - first - 1));
  query.emplace_back("name", first == std::string::npos ? reference : reference.substr(last + 1));
  const auto found = ask("GET", make_path("/admin/v1/apis", query));
  if (!found || !found->ok()) {
    refuse(found);
    return Error{SLUICE_E_UNAVAILABLE, {}, {}, {}};
  }
  const auto items = found->body.value("items", Json::array());
  if (items.size() == 1) return read_member(items[0], "id");
  Error error{SLUICE_E_NOT_FOUND, {}, {}, {}};
  if (items.empty()) {
    error.detail = "there is no API '" + reference +
                   "': write its id, workspace/name or workspace/workflow/name ('sluice get apis' "
                   "lists them)";
  } else {
    error.detail = "several APIs are called '" + reference + "'; write one of these:";
    for (const auto& item : items) {
      error.detail += " " + read_member(item, "workspace") + "/" + read_member(item, "name");
    }
  }
  refuse(error);
  return Error{error.status, {}, {}, {}};
}

int Node::refuse(const Result<Answer>& answer) const {
  if (!answer) return refuse(answer.error());
  if (options_.json) {
    surroundings_.out << dump_json(answer->body);
  } else {
    surroundings_.err << tell_refusal(answer->body, answer->status, surroundings_.colour);
  }
  return kExitRefused;
}

int Node::refuse(const Result<Answer>& answer, const std::string& remedy) const {
  if (!answer || options_.json || !answer->body.is_object() || !answer->body.contains("error")) {
    return refuse(answer);
  }
  auto told = *answer;
  told.body["error"]["remedy"] = remedy;
  return refuse(Result<Answer>(std::move(told)));
}

int Node::refuse(const Error& error) const {
  return tell_error(surroundings_, options_.json, error);
}

int Node::tell(const Answer& answer, const std::string& text) const {
  surroundings_.out << (options_.json ? dump_json(answer.body) : text);
  return kExitOk;
}

std::string make_cell(const Json& object, std::string_view member) {
  const auto found = object.find(std::string(member));
  if (found == object.end() || found->is_null()) return {};
  if (found->is_string()) return found->get<std::string>();
  if (found->is_boolean()) return found->get<bool>() ? "yes" : "no";
  if (found->is_array()) {
    std::string list;
    for (const auto& item : *found) {
      if (!list.empty()) list += ", ";
      list += item.is_string() ? item.get<std::string>() : item.dump();
    }
    return list;
  }
  return found->dump();
}

int tell_error(const Surroundings& surroundings, bool json, const Error& error) {
  if (json) {
    Json body = {{"error", {{"code", "command"}, {"message", error.detail}}}};
    if (!error.where.empty()) body["error"]["pointer"] = error.where;
    surroundings.out << dump_json(body);
  } else {
    // Errors of files name their place themselves.
    const bool placed = error.where.empty() || error.detail.starts_with(error.where);
    surroundings.err << paint("error: ", Tone::kBad, surroundings.colour)
                     << (placed ? "" : error.where + ": ") << make_printable_lines(error.detail)
                     << "\n";
  }
  return kExitRefused;
}

std::string dump_json(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::cli
