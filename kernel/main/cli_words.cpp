// SPDX-License-Identifier: Apache-2.0
#include "main/cli_words.hpp"

#include "main/cli_text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <numeric>

namespace sluice::cli {
namespace {

constexpr std::size_t kNearMax = 2;         // letters
constexpr std::size_t kWordBytesMax = 100;  // of a word that may be a name's misspelling

std::size_t measure_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const auto changed = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({row[k] + 1, row[k - 1] + 1, changed});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> list_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    // Groups of options are nameless subcommands to CLI11.
    if (!command->get_name().empty()) names.push_back(command->get_name());
  }
  return names;
}

std::string find_near(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > kWordBytesMax) return {};
  std::string nearest;
  std::size_t least = kNearMax + 1;
  for (const auto& candidate : known) {
    const auto distance = measure_distance(word, candidate);
    // Of two letters everything is two letters away.
    if (distance < least && distance < std::min(word.size(), candidate.size())) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string read_command_words(const CLI::App& app, std::vector<std::string>& args) {
  const CLI::App* at = &app;
  std::string before = app.get_name();
  for (std::size_t i = 0; i < args.size() && !args[i].starts_with('-'); ++i) {
    const auto known = list_commands(*at);
    if (known.empty()) return {};  // what follows belongs to the command
    if (std::ranges::find(known, args[i]) == known.end()) {
      if (args[i] == "help") {
        args.erase(args.begin() + std::ptrdiff_t(i));
        args.emplace_back("--help");
        --i;  // the command that stands there now
        continue;
      }
      const auto near = find_near(args[i], known);
      std::string told = "'" + make_printable(args[i]) + "' is no command of " + before;
      if (!near.empty()) return told + ": did you mean '" + near + "'?";
      told += "; write one of ";
      for (std::size_t k = 0; k < known.size(); ++k) told += (k == 0 ? "" : ", ") + known[k];
      return told;
    }
    before += " " + args[i];
    at = at->get_subcommand(args[i]);
  }
  return {};
}

}  // namespace sluice::cli
