// SPDX-License-Identifier: Apache-2.0
#pragma once
// The names of commands on a command line, before its options are read: what is no command is told
// with the one that was meant. Inside the command line only.

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace sluice::cli {

// The word of `known` that `word` was meant to be: at most two letters from it. Empty: none.
std::string find_near(std::string_view word, const std::vector<std::string>& known);

// "sluice api help" -> "sluice api --help". Answers what is wrong, and leaves `args`, where a word
// that stands for a command is none; empty otherwise.
std::string read_command_words(const CLI::App& app, std::vector<std::string>& args);

// The names of what can be written after `app`.
std::vector<std::string> list_commands(const CLI::App& app);

}  // namespace sluice::cli
