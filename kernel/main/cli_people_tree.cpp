// SPDX-License-Identifier: Apache-2.0
// whoami, member, token, audit: how they are written.
#include "main/cli_parts.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice::cli {
namespace {

void add_person_commands(CLI::App& app, PeopleLine& line, CompletionWords& words,
                         const AddClient& add_client) {
  add_client(app, "whoami", "Whose token this is, and what he may do where.",
             "SLUICE_TOKEN=sat_... sluice whoami",
             [](const Node& node) { return run_whoami(node); });

  auto* member = app.add_subcommand("member", "Who may do what in a workspace: roles, rights.");
  member->require_subcommand(1);
  auto* members = add_client(*member, "list", "Members of the workspaces that you see.",
                             "sluice member list --workspace shop", [&line](const Node& node) {
                               line.get.kind = "members";
                               return run_get(node, line.get);
                             });
  members->add_option("--workspace", line.get.workspace, "only of this one; * is every one");
  const auto add_member = [&](const char* name, const char* about, const char* example,
                              int (*run)(const Node&, const MemberOptions&)) {
    auto* command = add_client(*member, name, about, example,
                               [&line, run](const Node& node) { return run(node, line.member); });
    command
        ->add_option("MEMBER", line.member.member,
                     "workspace/name; '*/name' is of every workspace, and of what is shared")
        ->required();
    return command;
  };
  auto* set = add_member(
      "set", "Make somebody a member, or change what he may; what is not said stays.",
      "sluice member set shop/ann --role developer\n"
      "  sluice member set shop/ben --role operator,approver --right gateway,data-service\n"
      "  sluice member set '*/cleo' --role admin\n"
      "  sluice token create ann        (so that she can sign in)",
      &run_member_set);
  const std::vector<std::string> roles = {"admin", "developer", "operator", "approver", "visitor"};
  const std::vector<std::string> rights = {"gateway", "data-service", "data-source"};
  auto* role = set->add_option("--role", line.member.roles,
                               "admin, developer, operator, approver, visitor; with commas");
  role->delimiter(',')->check(CLI::IsMember(roles));
  words[role] = roles;
  auto* right = set->add_option("--right", line.member.rights,
                                "gateway, data-service, data-source; of a new member all");
  right->delimiter(',')->check(CLI::IsMember(rights));
  words[right] = rights;
  add_member("remove", "Take all roles in a workspace away; his tokens stay.",
             "sluice member remove shop/ann", &run_member_remove);

  auto* token = app.add_subcommand("token", "Tokens of people and machines that manage.");
  token->require_subcommand(1);
  add_client(*token, "list", "Whose there are; never the tokens themselves.", "sluice token list",
             [&line](const Node& node) {
               line.get.kind = "tokens";
               return run_get(node, line.get);
             });
  auto* create =
      add_client(*token, "create", "Make one and print it, once: it is kept nowhere.",
                 "sluice token create ann --description laptop\n"
                 "  sluice token create deploy-job --machine --valid-until 2026-12-31T00:00:00Z\n"
                 "  sluice member set shop/ann --role developer        (what she may do)",
                 [&line](const Node& node) { return run_token_create(node, line.token); });
  create->add_option("NAME", line.token.name, "whose: members and audit log say this")->required();
  create->add_flag("--machine", line.token.is_machine, "a program's, not a person's");
  create->add_option("--description", line.token.description, "where it is used");
  create->add_option("--valid-until", line.token.valid_until, "2026-12-31T00:00:00Z");
  create->add_option("--sha256", line.token.sha256,
                     "of a token of your own, which then is told to nobody");
  const auto add_by_id = [&](const char* name, const char* about, const char* example,
                             int (*run)(const Node&, const TokenOptions&)) {
    add_client(*token, name, about, example,
               [&line, run](const Node& node) { return run(node, line.token); })
        ->add_option("ID", line.token.id, "as 'sluice token list' has it")
        ->required();
  };
  add_by_id("disable", "It works no more; it is not deleted.", "sluice token disable tok-1f00",
            &run_token_disable);
  add_by_id("enable", "Let it work again.", "sluice token enable tok-1f00", &run_token_enable);
  add_by_id("delete", "For ever.", "sluice token delete tok-1f00", &run_token_delete);
}

void add_audit_commands(CLI::App& app, PeopleLine& line, CompletionWords& words,
                        const AddClient& add_client,
                        std::function<int(const std::filesystem::path& config)> verify_offline) {
  auto* audit = app.add_subcommand("audit", "Who changed what, and whether all of it is there.");
  audit->require_subcommand(1);
  auto* list = add_client(*audit, "list", "Records, newest first.",
                          "sluice audit list --workspace shop --actor ann\n"
                          "  sluice audit list --action revealed --from 2026-01-31T00:00:00Z",
                          [&line](const Node& node) { return run_audit_list(node, line.audit); });
  list->add_option("--workspace", line.audit.workspace, "only of this one; *: of none");
  list->add_option("--actor", line.audit.actor, "only by this one");
  list->add_option("--kind", line.audit.kind, "only of this kind: api, version, credential");
  list->add_option("--name", line.audit.name, "only of the resource of this name or key");
  auto* action =
      list->add_option("--action", line.audit.action, "created, updated, deleted or revealed");
  const std::vector<std::string> actions = {"created", "updated", "deleted", "revealed"};
  action->check(CLI::IsMember(actions));
  words[action] = actions;
  list->add_option("--from", line.audit.from, "2026-01-31T08:30:00Z");
  list->add_option("--to", line.audit.to, "2026-01-31T08:30:00Z");
  list->add_option("--before", line.audit.before, "only older ones than this number");
  list->add_option("--limit", line.audit.limit, "how many at most")
      ->check(CLI::Range(std::size_t{1}, kItemsToldMax))
      ->capture_default_str();
  add_client(*audit, "show", "One record: what was there before, and after.",
             "sluice audit show 1234",
             [&line](const Node& node) { return run_audit_show(node, line.audit); })
      ->add_option("NUMBER", line.audit.number, "as 'sluice audit list' has it")
      ->required();
  auto* verify = add_client(
      *audit, "verify", "Read every record; exit code 1 if one is missing or was changed.",
      "sluice audit verify\n"
      "  sluice audit verify --known 1234:HASH        (what was told earlier: shows a store "
      "that was set back as a whole)\n"
      "  sluice audit verify --config node.yaml        (without asking the node)",
      [&line, verify_offline = std::move(verify_offline)](const Node& node) {
        return line.audit.config.empty() ? run_audit_verify(node, line.audit)
                                         : verify_offline(line.audit.config);
      });
  auto* known =
      verify->add_option("--known", line.audit.known, "NUMBER:HASH of a record, noted elsewhere");
  verify
      ->add_option("--config", line.audit.config,
                   "read the store that this node file names, with its key")
      ->excludes(known);
}

}  // namespace

void add_people_commands(CLI::App& app, PeopleLine& line, CompletionWords& words,
                         const AddClient& add_client,
                         std::function<int(const std::filesystem::path& config)> verify_offline) {
  add_person_commands(app, line, words, add_client);
  add_audit_commands(app, line, words, add_client, std::move(verify_offline));
}

}  // namespace sluice::cli
