// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parts of the tree of commands that stand in files of their own. Inside the command line only.

#include "main/cli_commands.hpp"
#include "main/cli_completion.hpp"

#include <functional>

namespace sluice::cli {

// How a part adds a command that talks to a node: its parent, name, what it does, an example. It
// has --json, --admin and --token already.
using AddClient =
    std::function<CLI::App*(CLI::App& parent, const char* name, const char* about,
                            const char* example, std::function<int(const Node&)> run)>;

// What people write there; lives as long as the tree.
struct PeopleLine {
  GetOptions get;
  MemberOptions member;
  TokenOptions token;
  AuditOptions audit;
};
// whoami, member, token, audit. `verify_offline`: of the store that a node file names.
void add_people_commands(CLI::App& app, PeopleLine& line, CompletionWords& words,
                         const AddClient& add_client,
                         std::function<int(const std::filesystem::path& config)> verify_offline);

}  // namespace sluice::cli
