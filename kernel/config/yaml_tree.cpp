// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_set>

namespace sluice::config {

namespace {

struct Refused {
  int line;
  std::string what;
};

int line_of(const YAML::Mark& mark) { return mark.line < 0 ? 1 : mark.line + 1; }

// Builds the tree from yaml-cpp's events. Events, not yaml-cpp's own nodes: those keep no line for
// a key, merge nothing, and expand an alias where nobody counts.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const YamlLimits& limits, Faults& faults) : limits_(limits), faults_(faults) {}

  std::vector<YamlNode> take() { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark&) override { anchors_.clear(); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.line = line_of(mark);
    place(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) throw Refused{line_of(mark), "an alias stands inside its own anchor"};
    charge(it->second, line_of(mark), stack_.size());
    place(YamlNode(it->second), YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node;
    node.line = line_of(mark);
    node.text = value;
    node.is_plain = tag.empty() || tag == "?";
    if (!node.is_plain && tag != "!" && tag != "tag:yaml.org,2002:str") {
      throw Refused{node.line, "the tag " + tag + " is not known; leave it out, or use !!str"};
    }
    charge(node, node.line, stack_.size());
    place(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<YamlMember> pending;  // a key that waits for its value
    std::unordered_set<std::string> keys;
  };

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Frame frame;
    frame.node.kind = kind;
    frame.node.line = line_of(mark);
    frame.anchor = anchor;
    charge(frame.node, frame.node.line, stack_.size());
    stack_.push_back(std::move(frame));
  }
  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    place(std::move(frame.node), frame.anchor);
  }

  void place(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      charge(node, node.line, stack_.size());  // the copy that aliases are made from
      anchors_.insert_or_assign(anchor, node);
    }
    if (stack_.empty()) {
      documents_.push_back(std::move(node));
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == YamlNode::Kind::kSequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.pending) {
      if (node.kind != YamlNode::Kind::kScalar) {
        throw Refused{node.line, "a key must be plain text"};
      }
      frame.pending = YamlMember{std::move(node.text), node.line, {}};
    } else {
      YamlMember member = std::move(*frame.pending);
      frame.pending.reset();
      if (!frame.keys.insert(member.key).second) {
        faults_.add(member.line, "", "the key \"" + member.key + "\" stands there twice");
        return;
      }
      member.value = std::move(node);
      frame.node.members.push_back(std::move(member));
    }
  }

  void charge(const YamlNode& node, int line, std::size_t depth) {
    if (depth > limits_.depth) {
      throw Refused{line, "is nested deeper than " + std::to_string(limits_.depth) + " levels"};
    }
    if (++nodes_ > limits_.nodes) {
      throw Refused{line, "holds more than " + std::to_string(limits_.nodes) +
                              " values once its aliases are expanded"};
    }
    bytes_ += node.text.size();
    for (const auto& item : node.items) charge(item, line, depth + 1);
    for (const auto& member : node.members) {
      bytes_ += member.key.size();
      charge(member.value, line, depth + 1);
    }
    if (bytes_ > limits_.expanded_bytes) {
      throw Refused{line, "holds more than " + std::to_string(limits_.expanded_bytes) +
                              " bytes once its aliases are expanded"};
    }
  }

  const YamlLimits& limits_;
  Faults& faults_;
  std::vector<YamlNode> documents_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t nodes_ = 0, bytes_ = 0;
};

// [-+]? digits, with at least one of them.
bool is_decimal(std::string_view digits) {
  return !digits.empty() && std::all_of(digits.begin(), digits.end(),
                                        [](unsigned char c) { return c >= '0' && c <= '9'; });
}

std::optional<ScalarValue> to_integer(std::string_view text) {
  const auto parse = [](std::string_view digits, int base,
                        bool negative) -> std::optional<ScalarValue> {
    std::uint64_t magnitude = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, magnitude, base);
    if (error != std::errc() || stop != end) return std::nullopt;
    if (!negative && magnitude > INT64_MAX) return ScalarValue(magnitude);
    if (negative && magnitude > std::uint64_t(INT64_MAX) + 1) return std::nullopt;
    return ScalarValue(std::int64_t(negative ? 0 - magnitude : magnitude));
  };
  if (text.starts_with("0x")) return parse(text.substr(2), 16, false);
  if (text.starts_with("0o")) return parse(text.substr(2), 8, false);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (!is_decimal(text)) return std::nullopt;
  return parse(text, 10, negative);
}

std::optional<ScalarValue> to_float(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::string_view magnitude = text;
  if (magnitude.starts_with('-')) magnitude.remove_prefix(1);
  const auto first = magnitude.find_first_not_of('.');
  if (first == std::string_view::npos || first > 1) return std::nullopt;
  // from_chars would also take "inf" and "nan", for which JSON has no word: they stay text.
  if (magnitude[first] < '0' || magnitude[first] > '9') return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return ScalarValue(value);
}

}  // namespace

const YamlMember* YamlNode::find(std::string_view key) const {
  const auto it = std::find_if(members.begin(), members.end(),
                               [&](const YamlMember& member) { return member.key == key; });
  return it == members.end() ? nullptr : &*it;
}

std::vector<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits, Faults& faults) {
  if (text.size() > limits.bytes) {
    faults.add(1, "",
               "has " + std::to_string(text.size()) + " bytes, more than the " +
                   std::to_string(limits.bytes) + " allowed");
    return {};
  }
  Builder builder(limits, faults);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    faults.add(refused.line, "", refused.what);
  } catch (const YAML::Exception& e) {
    faults.add(line_of(e.mark), "", "is not YAML: " + e.msg);
  }
  return builder.take();
}

ScalarValue to_value(const YamlNode& scalar) {
  const std::string& text = scalar.text;
  if (!scalar.is_plain || scalar.is_resolved) return text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return std::monostate{};
  }
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (auto integer = to_integer(text)) return *integer;
  if (auto number = to_float(text)) return *number;
  return text;
}

}  // namespace sluice::config
