// SPDX-License-Identifier: Apache-2.0
// sluice member, token, whoami, audit, credential reveal: who manages, and what was done.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

#include <algorithm>
#include <ostream>

namespace sluice::cli {
namespace {

constexpr std::string_view kAudit = "/admin/v1/audit";
constexpr std::size_t kRecordsPerPage = 1000;

int tell_done(const Node& node, const Result<Answer>& answer, const std::string& text) {
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, make_printable(text) + "\n");
}

std::string make_token_path(const std::string& id) {
  return "/admin/v1/tokens/" + encode_percent(id);
}

Result<std::string> find_member_path(const Node& node, const std::string& member) {
  return find_item_path(node, *find_kind("member"), member);
}

int refuse_usage(const Node& node, const Error& error) {
  node.refuse(error);
  return kExitUsage;
}

// Whoever writes a name where an id is wanted is told where ids stand.
int tell_token(const Node& node, const Result<Answer>& answer, const std::string& text) {
  if (answer && answer->status == 404) {
    return node.refuse(answer, "a token is named by its ID: 'sluice token list' tells it");
  }
  return tell_done(node, answer, text);
}

int set_enabled(const Node& node, const std::string& id, bool enabled) {
  return tell_token(node, node.ask("PUT", make_token_path(id), {{"enabled", enabled}}),
                    id + (enabled ? " is enabled" : " is disabled: the next request is refused"));
}

// Each scalar in a value with the path that leads to it.
void flatten(const Json& value, const std::string& path,
             std::vector<std::pair<std::string, std::string>>& lines) {
  if (value.is_structured() && !value.empty()) {
    for (const auto& [name, item] : value.items()) {
      flatten(item, path.empty() ? name : path + "." + name, lines);
    }
  } else if (!value.is_null()) {
    lines.emplace_back(path, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

// What differs between the sides of a record: all of it, where there is one side only.
std::vector<std::vector<std::string>> compare(const Json& before, const Json& after) {
  std::vector<std::pair<std::string, std::string>> was, is;
  flatten(before, "", was);
  flatten(after, "", is);
  std::vector<std::vector<std::string>> rows;
  const auto find = [](const auto& lines, const std::string& path) -> const std::string* {
    const auto line =
        std::ranges::find_if(lines, [&](const auto& candidate) { return candidate.first == path; });
    return line == lines.end() ? nullptr : &line->second;
  };
  for (const auto& [path, value] : was) {
    const auto* now = find(is, path);
    if (!now || *now != value) rows.push_back({path, value, now ? *now : ""});
  }
  for (const auto& [path, value] : is) {
    if (!find(was, path)) rows.push_back({path, "", value});
  }
  return rows;
}

// "1234:0f3a..." as the number and the digest of a record that was noted elsewhere.
struct Known {
  std::string number, hash;
};
Result<Known> parse_known(const std::string& text) {
  const auto colon = text.find(':');
  const bool is_number =
      colon != 0 && colon != std::string::npos && text.find_first_not_of("0123456789") == colon;
  if (!is_number || text.size() - colon - 1 != 64) {
    return Error{SLUICE_E_ARGUMENT,
                 "--known is no NUMBER:HASH: write the two that an earlier verification told",
                 {},
                 {}};
  }
  return Known{text.substr(0, colon), text.substr(colon + 1)};
}

int tell_verdict_json(const Surroundings& surroundings, bool json, const Json& verdict) {
  const bool is_intact = verdict.value("intact", false);
  std::string text;
  if (json) {
    text = dump_json(verdict);
  } else if (is_intact) {
    text = make_cell(verdict, "records") + " records, none missing or changed\nthe last is " +
           make_cell(verdict, "last") + ":" + make_cell(verdict, "hash") + "\n";
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const auto& problem : verdict.value("problems", Json::array())) {
      rows.push_back({make_cell(problem, "number"), make_cell(problem, "what")});
    }
    text = make_table({"RECORD", "WHAT IS WRONG"}, rows);
    if (verdict.value("more_problems", false)) text += "and more\n";
  }
  surroundings.out << text;
  return is_intact ? kExitOk : kExitRefused;
}

}  // namespace

int run_member_set(const Node& node, const MemberOptions& options) {
  const auto path = find_member_path(node, options.member);
  if (!path) return refuse_usage(node, path.error());
  // What is not said stays as it is.
  Json body = Json::object();
  const auto found = node.ask("GET", *path);
  if (found && found->ok()) {
    body["roles"] = found->body.value("roles", Json::array());
    body["rights"] = found->body.value("rights", Json::array());
  } else if (!found || found->status != 404) {
    return node.refuse(found);
  } else {
    body["roles"] = Json::array();
  }
  if (!options.roles.empty()) body["roles"] = options.roles;
  if (!options.rights.empty()) body["rights"] = options.rights;
  // An admin has every right.
  const bool is_admin = std::ranges::find(options.roles, "admin") != options.roles.end();
  if (is_admin && options.rights.empty()) body.erase("rights");
  const auto answer = node.ask("PUT", *path, body, found->ok() ? found->etag : std::string());
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, make_printable(options.member) + " is " +
                                make_cell(answer->body, "roles") + " with the rights " +
                                make_cell(answer->body, "rights") + "\n");
}

int run_member_remove(const Node& node, const MemberOptions& options) {
  const auto path = find_member_path(node, options.member);
  if (!path) return refuse_usage(node, path.error());
  return tell_done(node, node.ask("DELETE", *path), options.member + " is a member no more");
}

int run_token_create(const Node& node, const TokenOptions& options) {
  Json body{{"name", options.name}, {"principal", options.is_machine ? "machine" : "person"}};
  if (!options.description.empty()) body["description"] = options.description;
  if (!options.valid_until.empty()) body["valid_until"] = options.valid_until;
  if (!options.sha256.empty()) body["sha256"] = options.sha256;
  const auto answer = node.ask("POST", "/admin/v1/tokens", body);
  if (!answer || !answer->ok()) return node.refuse(answer);
  const auto secret = make_cell(answer->body, "secret");
  const auto id = make_cell(answer->body.value("token", Json::object()), "id");
  // Alone on its line, so that a script can take it.
  return node.tell(*answer, (secret.empty() ? id : secret) + "\n");
}

int run_token_enable(const Node& node, const TokenOptions& options) {
  return set_enabled(node, options.id, true);
}
int run_token_disable(const Node& node, const TokenOptions& options) {
  return set_enabled(node, options.id, false);
}
int run_token_delete(const Node& node, const TokenOptions& options) {
  return tell_token(node, node.ask("DELETE", make_token_path(options.id)),
                    options.id + " is gone: the next request is refused");
}

int run_whoami(const Node& node) {
  const auto answer = node.ask("GET", "/admin/v1/me");
  if (!answer || !answer->ok()) return node.refuse(answer);
  const auto& body = answer->body;
  auto text = make_cell(body, "name") + " (" + make_cell(body, "principal") + ")";
  if (const auto token = body.value("token", Json()); token.is_object()) {
    const auto end = make_cell(token, "valid_until");
    text += ", token " + make_cell(token, "id") + (end.empty() ? "" : " until " + end);
  }
  text = make_printable(text) + "\n";
  const auto memberships = body.value("memberships", Json::array());
  if (memberships.empty()) {
    return node.tell(*answer, text + "a member nowhere yet: have an admin give you a role\n");
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : memberships) {
    rows.push_back({make_cell(one, "workspace"), make_cell(one, "roles"), make_cell(one, "rights"),
                    make_cell(one, "permissions")});
  }
  return node.tell(*answer, text + make_table({"WORKSPACE", "ROLES", "RIGHTS", "MAY"}, rows));
}

int run_audit_list(const Node& node, const AuditOptions& options) {
  QueryPairs query = {{"workspace", options.workspace},
                      {"actor", options.actor},
                      {"kind", options.kind},
                      {"name", options.name},
                      {"action", options.action},
                      {"from", options.from},
                      {"to", options.to}};
  Answer all{200, {{"items", Json::array()}, {"next", nullptr}}};
  auto& items = all.body["items"];
  std::string before = options.before == 0 ? "" : std::to_string(options.before);
  do {
    auto page_query = query;
    const auto limit = std::min(options.limit - items.size(), kRecordsPerPage);
    page_query.emplace_back("limit", std::to_string(limit));
    page_query.emplace_back("before", before);
    const auto page = node.ask("GET", make_path(kAudit, page_query));
    if (!page || !page->ok()) return node.refuse(page);
    for (const auto& item : page->body.value("items", Json::array())) items.push_back(item);
    all.body["next"] = page->body.value("next", Json());
    before = make_cell(all.body, "next");
  } while (!before.empty() && items.size() < options.limit);

  std::vector<std::vector<std::string>> rows;
  for (const auto& item : items) {
    auto& row = rows.emplace_back();
    for (const auto* column : {"number", "at", "actor", "action", "kind", "name", "workspace"}) {
      row.push_back(make_cell(item, column));
    }
  }
  auto text =
      rows.empty()
          ? std::string("no records\n")
          : make_table({"NUMBER", "AT", "ACTOR", "ACTION", "KIND", "NAME", "WORKSPACE"}, rows);
  if (!before.empty()) text += "older ones: --before " + before + "\n";
  return node.tell(all, text);
}

int run_audit_show(const Node& node, const AuditOptions& options) {
  if (options.number.empty() ||
      options.number.find_first_not_of("0123456789") != std::string::npos) {
    return refuse_usage(
        node, {SLUICE_E_ARGUMENT,
               "'" + options.number + "' is no number of a record: 'sluice audit list' tells them",
               {},
               {}});
  }
  const auto answer = node.ask("GET", std::string(kAudit) + "/" + encode_percent(options.number));
  if (!answer || !answer->ok()) return node.refuse(answer);
  auto head = answer->body;
  const auto before = head.value("before", Json()), after = head.value("after", Json());
  head.erase("before");
  head.erase("after");
  auto text = make_whole_text(head);
  const auto rows = compare(before, after);
  if (!rows.empty()) text += "\n" + make_table({"MEMBER", "BEFORE", "AFTER"}, rows);
  return node.tell(*answer, text);
}

int run_audit_verify(const Node& node, const AuditOptions& options) {
  Known known;
  if (!options.known.empty()) {
    const auto parsed = parse_known(options.known);
    if (!parsed) return refuse_usage(node, parsed.error());
    known = *parsed;
  }
  auto answer = node.ask("POST", std::string(kAudit) + "/verify");
  if (!answer || !answer->ok()) return node.refuse(answer);
  auto& verdict = answer->body;
  if (!known.number.empty()) {
    const auto record = node.ask("GET", std::string(kAudit) + "/" + known.number);
    const bool is_there = record && record->ok();
    if (!is_there && (!record || record->status != 404)) return node.refuse(record);
    if (!is_there || make_cell(record->body, "hash") != known.hash) {
      verdict["intact"] = false;
      verdict["problems"].push_back(
          {{"number", Json::parse(known.number, nullptr, false)},
           {"what", is_there ? "it is another record than the one that was noted"
                             : "the record that was noted is not there: the store was set back"}});
    }
  }
  return tell_verdict_json(node.surroundings(), node.options().json, verdict);
}

int tell_verdict(const Surroundings& surroundings, bool json, const store::AuditVerdict& verdict) {
  Json problems = Json::array();
  for (const auto& problem : verdict.problems) {
    problems.push_back({{"number", problem.seq}, {"what", problem.what}});
  }
  return tell_verdict_json(surroundings, json,
                           Json{{"intact", verdict.problems.empty()},
                                {"records", verdict.records},
                                {"last", verdict.head.seq},
                                {"hash", verdict.head.hash},
                                {"problems", std::move(problems)},
                                {"more_problems", verdict.more_problems}});
}

}  // namespace sluice::cli
