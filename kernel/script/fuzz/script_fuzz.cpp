// SPDX-License-Identifier: Apache-2.0
// Scripts from outside: whatever is accepted renders to one statement that reads, with as many
// placeholders as arguments, whatever the values are.
#include "script/script.hpp"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::script;

struct Memory {
  std::vector<std::unique_ptr<char[]>> blocks;
  std::size_t left = std::size_t{1} << 20;
  static void* allocate(void* user, std::size_t bytes) {
    auto& self = *static_cast<Memory*>(user);
    if (bytes > self.left) return nullptr;
    self.left -= bytes;
    return self.blocks.emplace_back(new char[bytes]).get();
  }
};

void require(bool holds, const char* what, std::string_view statement) {
  if (holds) return;
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(statement.size()), statement.data());
  std::abort();
}

// A second opinion on what was rendered, which knows quotes and nothing else of the engine.
void judge(std::string_view text, std::size_t arguments) {
  std::size_t placeholders = 0;
  std::string open, word;
  bool is_first = true;
  const auto end_word = [&] {
    if (!word.empty() && is_first) {
      require(word == "SELECT" || word == "WITH", "no SELECT", text);
      is_first = false;
    }
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'' || c == '"' || c == '`') {
      end_word();
      const auto end = text.find(c, i + 1);
      require(end != std::string_view::npos, "an open quote", text);
      i = end;
      continue;
    }
    const auto rest = text.substr(i);
    require(!rest.starts_with("--") && !rest.starts_with("/*") && c != '#', "a comment", text);
    require(c != ';' && c != '$' && c != '@' && c != '\\', "a character", text);
    if (c == '?') {
      ++placeholders;
      require(rest.substr(1).starts_with(std::to_string(placeholders)), "a placeholder", text);
    }
    if (c == '(' || c == '[') open += c;
    if (c == ')' || c == ']') {
      require(!open.empty() && (open.back() == '(') == (c == ')'), "parentheses", text);
      open.pop_back();
    }
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
        static_cast<unsigned char>(c) >= 0x80) {
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    } else {
      end_word();
    }
  }
  require(open.empty(), "an open parenthesis", text);
  require(placeholders == arguments, "as many arguments as placeholders", text);
}

void render(const Script& script, std::string_view value, std::size_t items, bool is_absent) {
  const Cell scalars[] = {make_text(value), make_int64(static_cast<std::int64_t>(items)),
                          make_bool(items > 1)};
  const std::vector<Cell> list(items, make_text(value));
  std::vector<Value> values;
  for (const auto& use : script.parameters()) {
    const auto& parameter = use.parameter;
    if (is_absent) {
      values.push_back({});
    } else if (parameter.is_list) {
      values.push_back({Value::State::kList, list});
    } else {
      values.push_back({Value::State::kScalar, {&scalars[static_cast<int>(parameter.kind)], 1}});
    }
  }
  Memory memory;
  Writer writer({&Memory::allocate, &memory}, '?');
  const auto refusal = script.render(values, writer);
  require(writer.text().size() <= kRenderedBytesMax, "too long", "");
  require(writer.arguments().size() <= kArgumentsMax, "too many arguments", "");
  if (refusal.reason != Refusal::Reason::kNone) {
    require(!writer.arguments().data() || refusal.reason != Refusal::Reason::kListMissing ||
                refusal.parameter < script.parameters().size(),
            "a refusal of nothing", "");
    return;
  }
  judge(writer.text(), writer.arguments().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const Mode mode : {Mode::kBasic, Mode::kAdvanced}) {
    const auto parsed = parse(text, mode);
    require(!parsed.script == !parsed.faults.empty(), "neither a script nor a fault", text);
    for (const auto& fault : parsed.faults) {
      require(fault.line > 0 && fault.column > 0 && !fault.what.empty() && !fault.remedy.empty(),
              "a fault without a place", text);
    }
    if (!parsed.script) continue;
    std::vector<Parameter> declared;
    for (const auto& use : parsed.script->parameters()) declared.push_back(use.parameter);
    (void)parsed.script->find_faults(declared);
    (void)parsed.script->find_faults({});
    render(*parsed.script, "", 0, true);
    for (const std::size_t items : {1u, 2u, 40u}) {
      render(*parsed.script, "'; DROP TABLE t; -- \" ` ) ] ${x} ?9 /* #", items, false);
    }
  }
  return 0;
}
