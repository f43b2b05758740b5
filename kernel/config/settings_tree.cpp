// SPDX-License-Identifier: Apache-2.0
#include "config/settings_tree.hpp"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <regex>
#include <unordered_set>

namespace sluice::config {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kSchemaBytesMax = 256u << 10;
constexpr std::size_t kSchemaDepthMax = 64;
constexpr std::size_t kFaultsMax = 50;
constexpr std::size_t kStepsMax = 1'000'000;  // one schema against one value each
// std::regex recurses once a character: a longer text could exhaust the stack.
constexpr std::size_t kPatternTextMax = 8'192;

Error make_error(std::string what) { return {SLUICE_E_CONFIG, std::move(what), {}, {}}; }

// First pass over a text: is it JSON within the bounds, and is no member there twice?
class Inspector final : public nlohmann::json_sax<Json> {
 public:
  explicit Inspector(std::size_t depth_max) : depth_max_(depth_max) {}
  const std::string& fault() const { return fault_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    return levels_.back().insert(name).second ||
           refuse("holds the member \"" + name + "\" twice in one object");
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    return refuse("is not JSON, at byte " + std::to_string(position));
  }

 private:
  bool open() {
    if (levels_.size() == depth_max_) {
      return refuse("is nested deeper than " + std::to_string(depth_max_) + " levels");
    }
    levels_.emplace_back();
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }
  bool refuse(std::string what) {
    fault_ = std::move(what);
    return false;
  }

  const std::size_t depth_max_;
  std::vector<std::unordered_set<std::string>> levels_;
  std::string fault_;
};

Result<Json> parse_json(std::string_view text, std::size_t bytes_max, std::size_t depth_max) {
  if (text.size() > bytes_max) {
    return make_error("has " + std::to_string(text.size()) + " bytes, more than the " +
                      std::to_string(bytes_max) + " allowed");
  }
  Inspector inspector(depth_max);
  if (!Json::sax_parse(text, &inspector)) return make_error(inspector.fault());
  Json parsed = Json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return make_error("is not JSON");
  return parsed;
}

std::string escape_pointer(std::string_view token) {
  std::string escaped;
  for (const char c : token) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string_view name_type(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "boolean";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "integer";
    case Json::value_t::number_float:
      return "number";
    case Json::value_t::string:
      return "string";
    case Json::value_t::array:
      return "array";
    case Json::value_t::object:
      return "object";
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return "unknown";
}

bool is_type(const Json& value, std::string_view type) {
  const auto is = name_type(value);
  return is == type || (type == "number" && is == "integer");
}

std::size_t count_characters(const std::string& utf8) {
  return std::size_t(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Says in plain words where settings and schema part. valijson is the judge of whether they do; its
// own texts name the keyword that failed but neither the member meant nor what would be right.
class Explainer {
 public:
  explicit Explainer(const Json& schema) : root_(schema) {}

  void explain(const Json& schema, const Json& value, const std::string& at,
               std::size_t depth = 0) {
    if (!schema.is_object()) return;
    if (depth > kSchemaDepthMax || ++steps_ > kStepsMax) {
      if (!is_out_of_bounds_) say(at, "cannot be checked: the schema refers to itself without end");
      is_out_of_bounds_ = true;
      return;
    }
    if (const Json* target = follow_reference(schema)) {
      return explain(*target, value, at, depth + 1);
    }
    if (!explain_type(schema, value, at)) return;
    explain_choice(schema, value, at);
    if (value.is_number()) explain_number(schema, value, at);
    if (value.is_string()) explain_string(schema, value.get_ref<const std::string&>(), at);
    if (value.is_array()) explain_array(schema, value, at, depth);
    if (value.is_object()) explain_object(schema, value, at, depth);
    if (const Json* all = find(schema, "allOf"); all && all->is_array()) {
      for (const auto& part : *all) explain(part, value, at, depth + 1);
    }
    explain_alternatives(schema, value, at, depth);
  }

  bool is_out_of_bounds() const noexcept { return is_out_of_bounds_; }
  std::vector<SettingsFault> take() { return std::move(faults_); }

 private:
  static const Json* find(const Json& schema, const char* keyword) {
    const auto it = schema.find(keyword);
    return it == schema.end() ? nullptr : &*it;
  }
  static std::string list(const Json& values) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + value.dump();
    return text;
  }
  void say(const std::string& at, std::string what) {
    if (faults_.size() < kFaultsMax) faults_.push_back({at, std::move(what)});
  }

  const Json* follow_reference(const Json& schema) const try {
    const Json* reference = find(schema, "$ref");
    if (!reference || !reference->is_string()) return nullptr;
    const auto& text = reference->get_ref<const std::string&>();
    if (!text.starts_with('#')) return nullptr;
    const Json::json_pointer pointer(text.substr(1));
    return root_.contains(pointer) ? &root_.at(pointer) : nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }

  bool explain_type(const Json& schema, const Json& value, const std::string& at) {
    const Json* type = find(schema, "type");
    if (!type) return true;
    const Json allowed = type->is_array() ? *type : Json::array({*type});
    std::string names;
    for (const auto& one : allowed) {
      if (!one.is_string() || is_type(value, one.get_ref<const std::string&>())) return true;
      names += (names.empty() ? "" : " or ") + one.get<std::string>();
    }
    say(at, "must be " + names + ", is " + std::string(name_type(value)));
    return false;
  }

  void explain_choice(const Json& schema, const Json& value, const std::string& at) {
    if (const Json* choices = find(schema, "enum");
        choices && choices->is_array() &&
        std::find(choices->begin(), choices->end(), value) == choices->end()) {
      say(at, "must be one of " + list(*choices));
    }
    if (const Json* constant = find(schema, "const"); constant && *constant != value) {
      say(at, "must be " + constant->dump());
    }
  }

  // One keyword that compares a number of the value with one of the schema.
  template <class Compare>
  void explain_bound(const Json& schema, const char* keyword, const std::string& at, double value,
                     Compare fits, std::string_view before, std::string_view after) {
    const Json* bound = find(schema, keyword);
    if (!bound || !bound->is_number() || fits(value, bound->get<double>())) return;
    say(at, std::string(before) + bound->dump() + std::string(after));
  }

  void explain_number(const Json& schema, const Json& value, const std::string& at) {
    const double number = value.get<double>();
    const std::string is = ", is " + value.dump();
    explain_bound(schema, "minimum", at, number, std::greater_equal<>(), "must be at least ", is);
    explain_bound(schema, "maximum", at, number, std::less_equal<>(), "must be at most ", is);
    explain_bound(schema, "exclusiveMinimum", at, number, std::greater<>(), "must be more than ",
                  is);
    explain_bound(schema, "exclusiveMaximum", at, number, std::less<>(), "must be less than ", is);
  }

  void explain_string(const Json& schema, const std::string& text, const std::string& at) {
    const std::size_t length = count_characters(text);
    const std::string has = " characters, has " + std::to_string(length);
    explain_bound(schema, "minLength", at, double(length), std::greater_equal<>(),
                  "must have at least ", has);
    explain_bound(schema, "maxLength", at, double(length), std::less_equal<>(),
                  "must have at most ", has);
    const Json* pattern = find(schema, "pattern");
    if (!pattern || !pattern->is_string()) return;
    if (text.size() > kPatternTextMax) {
      is_out_of_bounds_ = true;
      say(at, "must have at most " + std::to_string(kPatternTextMax) + " bytes, has " +
                  std::to_string(text.size()));
    } else if (!std::regex_search(text, std::regex(pattern->get<std::string>()))) {
      say(at, "must match the pattern " + pattern->get<std::string>());
    }
  }

  void explain_array(const Json& schema, const Json& value, const std::string& at,
                     std::size_t depth) {
    const std::string has = " items, has " + std::to_string(value.size());
    explain_bound(schema, "minItems", at, double(value.size()), std::greater_equal<>(),
                  "must have at least ", has);
    explain_bound(schema, "maxItems", at, double(value.size()), std::less_equal<>(),
                  "must have at most ", has);
    if (const Json* items = find(schema, "items")) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        explain(*items, value[i], at + "/" + std::to_string(i), depth + 1);
      }
    }
    if (const Json* unique = find(schema, "uniqueItems"); unique && *unique == true) {
      for (std::size_t i = 1; i < value.size() && i < 1'000; ++i) {
        if (std::find(value.begin(), value.begin() + std::ptrdiff_t(i), value[i]) !=
            value.begin() + std::ptrdiff_t(i)) {
          say(at + "/" + std::to_string(i), "is there twice");
        }
      }
    }
  }

  void explain_object(const Json& schema, const Json& value, const std::string& at,
                      std::size_t depth) {
    if (const Json* required = find(schema, "required"); required && required->is_array()) {
      for (const auto& name : *required) {
        if (name.is_string() && !value.contains(name.get<std::string>())) {
          say(at, "missing member " + name.dump());
        }
      }
    }
    const Json* properties = find(schema, "properties");
    const Json* additional = find(schema, "additionalProperties");
    std::string known;
    if (properties) {
      for (const auto& [name, ignored] : properties->items()) {
        known += (known.empty() ? "" : ", ") + name;
      }
    }
    for (const auto& [name, member] : value.items()) {
      if (properties && properties->contains(name)) {
        explain((*properties)[name], member, at + "/" + escape_pointer(name), depth + 1);
      } else if (additional && *additional == false && !schema.contains("patternProperties")) {
        say(at, "unknown member " +
                    Json(name).dump(-1, ' ', false, Json::error_handler_t::replace) +
                    (known.empty() ? " (no member is known)" : " (known: " + known + ")"));
      } else if (additional) {
        explain(*additional, member, at + "/" + escape_pointer(name), depth + 1);
      }
    }
  }

  // Of several alternatives the one with the fewest faults is most likely the one meant.
  void explain_alternatives(const Json& schema, const Json& value, const std::string& at,
                            std::size_t depth) {
    for (const char* keyword : {"oneOf", "anyOf"}) {
      const Json* alternatives = find(schema, keyword);
      if (!alternatives || !alternatives->is_array()) continue;
      std::optional<std::vector<SettingsFault>> fewest;
      for (const auto& alternative : *alternatives) {
        Explainer inner(root_);
        inner.steps_ = steps_;
        inner.explain(alternative, value, at, depth + 1);
        steps_ = inner.steps_;
        auto faults = inner.take();
        if (inner.is_out_of_bounds_) {
          is_out_of_bounds_ = true;
          fewest = std::move(faults);
          break;
        }
        if (!fewest || faults.size() < fewest->size()) fewest = std::move(faults);
      }
      if (fewest) {
        for (auto& fault : *fewest) say(fault.pointer, std::move(fault.what));
      }
    }
  }

  const Json& root_;
  std::vector<SettingsFault> faults_;
  std::size_t steps_ = 0;
  bool is_out_of_bounds_ = false;  // then valijson must not run: it knows no bounds
};

// `format` only annotates (and valijson's reading of it throws for what is not a string).
void remove_formats(Json& schema) {
  if (schema.is_array()) {
    for (auto& item : schema) remove_formats(item);
  }
  if (!schema.is_object()) return;
  if (const auto it = schema.find("format"); it != schema.end() && it->is_string()) {
    schema.erase(it);
  }
  for (auto& [keyword, value] : schema.items()) {
    if (keyword != "enum" && keyword != "const" && keyword != "default") remove_formats(value);
  }
}

using Adapter = valijson::adapters::NlohmannJsonAdapter;

void compile(const Json& json, valijson::Schema& schema) {
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(Adapter(json), schema);
}

SettingsFault to_fault(const valijson::ValidationResults::Error& error) {
  std::string pointer;
  for (std::size_t i = 1; i < error.context.size(); ++i) {  // the first is "<root>"
    const std::string& token = error.context[i];            // "[name]"
    pointer += "/" + escape_pointer(token.substr(1, token.size() - 2));
  }
  return {std::move(pointer), error.description};
}

}  // namespace

std::string to_text(const std::vector<SettingsFault>& faults) {
  std::string text;
  for (const auto& fault : faults) {
    if (!text.empty()) text += '\n';
    text += (fault.pointer.empty() ? "(root)" : fault.pointer) + ": " + fault.what;
  }
  return text;
}

std::string find_schema_fault(std::string_view schema_text) try {
  auto json = parse_json(schema_text, kSchemaBytesMax, kSchemaDepthMax);
  if (!json) return json.error().detail;
  if (!json->is_object()) return "is not a JSON object";
  remove_formats(*json);
  valijson::Schema schema;
  compile(*json, schema);
  return {};
} catch (const std::exception& e) {
  return std::string("is not a JSON Schema: ") + e.what();
}

class SettingsTree::Node {
 public:
  const Json* value = nullptr;
  std::vector<std::pair<std::string_view, Node>> children;  // members by key; items with no key
  mutable std::string dumped;                               // made when it is asked for

  static void grow(Node& node, const Json& value) {
    node.value = &value;
    if (!value.is_structured()) return;
    node.children.resize(value.size());
    std::size_t i = 0;
    if (value.is_array()) {
      for (const auto& item : value) grow(node.children[i++].second, item);
    } else {
      for (auto it = value.begin(); it != value.end(); ++it, ++i) {
        node.children[i].first = it.key();
        grow(node.children[i].second, *it);
      }
    }
  }
};

struct SettingsTree::Held {
  Json json;
  Node root;
};

SettingsTree::SettingsTree(std::unique_ptr<Held> held) : held_(std::move(held)) {}
SettingsTree::SettingsTree(SettingsTree&&) noexcept = default;
SettingsTree& SettingsTree::operator=(SettingsTree&&) noexcept = default;
SettingsTree::~SettingsTree() = default;

Result<SettingsTree> SettingsTree::parse(std::string_view json) {
  auto parsed = parse_json(json, kBytesMax, kDepthMax);
  if (!parsed) return std::move(parsed.error());
  auto held = std::make_unique<Held>();
  held->json = std::move(*parsed);
  Node::grow(held->root, held->json);
  return SettingsTree(std::move(held));
}

std::vector<SettingsFault> SettingsTree::check(std::string_view schema_text) const try {
  auto json = parse_json(schema_text, kSchemaBytesMax, kSchemaDepthMax);
  if (!json) return {{"", "cannot be checked, the schema " + json.error().detail}};
  remove_formats(*json);

  Explainer explainer(*json);
  explainer.explain(*json, held_->json, "");
  if (explainer.is_out_of_bounds()) return explainer.take();

  valijson::Schema schema;
  compile(*json, schema);
  valijson::Validator judge(valijson::Validator::kStrongTypes);
  if (judge.validate(schema, Adapter(held_->json), nullptr)) return {};

  auto faults = explainer.take();
  if (!faults.empty()) return faults;
  valijson::ValidationResults results;
  judge.validate(schema, Adapter(held_->json), &results);
  for (const auto& error : results) {
    if (faults.size() < kFaultsMax) faults.push_back(to_fault(error));
  }
  if (faults.empty()) faults.push_back({"", "does not fit the schema"});
  return faults;
} catch (const std::exception& e) {
  // A pattern that std::regex refuses, a reference that leads nowhere: the plugin's mistake.
  return {{"", std::string("cannot be checked with the component's schema: ") + e.what()}};
}

const SettingsTree::Node* SettingsTree::root() const noexcept { return &held_->root; }

SettingsTree::Type SettingsTree::type(const Node* node) noexcept {
  if (!node) return Type::kNull;
  switch (node->value->type()) {
    case Json::value_t::boolean:
      return Type::kBool;
    case Json::value_t::number_integer:
      return Type::kInteger;
    case Json::value_t::number_unsigned:  // beyond 63 bits it is only a number
      return node->value->get<std::uint64_t>() > INT64_MAX ? Type::kNumber : Type::kInteger;
    case Json::value_t::number_float:
      return Type::kNumber;
    case Json::value_t::string:
      return Type::kString;
    case Json::value_t::array:
      return Type::kArray;
    case Json::value_t::object:
      return Type::kObject;
    case Json::value_t::null:
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return Type::kNull;
}

std::size_t SettingsTree::count(const Node* node) noexcept {
  return node ? node->children.size() : 0;
}

const SettingsTree::Node* SettingsTree::find_member(const Node* node,
                                                    std::string_view key) noexcept {
  if (type(node) != Type::kObject) return nullptr;
  const auto it =
      std::lower_bound(node->children.begin(), node->children.end(), key,
                       [](const auto& child, auto wanted) { return child.first < wanted; });
  return it != node->children.end() && it->first == key ? &it->second : nullptr;
}

const SettingsTree::Node* SettingsTree::item(const Node* node, std::size_t i,
                                             std::string_view* key) noexcept {
  if (key) *key = {};
  if (i >= count(node)) return nullptr;
  if (key) *key = node->children[i].first;
  return &node->children[i].second;
}

std::int64_t SettingsTree::integer(const Node* node) noexcept {
  if (type(node) == Type::kBool) return node->value->get<bool>() ? 1 : 0;
  return type(node) == Type::kInteger ? node->value->get<std::int64_t>() : 0;
}

double SettingsTree::number(const Node* node) noexcept {
  return node && node->value->is_number() ? node->value->get<double>() : 0.0;
}

std::string_view SettingsTree::text(const Node* node) noexcept {
  if (!node) return {};
  if (node->value->is_string()) return node->value->get_ref<const std::string&>();
  if (node->dumped.empty()) node->dumped = node->value->dump();
  return node->dumped;
}

}  // namespace sluice::config
