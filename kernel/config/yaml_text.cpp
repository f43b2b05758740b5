// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace sluice::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLineCharactersMax = 120;

bool is_word_character(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '/' || c == '-' || c == '@';
}

// Text that needs no quotes wherever it stands: words of plain characters with single spaces
// between, that no YAML reader takes for a number, a truth value or nothing.
bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  const auto first = static_cast<unsigned char>(text.front());
  const bool begins = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
                      first == '_' || first == '/';
  if (!begins || text.back() == ' ') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' && text[i - 1] != ' ') continue;
    if (!is_word_character(static_cast<unsigned char>(text[i]))) return false;
  }
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  // YAML 1.1 readers take these for truth values.
  constexpr std::array kWords = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  return std::find(kWords.begin(), kWords.end(), lower) == kWords.end();
}

// "$" before what documents would take for a reference.
std::string escape_references(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto rest = text.substr(i);
    if (rest.starts_with("${env:") || rest.starts_with("${file:")) escaped += '$';
    escaped += text[i];
  }
  return escaped;
}

std::string make_scalar(const Json& value) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (is_plain(text)) return text;
  // A JSON string is a double-quoted YAML scalar.
  return Json(escape_references(text)).dump();
}

std::string make_key(const std::string& key) { return is_plain(key) ? key : Json(key).dump(); }

// Several lines that a literal block shows as they are.
bool is_literal(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  const auto lines = std::count(text.begin(), text.end(), '\n');
  if (lines == 0 || text.ends_with("\n\n") || text.front() == ' ' || text.front() == '\n') {
    return false;
  }
  return std::none_of(text.begin(), text.end(),
                      [](char c) {
                        const auto byte = static_cast<unsigned char>(c);
                        return (byte < 32 && c != '\n') || byte >= 127;
                      }) &&
         text.find(" \n") == std::string::npos && !text.ends_with(' ');
}

bool is_scalar(const Json& value) { return !value.is_structured() && !is_literal(value); }

// On one line, as [a, b] or { a: 1 }.
std::string make_flow(const Json& value) {
  if (!value.is_structured()) return make_scalar(value);
  std::string text;
  for (const auto& [key, item] : value.items()) {
    text += text.empty() ? "" : ", ";
    if (value.is_object()) text += make_key(key) + ": ";
    text += make_flow(item);
  }
  if (value.is_array()) return "[" + text + "]";
  return text.empty() ? "{}" : "{ " + text + " }";
}

bool fits_on_a_line(const Json& value, std::size_t column) {
  if (!value.is_structured() || value.empty()) return true;
  const bool is_flat = std::all_of(value.begin(), value.end(), [](const Json& item) {
    return is_scalar(item) || (item.is_structured() && item.empty());
  });
  return is_flat && column + make_flow(value).size() <= kLineCharactersMax;
}

void write_object(std::string& out, const Json& object, std::size_t indent, bool is_first_inline);

// What follows "key:" or "-": its rest of the line, and lines below it.
void write_value(std::string& out, const Json& value, std::size_t indent, std::size_t column) {
  if (is_literal(value)) {
    const auto& text = value.get_ref<const std::string&>();
    out += text.ends_with('\n') ? " |" : " |-";
    std::size_t begin = 0;
    const auto escaped = escape_references(text);
    while (begin < escaped.size()) {
      const auto end = std::min(escaped.find('\n', begin), escaped.size());
      out += '\n';
      if (end > begin) out += std::string(indent, ' ') + escaped.substr(begin, end - begin);
      begin = end + 1;
    }
    out += '\n';
  } else if (fits_on_a_line(value, column)) {
    out += ' ' + make_flow(value) + '\n';
  } else if (value.is_object()) {
    out += '\n';
    write_object(out, value, indent, false);
  } else {
    out += '\n';
    for (const auto& item : value) {
      out += std::string(indent, ' ') + '-';
      if (item.is_object() && !fits_on_a_line(item, indent + 2)) {
        out += ' ';
        write_object(out, item, indent + 2, true);
      } else {
        write_value(out, item, indent + 2, indent + 2);
      }
    }
  }
}

void write_object(std::string& out, const Json& object, std::size_t indent, bool is_first_inline) {
  for (const auto& [key, value] : object.items()) {
    if (!is_first_inline) out += std::string(indent, ' ');
    is_first_inline = false;
    const auto name = make_key(key);
    out += name + ':';
    write_value(out, value, indent + 2, indent + name.size() + 2);
  }
}

}  // namespace

Result<std::string> make_yaml_document(std::string_view json) {
  const auto value = Json::parse(json, nullptr, false);
  if (!value.is_object()) return Error{SLUICE_E_ARGUMENT, "a document is an object", {}, {}};
  std::string text;
  write_object(text, value, 0, false);
  return text;
}

}  // namespace sluice::config
