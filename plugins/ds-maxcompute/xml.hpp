// SPDX-License-Identifier: Apache-2.0
#pragma once
// A small, bounded tree of an XML answer. A document type is refused, so there are no entities.

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::maxcompute {

inline constexpr std::size_t kXmlDepthMax = 32;
inline constexpr std::size_t kXmlNodesMax = 200'000;

struct XmlNode {
  std::string name;
  std::string text;  // all of it, CDATA too
  std::vector<std::pair<std::string, std::string>> attributes;
  std::deque<XmlNode> children;

  // The first child of that name, or nullptr.
  const XmlNode* find(std::string_view child) const;
  // Its text, blanks around it removed; empty when there is no such child.
  std::string_view text_of(std::string_view child) const;
  const std::string* find_attribute(std::string_view attribute) const;
};

std::optional<XmlNode> parse_xml(std::string_view text);
// What may stand between tags. Characters that XML cannot hold must not come here.
void append_xml_text(std::string& out, std::string_view text);

}  // namespace sluice::maxcompute
