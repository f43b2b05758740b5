// SPDX-License-Identifier: Apache-2.0
#pragma once
// Completion scripts for shells, made from the tree of commands that parses the line: a new command
// or option is completed from the day it is there. Inside the command line only.

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sluice::cli {

enum class Shell { kBash, kZsh, kFish };

// Words that an option or positional takes, where they are few and known.
using CompletionWords = std::map<const CLI::Option*, std::vector<std::string>>;

std::string make_completion(const CLI::App& app, const CompletionWords& words, Shell shell);

}  // namespace sluice::cli
