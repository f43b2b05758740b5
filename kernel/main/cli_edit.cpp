// SPDX-License-Identifier: Apache-2.0
// sluice create, set, delete: one resource of any kind, its members as NAME=VALUE.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

#include "config/documents.hpp"

namespace sluice::cli {
namespace {

Error wrong(std::string detail) { return {SLUICE_E_ARGUMENT, std::move(detail), {}, {}}; }

// What was written after the "=": a number, true, [a list] or { an: object } as YAML has them, text
// otherwise. What comes from a variable or a file is text whatever it looks like.
Result<Json> read_member_value(const Surroundings& surroundings, const std::string& text) {
  if (text.starts_with("env:") || text.starts_with("file:")) {
    const auto value = read_value(surroundings, text);
    if (!value) return value.error();
    return Json(*value);
  }
  if (text.empty() || text.find('\n') != std::string::npos) return Json(text);
  const auto read = config::parse_documents("kind: k\nname: n\nvalue: " + text + "\n", "value");
  if (!read || read->size() != 1) {
    const bool is_structure = text.front() == '[' || text.front() == '{';
    if (is_structure) return wrong("'" + text + "' is no YAML: " + read.error().detail);
    return Json(text);
  }
  auto document = Json::parse(read->front().json, nullptr, false);
  auto& value = document["value"];
  const bool is_quoted = text.front() == '"' || text.front() == '\'';
  // A comment, or what only begins like one, is text of the value here.
  if (value.is_string() && !is_quoted) return Json(text);
  if (value.is_null() && text != "null" && text != "~") return Json(text);
  return std::move(value);
}

// "settings.file=users.db" into {"settings": {"file": "users.db"}}.
Result<void> read_members(const Surroundings& surroundings, const std::vector<std::string>& members,
                          Json& body) {
  for (const auto& member : members) {
    const auto equals = member.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return wrong("'" + member + "' is no NAME=VALUE");
    }
    auto value = read_member_value(surroundings, member.substr(equals + 1));
    if (!value) return value.error();
    Json* place = &body;
    std::string_view path = std::string_view(member).substr(0, equals);
    for (;;) {
      const auto dot = path.find('.');
      const std::string name(path.substr(0, dot));
      if (name.empty()) return wrong("'" + member + "' has a name with nothing between its dots");
      place = &(*place)[name];
      if (dot == std::string_view::npos) break;
      if (place->is_null()) *place = Json::object();
      if (!place->is_object()) return wrong("'" + name + "' of '" + member + "' is no object");
      path.remove_prefix(dot + 1);
    }
    *place = std::move(*value);
  }
  return {};
}

// "shop/User_Flow/Query_User" as the members that a kind keeps its name in.
Result<Json> read_name(const Kind& kind, const std::string& name) {
  if (kind.singular == "credential") {
    return wrong("'credential' is not made like this: 'sluice credential add' does it");
  }
  const auto first = name.find('/'), last = name.rfind('/');
  const auto wants = [&](const char* form) {
    return wrong("a new " + std::string(kind.singular) + " is named " + form);
  };
  switch (kind.key) {
    case Kind::Key::kName:
      return Json{{"name", name}};
    case Kind::Key::kPair:
    case Kind::Key::kWorkflow:
      if (first == std::string::npos) return wants("workspace/name");
      return Json{{"workspace", name.substr(0, first)}, {"name", name.substr(first + 1)}};
    case Kind::Key::kApi:
      if (first == last) return wants("workspace/workflow/name");
      return Json{{"workspace", name.substr(0, first)},
                  {"workflow", name.substr(first + 1, last - first - 1)},
                  {"name", name.substr(last + 1)}};
    case Kind::Key::kId:
      return wrong("'" + std::string(kind.singular) + "' is not made like this: 'sluice " +
                   std::string(kind.singular) + " create' does it");
    case Kind::Key::kNone:
      break;
  }
  return wrong("'" + std::string(kind.singular) +
               "' is not made like this: 'sluice api' and 'sluice grant' do it");
}

int refuse_usage(const Node& node, const Error& error) {
  node.refuse(error);
  return kExitUsage;
}

// Told already when its detail is empty.
int refuse_untold(const Node& node, const Error& error) {
  return error.detail.empty() ? kExitRefused : node.refuse(error);
}

std::string make_line(const Kind& kind, const std::string& name, const char* what) {
  return std::string(kind.singular) + " " + make_printable(name) + " is " + what + "\n";
}

}  // namespace

int run_create(const Node& node, const EditOptions& options) {
  const auto* kind = find_kind(options.kind);
  if (!kind) return refuse_kind(node, options.kind);
  auto body = read_name(*kind, options.name);
  if (!body) return refuse_usage(node, body.error());
  if (auto read = read_members(node.surroundings(), options.members, *body); !read) {
    return refuse_usage(node, read.error());
  }
  const auto answer = node.ask("POST", "/admin/v1/" + std::string(kind->collection), *body);
  if (answer && answer->status == 409 && answer->body.is_object() &&
      make_cell(answer->body.value("error", Json::object()), "remedy").find("PUT") !=
          std::string::npos) {
    return node.refuse(answer, "'sluice set " + options.kind + " " + options.name +
                                   " MEMBER=VALUE' changes it; or take another name");
  }
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, make_line(*kind, options.name, "made"));
}

int run_set(const Node& node, const EditOptions& options) {
  const auto* kind = find_kind(options.kind);
  if (!kind) return refuse_kind(node, options.kind);
  const auto path = find_item_path(node, *kind, options.name);
  if (!path) return refuse_untold(node, path.error());
  auto found = node.ask("GET", *path);
  if (!found || !found->ok()) return node.refuse(found);
  if (auto read = read_members(node.surroundings(), options.members, found->body); !read) {
    return refuse_usage(node, read.error());
  }
  const auto answer = node.ask("PUT", *path, found->body, found->etag);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, make_line(*kind, options.name, "changed"));
}

int run_delete(const Node& node, const EditOptions& options) {
  const auto* kind = find_kind(options.kind);
  if (!kind) return refuse_kind(node, options.kind);
  if (kind->singular == "version") {
    return node.refuse(
        wrong("versions are never deleted: 'sluice api undeploy' takes one offline"));
  }
  const auto path = find_item_path(node, *kind, options.name);
  if (!path) return refuse_untold(node, path.error());
  const auto answer = node.ask("DELETE", *path);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(Answer{answer->status, {{"kind", kind->singular}, {"name", options.name}}},
                   make_line(*kind, options.name, "gone"));
}

}  // namespace sluice::cli
