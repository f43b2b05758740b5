// SPDX-License-Identifier: Apache-2.0
#include "xml.hpp"

#include <cstdint>

#include "text.hpp"

namespace emulator {
namespace {

constexpr int kDepthMax = 32;

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class XmlParser {
 public:
  explicit XmlParser(std::string_view text) : rest_(text) {}

  std::optional<XmlElement> parse_document() {
    if (rest_.substr(0, 3) == "\xEF\xBB\xBF") rest_.remove_prefix(3);
    if (!skip_misc()) return std::nullopt;
    XmlElement root;
    if (!parse_element(root, 0) || !skip_misc() || !rest_.empty()) return std::nullopt;
    return root;
  }

 private:
  bool skip_to(std::string_view end) {
    const auto at = rest_.find(end);
    if (at == std::string_view::npos) return false;
    rest_.remove_prefix(at + end.size());
    return true;
  }

  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                              rest_.front() == '\r' || rest_.front() == '\n')) {
      rest_.remove_prefix(1);
    }
  }

  bool skip_misc() {
    while (true) {
      skip_space();
      if (rest_.substr(0, 2) == "<?") {
        if (!skip_to("?>")) return false;
      } else if (rest_.substr(0, 4) == "<!--") {
        if (!skip_to("-->")) return false;
      } else {
        return true;
      }
    }
  }

  std::string take_name() {
    std::size_t length = 0;
    while (length < rest_.size()) {
      const auto c = static_cast<unsigned char>(rest_[length]);
      const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':' ||
                        c >= 0x80;
      if (!good) break;
      ++length;
    }
    std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return name;
  }

  bool skip_attributes() {
    while (true) {
      skip_space();
      if (rest_.empty()) return false;
      if (rest_.front() == '>' || rest_.front() == '/') return true;
      if (take_name().empty()) return false;
      skip_space();
      if (rest_.empty() || rest_.front() != '=') return false;
      rest_.remove_prefix(1);
      skip_space();
      if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
      const char quote = rest_.front();
      rest_.remove_prefix(1);
      const auto end = rest_.find(quote);
      if (end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 1);
    }
  }

  bool take_entity(std::string& out) {
    const auto end = rest_.find(';');
    if (end == std::string_view::npos || end > 12) return false;
    const std::string name(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    if (name == "amp")
      out += '&';
    else if (name == "lt")
      out += '<';
    else if (name == "gt")
      out += '>';
    else if (name == "quot")
      out += '"';
    else if (name == "apos")
      out += '\'';
    else if (name.size() > 1 && name[0] == '#')
      return append_reference(name.substr(1), out);
    else
      return false;
    return true;
  }

  static bool append_reference(std::string digits, std::string& out) {
    const bool hexadecimal = digits[0] == 'x';
    if (hexadecimal) digits.erase(0, 1);
    if (digits.empty()) return false;
    std::uint32_t code = 0;
    for (const char c : digits) {
      std::uint32_t value = 0;
      if (c >= '0' && c <= '9')
        value = static_cast<std::uint32_t>(c - '0');
      else if (hexadecimal && c >= 'a' && c <= 'f')
        value = static_cast<std::uint32_t>(c - 'a' + 10);
      else if (hexadecimal && c >= 'A' && c <= 'F')
        value = static_cast<std::uint32_t>(c - 'A' + 10);
      else
        return false;
      code = code * (hexadecimal ? 16 : 10) + value;
      if (code > 0x10FFFF) return false;
    }
    if (code == 0) return false;
    append_utf8(out, code);
    return true;
  }

  bool parse_element(XmlElement& element, int depth) {
    if (depth > kDepthMax || rest_.empty() || rest_.front() != '<') return false;
    rest_.remove_prefix(1);
    element.name = take_name();
    if (element.name.empty() || !skip_attributes()) return false;
    if (rest_.front() == '/') {
      rest_.remove_prefix(1);
      if (rest_.empty() || rest_.front() != '>') return false;
      rest_.remove_prefix(1);
      return true;
    }
    rest_.remove_prefix(1);
    return parse_content(element, depth);
  }

  bool parse_content(XmlElement& element, int depth) {
    while (!rest_.empty()) {
      if (rest_.front() == '&') {
        if (!take_entity(element.text)) return false;
      } else if (rest_.front() != '<') {
        const auto end = std::min(rest_.find_first_of("<&"), rest_.size());
        element.text += rest_.substr(0, end);
        rest_.remove_prefix(end);
      } else if (rest_.substr(0, 9) == "<![CDATA[") {
        rest_.remove_prefix(9);
        const auto end = rest_.find("]]>");
        if (end == std::string_view::npos) return false;
        element.text += rest_.substr(0, end);
        rest_.remove_prefix(end + 3);
      } else if (rest_.substr(0, 4) == "<!--") {
        if (!skip_to("-->")) return false;
      } else if (rest_.substr(0, 2) == "</") {
        rest_.remove_prefix(2);
        if (take_name() != element.name) return false;
        skip_space();
        if (rest_.empty() || rest_.front() != '>') return false;
        rest_.remove_prefix(1);
        return true;
      } else {
        element.children.emplace_back();
        if (!parse_element(element.children.back(), depth + 1)) return false;
      }
    }
    return false;
  }

  std::string_view rest_;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  for (const auto& element : children) {
    if (element.name == wanted) return &element;
  }
  return nullptr;
}

std::string XmlElement::text_of(std::string_view wanted) const {
  const XmlElement* element = child(wanted);
  return element == nullptr ? std::string() : std::string(trim(element->text));
}

std::optional<XmlElement> parse_xml(std::string_view text) {
  return XmlParser(text).parse_document();
}

}  // namespace emulator
