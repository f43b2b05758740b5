// SPDX-License-Identifier: Apache-2.0
#include "main/cli_completion.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <utility>

namespace sluice::cli {
namespace {

struct Completed {
  std::string word, about;
};

// One command: what may stand behind it.
struct CommandWords {
  std::vector<std::string> path;  // "sluice", "api", "publish"
  std::vector<Completed> commands;
  std::vector<Completed> options;        // "--json", "-f"
  std::vector<std::string> valued;       // those of them that take a value
  std::vector<std::string> positionals;  // words of its positionals, where they are known
  std::vector<std::pair<std::string, std::vector<std::string>>> values;  // of an option
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void add_option(const CLI::Option& option, const CompletionWords& words, CommandWords& command) {
  const auto known = words.find(&option);
  if (option.nonpositional()) {
    std::vector<std::string> names;
    for (const auto& name : option.get_lnames()) names.push_back("--" + name);
    for (const auto& name : option.get_snames()) names.push_back("-" + name);
    for (const auto& name : names) {
      command.options.push_back({name, first_line(option.get_description())});
      if (option.get_type_size() != 0) command.valued.push_back(name);
      if (known != words.end()) command.values.emplace_back(name, known->second);
    }
  } else if (known != words.end()) {
    command.positionals.insert(command.positionals.end(), known->second.begin(),
                               known->second.end());
  }
}

void add_options(const CLI::App& app, const CompletionWords& words, CommandWords& command) {
  for (const auto* option : app.get_options()) add_option(*option, words, command);
}

void collect(const CLI::App& app, std::vector<std::string> path, const CompletionWords& words,
             std::vector<CommandWords>& all) {
  path.push_back(app.get_name());
  CommandWords command;
  command.path = path;
  add_options(app, words, command);
  std::vector<const CLI::App*> children;
  for (const auto* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (child->get_name().empty()) {  // a group of options
      add_options(*child, words, command);
      continue;
    }
    command.commands.push_back({child->get_name(), first_line(child->get_description())});
    children.push_back(child);
  }
  all.push_back(std::move(command));
  for (const auto* child : children) collect(*child, path, words, all);
}

std::string join(const std::vector<std::string>& words, const char* between = " ") {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string join_words(const std::vector<Completed>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word.word;
  return text;
}

// For a shell's '...'.
std::string quote(std::string_view text, std::string_view quoted_quote) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += quoted_quote;
    } else {
      out += c;
    }
  }
  return out + "'";
}

// "sluice api"|"sluice api publish"|...
std::string list_paths(const std::vector<CommandWords>& all) {
  std::string text;
  for (const auto& command : all) {
    if (command.path.size() < 2) continue;
    text += (text.empty() ? "\"" : "|\"") + join(command.path) + "\"";
  }
  return text;
}

std::string make_bash(const std::vector<CommandWords>& all) {
  std::string out =
      "# bash completion of sluice; made by: sluice completion bash\n"
      "_sluice() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local path=sluice commands= options= valued= words= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$path ${COMP_WORDS[i]}\" in\n      " +
      list_paths(all) +
      ") path=\"$path ${COMP_WORDS[i]}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case $path in\n";
  for (const auto& command : all) {
    out += "    \"" + join(command.path) + "\")\n";
    if (!command.commands.empty()) {
      out += "      commands=\"" + join_words(command.commands) + "\"\n";
    }
    out += "      options=\"" + join_words(command.options) + "\"\n";
    if (!command.valued.empty()) out += "      valued=\"" + join(command.valued) + "\"\n";
    if (!command.positionals.empty()) {
      out += "      words=\"" + join(command.positionals) + "\"\n";
    }
    if (!command.values.empty()) {
      out += "      case $before in\n";
      for (const auto& [option, words] : command.values) {
        out += "        " + option + ") COMPREPLY=($(compgen -W \"" + join(words) +
               "\" -- \"$current\")); return ;;\n";
      }
      out += "      esac\n";
    }
    out += "      ;;\n";
  }
  return out +
         "  esac\n"
         "  case \" $valued \" in *\" $before \"*) return ;; esac\n"
         "  case $current in\n"
         "    -*) words=$options ;;\n"
         "    *) words=\"$commands $words\" ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o bashdefault -o default -F _sluice sluice\n";
}

std::string make_zsh(const std::vector<CommandWords>& all) {
  const auto describe = [](const std::vector<Completed>& words) {
    std::string text;
    for (const auto& word : words) {
      text += " " + quote(word.word + ":" + word.about, "'\\''");
    }
    return text;
  };
  std::string out =
      "#compdef sluice\n"
      "# zsh completion of sluice; made by: sluice completion zsh\n"
      "_sluice() {\n"
      "  local path_=sluice i\n"
      "  local -a commands options valued\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    case \"$path_ ${words[i]}\" in\n      (" +
      list_paths(all) +
      ") path_=\"$path_ ${words[i]}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case $path_ in\n";
  for (const auto& command : all) {
    std::vector<Completed> commands = command.commands;
    for (const auto& word : command.positionals) commands.push_back({word, ""});
    out += "    (\"" + join(command.path) + "\")\n";
    if (!commands.empty()) out += "      commands=(" + describe(commands) + " )\n";
    out += "      options=(" + describe(command.options) + " )\n";
    if (!command.valued.empty()) out += "      valued=( " + join(command.valued) + " )\n";
    out += "      ;;\n";
  }
  return out +
         "  esac\n"
         "  if (( ${valued[(Ie)${words[CURRENT-1]}]} )); then\n"
         "    _files\n"
         "  elif [[ ${words[CURRENT]} == -* ]]; then\n"
         "    _describe option options\n"
         "  elif (( $#commands )); then\n"
         "    _describe command commands\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
         "  _sluice \"$@\"\n"
         "else\n"
         "  compdef _sluice sluice\n"
         "fi\n";
}

std::string make_fish(const std::vector<CommandWords>& all) {
  std::string out = "# fish completion of sluice; made by: sluice completion fish\n";
  for (const auto& command : all) {
    std::string condition;
    for (std::size_t i = 1; i < command.path.size(); ++i) {
      condition += (condition.empty() ? "" : "; and ") +
                   std::string("__fish_seen_subcommand_from ") + command.path[i];
    }
    const auto line = [&](const std::string& when, const std::string& what,
                          const std::string& about) {
      out += "complete -c sluice";
      if (!when.empty()) out += " -n " + quote(when, "\\'");
      out += " " + what;
      if (!about.empty()) out += " -d " + quote(about, "\\'");
      out += "\n";
    };
    auto before_children = condition;
    if (command.path.size() == 1) {
      before_children = "__fish_use_subcommand";
    } else if (!command.commands.empty()) {
      before_children += "; and not __fish_seen_subcommand_from " + join_words(command.commands);
    }
    for (const auto& child : command.commands) {
      line(before_children, "-f -a " + child.word, child.about);
    }
    for (const auto& word : command.positionals) line(condition, "-a " + word, "");
    for (const auto& option : command.options) {
      const bool is_long = option.word.starts_with("--");
      const bool takes = std::find(command.valued.begin(), command.valued.end(), option.word) !=
                         command.valued.end();
      std::string what = (is_long ? "-l " : "-s ") + option.word.substr(is_long ? 2 : 1);
      if (takes) what += " -r";
      for (const auto& [name, words] : command.values) {
        if (name == option.word) what += " -a " + quote(join(words), "\\'");
      }
      line(condition, what, option.about);
    }
  }
  return out;
}

}  // namespace

std::string make_completion(const CLI::App& app, const CompletionWords& words, Shell shell) {
  std::vector<CommandWords> all;
  collect(app, {}, words, all);
  switch (shell) {
    case Shell::kBash:
      return make_bash(all);
    case Shell::kZsh:
      return make_zsh(all);
    case Shell::kFish:
      return make_fish(all);
  }
  return {};
}

}  // namespace sluice::cli
