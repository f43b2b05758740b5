// SPDX-License-Identifier: Apache-2.0
#pragma once
// YamlNode: a YAML text as a plain tree that remembers its lines. Read by node_config and
// documents; yaml_tree.cpp is the only file that knows yaml-cpp. What a hostile text could blow up
// (depth, aliases, size) is bounded here, while it is being parsed.

#include "config/faults.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::config {

struct YamlMember;

struct YamlNode {
  enum class Kind { kScalar, kSequence, kMap };

  Kind kind = Kind::kScalar;
  int line = 1;
  std::string text;          // of a scalar
  bool is_plain = true;      // a scalar without quotes: its type is told by its text
  bool is_resolved = false;  // came out of ${env:} or ${file:}: never shown in a message
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;  // in the order of the file

  const YamlMember* find(std::string_view key) const;
};

struct YamlMember {
  std::string key;
  int line = 1;
  YamlNode value;
};

struct YamlLimits {
  std::size_t bytes = 1u << 20;           // of the text
  std::size_t nodes = 100'000;            // after aliases are expanded
  std::size_t expanded_bytes = 4u << 20;  // of all scalars, after aliases are expanded
  std::size_t depth = 64;
};

// The documents of a text. Faults (syntax, a bound, a duplicate key) go to `faults`; what was read
// before a syntax fault is returned all the same.
std::vector<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits, Faults& faults);

// A scalar by the YAML 1.2 core schema. A plain number too large for its type stays text, and
// `monostate` is null.
using ScalarValue =
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string>;
ScalarValue to_value(const YamlNode& scalar);

}  // namespace sluice::config
