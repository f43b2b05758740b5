// SPDX-License-Identifier: Apache-2.0
// sluice consumer, credential, grant, revoke: who may call, and with what.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

namespace sluice::cli {
namespace {

Error wrong(std::string detail) { return {SLUICE_E_ARGUMENT, std::move(detail), {}, {}}; }

// --given as one object, -g NAME=VALUE as its members of text.
Result<Json> read_given(const Surroundings& surroundings, const CredentialOptions& options) {
  Json given = Json::object();
  if (!options.given.empty()) {
    const auto text = read_value(surroundings, options.given);
    if (!text) return text.error();
    given = Json::parse(*text, nullptr, false);
    if (!given.is_object()) return wrong("--given is no JSON object");
  }
  for (const auto& pair : options.members) {
    const auto equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos) return wrong("'" + pair + "' is no NAME=VALUE");
    const auto value = read_value(surroundings, pair.substr(equals + 1));
    if (!value) return value.error();
    given[pair.substr(0, equals)] = *value;
  }
  return given;
}

// What was told once, a line each; a single secret alone, so that a script can take it.
int tell_issued(const Node& node, const Answer& answer) {
  const auto shown = answer.body.value("shown", Json::object());
  std::string text;
  for (const auto& [name, value] : shown.items()) {
    const auto plain = make_cell(shown, name);
    text += shown.size() == 1 ? plain + "\n" : name + " " + plain + "\n";
  }
  return node.tell(answer, text);
}

std::string make_consumer_path(const std::string& name) {
  return "/admin/v1/consumers/" + encode_percent(name);
}
std::string make_credential_path(const std::string& id) {
  return "/admin/v1/credentials/" + encode_percent(id);
}

int usage(const Node& node, const Error& error) {
  node.refuse(error);
  return kExitUsage;
}

int tell_done(const Node& node, const Result<Answer>& answer, const std::string& text) {
  if (!answer || !answer->ok()) return node.refuse(answer);
  return node.tell(*answer, text + "\n");
}

// Replaces a consumer by itself with another `enabled`.
int set_enabled(const Node& node, const std::string& name, bool enabled) {
  const auto found = node.ask("GET", make_consumer_path(name));
  if (!found || !found->ok()) return node.refuse(found);
  Json body{{"description", found->body.value("description", std::string())}, {"enabled", enabled}};
  return tell_done(node, node.ask("PUT", make_consumer_path(name), body),
                   name + (enabled ? " is enabled" : " is disabled"));
}

// What is granted, with the API found as every command finds it. A refusal is told and is an Error
// without a detail.
Result<Json> make_authorization(const Node& node, const GrantOptions& options) {
  Json body{{"consumer", options.consumer}};
  if (!options.api.empty()) {
    const auto id = node.find_api(options.api);
    if (!id) return id.error();
    body["api"] = *id;
  }
  if (!options.rest_api.empty()) body["rest_api"] = options.rest_api;
  if (!options.valid_until.empty()) body["valid_until"] = options.valid_until;
  return body;
}

}  // namespace

int run_consumer_add(const Node& node, const ConsumerOptions& options) {
  return tell_done(node,
                   node.ask("POST", "/admin/v1/consumers",
                            {{"name", options.name}, {"description", options.description}}),
                   options.name + " is there; give it a credential and an authorisation");
}
int run_consumer_enable(const Node& node, const ConsumerOptions& options) {
  return set_enabled(node, options.name, true);
}
int run_consumer_disable(const Node& node, const ConsumerOptions& options) {
  return set_enabled(node, options.name, false);
}
int run_consumer_delete(const Node& node, const ConsumerOptions& options) {
  return tell_done(node, node.ask("DELETE", make_consumer_path(options.name)),
                   options.name + " is gone, with its credentials and authorisations");
}

int run_credential_add(const Node& node, const CredentialOptions& options) {
  const auto given = read_given(node.surroundings(), options);
  if (!given) return usage(node, given.error());
  Json body{{"type", options.type}, {"given", *given}};
  if (!options.valid_from.empty()) body["valid_from"] = options.valid_from;
  if (!options.valid_until.empty()) body["valid_until"] = options.valid_until;
  const auto answer = node.ask("POST", make_consumer_path(options.consumer) + "/credentials", body);
  if (!answer || !answer->ok()) return node.refuse(answer);
  return tell_issued(node, *answer);
}

int run_credential_rotate(const Node& node, const CredentialOptions& options) {
  const auto given = read_given(node.surroundings(), options);
  if (!given) return usage(node, given.error());
  const auto answer = node.ask("POST", make_credential_path(options.id) + "/rotate",
                               {{"given", *given}, {"overlap_seconds", options.overlap_seconds}});
  if (!answer || !answer->ok()) return node.refuse(answer);
  return tell_issued(node, *answer);
}

int run_credential_enable(const Node& node, const CredentialOptions& options) {
  return tell_done(node, node.ask("PUT", make_credential_path(options.id), {{"enabled", true}}),
                   options.id + " is enabled");
}
int run_credential_disable(const Node& node, const CredentialOptions& options) {
  return tell_done(node, node.ask("PUT", make_credential_path(options.id), {{"enabled", false}}),
                   options.id + " is disabled");
}
int run_credential_revoke(const Node& node, const CredentialOptions& options) {
  return tell_done(node, node.ask("DELETE", make_credential_path(options.id)),
                   options.id + " is revoked");
}

int run_credential_reveal(const Node& node, const CredentialOptions& options) {
  const auto answer = node.ask("POST", make_credential_path(options.id) + "/reveal");
  if (!answer || !answer->ok()) return node.refuse(answer);
  if (answer->body.value("shown", Json::object()).empty()) {
    return node.tell(*answer, "it holds no secret that could be shown\n");
  }
  return tell_issued(node, *answer);
}

int run_grant(const Node& node, const GrantOptions& options) {
  const auto body = make_authorization(node, options);
  if (!body) return kExitRefused;
  const auto answer = node.ask("POST", "/admin/v1/authorizations", *body);
  const auto end = answer && answer->ok() ? make_cell(answer->body, "valid_until") : std::string();
  return tell_done(node, answer,
                   options.consumer + " may call " +
                       (options.api.empty() ? "all of " + options.rest_api : options.api) +
                       (end.empty() ? "" : " until " + end));
}
int run_revoke(const Node& node, const GrantOptions& options) {
  const auto body = make_authorization(node, options);
  if (!body) return kExitRefused;
  return tell_done(node, node.ask("POST", "/admin/v1/authorizations/revoke", *body),
                   options.consumer + " has no authorisation for " +
                       (options.api.empty() ? options.rest_api : options.api) + " any more");
}

}  // namespace sluice::cli
