// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small strict reader of the XML that clients send (elements, attributes, text, CDATA, the five
// entities and character references). Nothing of a DTD.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace emulator {

struct XmlElement {
  std::string name;
  std::string text;  // all text directly inside, CDATA included
  std::vector<XmlElement> children;

  const XmlElement* child(std::string_view wanted) const;
  // The text of a child, trimmed; empty when there is none.
  std::string text_of(std::string_view wanted) const;
};

std::optional<XmlElement> parse_xml(std::string_view text);

}  // namespace emulator
