// SPDX-License-Identifier: Apache-2.0
#include "studio/to_script.hpp"

#include "model/laws.hpp"

#include <algorithm>
#include <optional>

namespace sluice::studio {
namespace {

using model::Operator;

// One condition of the definition, a parameter's or a fixed one.
struct Leaf {
  std::string name;
  std::string column;
  model::ParameterType type;
  Operator op;
  model::LikeMatch match;
  bool is_optional = false;
  std::optional<std::string> value;  // of a fixed one
};

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

class ScriptWriter {
 public:
  ScriptWriter(const model::ApiDefinition& wizard, const SqlWords& words)
      : wizard_(wizard), words_(words) {
    for (const auto& p : wizard.request_parameters) {
      leaves_.push_back(
          {p.name, p.column, p.type, p.op, p.match, !p.required && !p.default_value, std::nullopt});
    }
    for (const auto& c : wizard.fixed_conditions) {
      leaves_.push_back({c.name, c.column, c.type, c.op, c.match, false, c.value});
    }
    has_tags_ = std::ranges::any_of(leaves_, [](const Leaf& leaf) {
      return leaf.is_optional || (!leaf.value && (model::is_list(leaf.type) || is_null_test(leaf)));
    });
  }

  model::Script write() {
    std::string text = "SELECT ";
    std::string_view comma;
    for (const auto& p : wizard_.response_parameters) {
      text += comma;
      text += name(p.column);
      if (p.name != p.column) text += " AS " + name(p.name);
      comma = ", ";
    }
    text += "\nFROM " + name(wizard_.table);
    if (!leaves_.empty()) text += write_where();
    text += write_order();
    return {std::move(text), has_tags_ ? model::ScriptMode::kAdvanced : model::ScriptMode::kBasic};
  }

 private:
  static bool is_null_test(const Leaf& leaf) {
    return leaf.op == Operator::kIsNull || leaf.op == Operator::kIsNotNull;
  }

  // Text of ours inside of quotes: nothing in it may read as a parameter or a tag.
  std::string escape(std::string text) const {
    text = replace_all(std::move(text), "${", "\\${");
    text = replace_all(std::move(text), "#{", "\\#{");
    if (!has_tags_) return text;
    text = replace_all(std::move(text), "&", "&amp;");
    return replace_all(std::move(text), "<", "&lt;");
  }
  std::string name(std::string_view plain) const {
    const auto closed = words_.quote_close.empty()
                            ? std::string(plain)
                            : replace_all(std::string(plain), words_.quote_close,
                                          words_.quote_close + words_.quote_close);
    return words_.quote_open + escape(closed) + words_.quote_close;
  }
  std::string literal(const std::string& value, model::ParameterType type) const {
    const auto element = model::element_of(type);
    if (element == model::ParameterType::kBoolean) return value == "true" ? "TRUE" : "FALSE";
    if (element != model::ParameterType::kString) return value;
    std::string text = replace_all(value, "'", "''");
    if (words_.like_backslash) text = replace_all(std::move(text), "\\", "\\\\");
    return "'" + escape(std::move(text)) + "'";
  }

  // ---- conditions

  const model::Condition make_group() const {
    if (!wizard_.conditions.items.empty()) return wizard_.conditions;
    model::Condition all;
    for (const auto& leaf : leaves_) {
      model::Condition item;
      item.name = leaf.name;
      all.items.push_back(std::move(item));
    }
    return all;
  }
  const Leaf& find(const std::string& leaf_name) const {
    return *std::ranges::find(leaves_, leaf_name, &Leaf::name);
  }
  bool may_be_empty(const model::Condition& condition) const {
    if (!condition.name.empty()) return find(condition.name).is_optional;
    return std::ranges::all_of(condition.items,
                               [&](const auto& item) { return may_be_empty(item); });
  }
  bool has_optional(const model::Condition& condition) const {
    if (!condition.name.empty()) return find(condition.name).is_optional;
    return std::ranges::any_of(condition.items,
                               [&](const auto& item) { return has_optional(item); });
  }

  std::string write_where() const {
    const auto group = make_group();
    if (!has_optional(group)) return "\nWHERE " + write_plain(group, false);
    std::string text = "\n<where>";
    for (const auto& item : group.items) text += write_item(item, group.join, "\n  ");
    return text + "\n</where>";
  }
  static std::string_view word_of(model::Join join) {
    return join == model::Join::kAll ? "AND" : "OR";
  }
  std::string write_plain(const model::Condition& condition, bool is_inner) const {
    if (!condition.name.empty()) return write_leaf(find(condition.name));
    std::string text;
    for (const auto& item : condition.items) {
      if (!text.empty()) text += " " + std::string(word_of(condition.join)) + " ";
      text += write_plain(item, true);
    }
    return is_inner && condition.items.size() > 1 ? "(" + text + ")" : text;
  }
  // With its word before it, which the tag around it takes away from the first one.
  std::string write_item(const model::Condition& item, model::Join join,
                         const std::string& indent) const {
    const std::string word(word_of(join));
    if (!item.name.empty()) {
      const Leaf& leaf = find(item.name);
      const std::string text = word + " " + write_leaf(leaf);
      return indent +
             (leaf.is_optional ? "<if test=\"" + leaf.name + " != null\">" + text + "</if>" : text);
    }
    if (!has_optional(item)) return indent + word + " (" + write_plain(item, false) + ")";
    std::string text =
        indent + "<trim prefix=\"" + word + " (\" suffix=\")\" prefixOverrides=\"AND|OR\">";
    for (const auto& inner : item.items) text += write_item(inner, item.join, indent + "  ");
    return text + indent + "</trim>";
  }

  std::string write_leaf(const Leaf& leaf) const {
    const std::string column = name(leaf.column);
    const std::string op = escape_operator(model::to_text(leaf.op));
    switch (leaf.op) {
      case Operator::kEqual:
      case Operator::kNotEqual:
      case Operator::kGreater:
      case Operator::kGreaterOrEqual:
      case Operator::kLess:
      case Operator::kLessOrEqual:
        return column + " " + op + " " +
               (leaf.value ? literal(*leaf.value, leaf.type) : "${" + leaf.name + "}");
      case Operator::kLike:
      case Operator::kNotLike:
        return column + " " + op + " " + write_pattern(leaf);
      case Operator::kIn:
      case Operator::kNotIn:
        return column + " " + op + " " + write_list(leaf, "(", ",", ")");
      case Operator::kBetween:
        return write_between(leaf, column);
      case Operator::kIsNull:
      case Operator::kIsNotNull:
        return write_null_test(leaf, column);
    }
    return column;
  }
  static std::string escape_operator(std::string_view op) {
    return op == "!=" ? "<>" : std::string(op);
  }
  std::string write_between(const Leaf& leaf, const std::string& column) const {
    const std::string text = column + " BETWEEN " + write_list(leaf, "", " AND ", "");
    if (leaf.value) return text;
    // The wizard takes two values and no other number of them.
    return "<choose><when test=\"" + leaf.name + ".size() == 2\">" + text +
           "</when><otherwise>1 = 0</otherwise></choose>";
  }
  std::string write_list(const Leaf& leaf, std::string open, const std::string& separator,
                         const std::string& close) const {
    if (!leaf.value) {
      std::string text =
          "<foreach collection=\"" + leaf.name + "\" item=\"" + item_name(leaf) + "\"";
      if (!open.empty()) text += " open=\"" + open + "\"";
      text += " separator=\"" + separator + "\"";
      if (!close.empty()) text += " close=\"" + close + "\"";
      return text + ">${" + item_name(leaf) + "}</foreach>";
    }
    std::string text = std::move(open), between;
    for (const auto& value : split(*leaf.value)) {
      text += between + literal(value, leaf.type);
      between = separator == "," ? ", " : separator;
    }
    return text + close;
  }
  // A name that no parameter has.
  std::string item_name(const Leaf& leaf) const {
    std::string item = leaf.name + "_item";
    item.resize(std::min<std::size_t>(item.size(), model::kParameterNameMax));
    while (std::ranges::any_of(leaves_, [&](const Leaf& other) { return other.name == item; })) {
      item.back() = item.back() == 'z' ? 'a' : 'z';
      item.insert(item.begin(), '_');
      item.resize(std::min<std::size_t>(item.size(), model::kParameterNameMax));
    }
    return item;
  }
  std::string write_null_test(const Leaf& leaf, const std::string& column) const {
    const bool is_null = leaf.op == Operator::kIsNull;
    const std::string when_true = column + (is_null ? " IS NULL" : " IS NOT NULL");
    const std::string when_false = column + (is_null ? " IS NOT NULL" : " IS NULL");
    if (leaf.value) return *leaf.value == "true" ? when_true : when_false;
    return "<choose><when test=\"" + leaf.name + "\">" + when_true + "</when><otherwise>" +
           when_false + "</otherwise></choose>";
  }

  // The caller's text, or ours, with % and _ as themselves unless it is a pattern.
  std::string write_pattern(const Leaf& leaf) const {
    using model::LikeMatch;
    const bool is_pattern = leaf.match == LikeMatch::kPattern;
    const bool begins = leaf.match == LikeMatch::kSuffix || leaf.match == LikeMatch::kContains;
    const bool ends = leaf.match == LikeMatch::kPrefix || leaf.match == LikeMatch::kContains;
    const std::string mark = words_.like_backslash ? "\\" : "!";
    const std::string escape_clause = words_.like_backslash ? "" : " ESCAPE '!'";
    if (leaf.value) {
      std::string text = replace_all(*leaf.value, mark, mark + mark);
      if (!is_pattern) {
        text = replace_all(std::move(text), "%", mark + "%");
        text = replace_all(std::move(text), "_", mark + "_");
      }
      return literal((begins ? "%" : "") + text + (ends ? "%" : ""),
                     model::ParameterType::kString) +
             escape_clause;
    }
    const std::string shown = words_.like_backslash ? "\\\\" : "!";
    const auto replaced = [&](const std::string& inner, const std::string& what) {
      const std::string from = what.empty() ? shown : what;
      return "replace(" + inner + ", '" + from + "', '" + shown + from + "')";
    };
    std::string text = replaced("${" + leaf.name + "}", "");
    if (!is_pattern) text = replaced(replaced(text, "%"), "_");
    if (begins) text = "'%' || " + text;
    if (ends) text += " || '%'";
    return text + escape_clause;
  }

  // ---- order

  std::string write_order() const {
    std::string text, word = "\nORDER BY ";
    const auto add = [&](const std::string& column, bool is_descending) {
      text += word + order_name(column) + (is_descending ? " DESC" : "");
      word = ", ";
    };
    for (const auto& key : wizard_.order) {
      add(key.column, key.direction == model::Direction::kDescending);
    }
    if (wizard_.shape != model::ResultShape::kPage) return text;
    // The keys end the order of pages, in the direction of what comes before them.
    const bool is_descending =
        !wizard_.order.empty() && wizard_.order.back().direction == model::Direction::kDescending;
    for (const auto& column : wizard_.key_columns) {
      const bool is_there =
          std::ranges::any_of(wizard_.order, [&](const auto& key) { return key.column == column; });
      if (!is_there) add(column, is_descending);
    }
    return text;
  }
  // A response parameter that has the name of another column would be sorted by instead.
  std::string order_name(const std::string& column) const {
    const bool is_hidden =
        std::ranges::any_of(wizard_.response_parameters, [&](const auto& parameter) {
          return parameter.name != parameter.column && parameter.name == column;
        });
    return is_hidden ? name(wizard_.table) + "." + name(column) : name(column);
  }

  const model::ApiDefinition& wizard_;
  const SqlWords& words_;
  std::vector<Leaf> leaves_;
  bool has_tags_ = false;
};

}  // namespace

Result<model::ApiDefinition> make_script_definition(const model::ApiDefinition& wizard,
                                                    const SqlWords& words) {
  const auto refuse = [](const char* what, const char* where) {
    return Error{SLUICE_E_UNSUPPORTED,
                 std::string(what) + " is the wizard's alone: remove it first",
                 {},
                 where};
  };
  if (wizard.mode == model::ApiMode::kScript) {
    return Error{
        SLUICE_E_CONFLICT, "the API is in script mode already: edit its script", {}, "/mode"};
  }
  if (const auto missing = model::find_missing(wizard); !missing.empty()) {
    return model::make_error(missing);
  }
  if (wizard.paging == model::Paging::kCursor) return refuse("paging by cursor", "/paging");
  if (!wizard.caller_order.choices.empty()) {
    return refuse("an order that callers choose", "/caller_order");
  }
  model::ApiDefinition made = wizard;
  made.mode = model::ApiMode::kScript;
  made.script = ScriptWriter(wizard, words).write();
  made.table.clear();
  made.fixed_conditions.clear();
  made.conditions = {};
  made.order.clear();
  made.key_columns.clear();
  for (auto& parameter : made.request_parameters) {
    parameter.column.clear();
    parameter.op = Operator::kEqual;
    parameter.match = model::LikeMatch::kExact;
  }
  for (auto& parameter : made.response_parameters) parameter.column.clear();
  if (const auto faults = model::find_faults(made); !faults.empty()) {
    return model::make_error(faults);
  }
  return made;
}

}  // namespace sluice::studio
