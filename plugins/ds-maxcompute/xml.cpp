// SPDX-License-Identifier: Apache-2.0
#include "xml.hpp"

#include <expat.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace sluice::maxcompute {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

struct Builder {
  XML_Parser parser;
  XmlNode root;  // a place for the document's element
  std::vector<XmlNode*> open{&root};
  std::size_t nodes = 0;

  static void start(void* user, const char* name, const char** attributes) {
    auto& self = *static_cast<Builder*>(user);
    if (self.open.size() > kXmlDepthMax || ++self.nodes > kXmlNodesMax) {
      XML_StopParser(self.parser, XML_FALSE);
      return;
    }
    XmlNode& node = self.open.back()->children.emplace_back();
    node.name = name;
    for (; *attributes; attributes += 2) node.attributes.emplace_back(attributes[0], attributes[1]);
    self.open.push_back(&node);
  }
  static void end(void* user, const char*) { static_cast<Builder*>(user)->open.pop_back(); }
  static void text(void* user, const char* bytes, int n) {
    static_cast<Builder*>(user)->open.back()->text.append(bytes, static_cast<std::size_t>(n));
  }
  static void doctype(void* user, const char*, const char*, const char*, int) {
    XML_StopParser(static_cast<Builder*>(user)->parser, XML_FALSE);
  }
};

}  // namespace

const XmlNode* XmlNode::find(std::string_view child) const {
  const auto found = std::ranges::find(children, child, &XmlNode::name);
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlNode::text_of(std::string_view child) const {
  const XmlNode* found = find(child);
  return found ? trim(found->text) : std::string_view();
}

const std::string* XmlNode::find_attribute(std::string_view attribute) const {
  for (const auto& [name_, value] : attributes) {
    if (name_ == attribute) return &value;
  }
  return nullptr;
}

std::optional<XmlNode> parse_xml(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate(nullptr),
                                                                       &XML_ParserFree);
  if (!parser) return std::nullopt;
  Builder builder{parser.get(), {}};
  XML_SetUserData(parser.get(), &builder);
  XML_SetElementHandler(parser.get(), &Builder::start, &Builder::end);
  XML_SetCharacterDataHandler(parser.get(), &Builder::text);
  XML_SetStartDoctypeDeclHandler(parser.get(), &Builder::doctype);
  const auto parsed = XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
  if (parsed != XML_STATUS_OK || builder.root.children.size() != 1) return std::nullopt;
  return std::move(builder.root.children.front());
}

void append_xml_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':  // a reader would make a line feed of it
        out += "&#13;";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace sluice::maxcompute
