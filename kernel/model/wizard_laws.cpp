// SPDX-License-Identifier: Apache-2.0
// The laws of wizard mode: operators and their types, fixed conditions, how conditions are joined,
// in which order rows come.
#include "model/fault_collector.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sluice::model {
namespace {

void check_operator(Operator op, ParameterType type, LikeMatch match, const std::string& at,
                    Collector& faults) {
  const auto word = std::string(to_text(op));
  const auto refuse = [&](std::string_view wanted) {
    faults.add(at + "/type", "R087", word + " does not take " + std::string(to_text(type)),
               "use " + std::string(wanted) + ", or another operator");
  };
  switch (op) {
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
    case Operator::kLess:
    case Operator::kLessOrEqual:
      if (is_list(type)) refuse(to_text(element_of(type)));
      break;
    case Operator::kLike:
    case Operator::kNotLike:
      if (type != ParameterType::kString) refuse("string");
      return;
    case Operator::kIn:
    case Operator::kNotIn:
    case Operator::kBetween:
      if (!is_list(type)) refuse(std::string(to_text(type)) + "-list");
      break;
    case Operator::kIsNull:
    case Operator::kIsNotNull:
      if (type != ParameterType::kBoolean) refuse("boolean");
      break;
  }
  if (match != LikeMatch::kExact) {
    faults.add(at + "/match", "R087", "only LIKE and NOT LIKE have a match",
               "leave it out, or use LIKE");
  }
}

struct Mentions {
  std::map<std::string_view, std::size_t> of;  // name -> how often
  std::size_t items = 0;
};

void check_condition(const Condition& condition, const std::string& at, std::size_t depth,
                     Mentions& mentions, Collector& faults) {
  if (++mentions.items > 4 * kConditionsMax) return;  // told by the caller
  if (!condition.name.empty()) {
    const auto found = mentions.of.find(condition.name);
    if (found == mentions.of.end()) {
      faults.add(at, "",
                 "there is no request parameter or fixed condition '" + condition.name + "'",
                 "name one of those that are there");
    } else if (++found->second == 2) {
      faults.add(at, "", "'" + condition.name + "' stands twice in the conditions",
                 "name each condition once");
    }
    return;
  }
  if (condition.items.empty()) {
    return faults.add(at, "", "the group is empty", "name a condition in it, or leave it out");
  }
  if (depth == kConditionDepthMax) {
    return faults.add(at, "", "the groups are nested too deeply",
                      "use at most " + std::to_string(kConditionDepthMax) + " levels");
  }
  const auto inside = at + "/" + std::string(to_text(condition.join));
  for (std::size_t i = 0; i < condition.items.size(); ++i) {
    check_condition(condition.items[i], inside + "/" + std::to_string(i), depth + 1, mentions,
                    faults);
  }
}

void check_column(const std::string& column, const std::string& at, Collector& faults) {
  faults.check_text(column, at);
  if (column.empty()) faults.add(at, "R087", "no column is named", "name one of the table");
}

}  // namespace

void check_conditions(const ApiDefinition& definition, Collector& faults) {
  const auto& requests = definition.request_parameters;
  const auto& fixed = definition.fixed_conditions;
  if (!faults.check_count(requests.size() + fixed.size(), kConditionsMax, "/fixed_conditions",
                          "request parameters and fixed conditions")) {
    return;
  }
  Mentions mentions;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& parameter = requests[i];
    check_operator(parameter.op, parameter.type, parameter.match,
                   "/request_parameters/" + std::to_string(i), faults);
    mentions.of.emplace(parameter.name, 0);
  }
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    const auto& condition = fixed[i];
    const auto at = "/fixed_conditions/" + std::to_string(i);
    faults.add(find_parameter_name_fault(condition.name, at + "/name"));
    if (!mentions.of.emplace(condition.name, 0).second) {
      faults.add(at + "/name", "R087", "'" + condition.name + "' is there twice",
                 "give each request parameter and fixed condition its own name");
    }
    check_column(condition.column, at + "/column", faults);
    check_operator(condition.op, condition.type, condition.match, at, faults);
    faults.check_text(condition.value, at + "/value");
    const bool is_pair = std::ranges::count(condition.value, ',') == 1;
    if (!is_value_of(condition.value, condition.type)) {
      faults.add(
          at + "/value", "R087",
          "the value '" + condition.value + "' is no " + std::string(to_text(condition.type)),
          "write a value of that type or change the type");
    } else if (condition.op == Operator::kBetween && !is_pair) {
      faults.add(at + "/value", "R087", "BETWEEN has two values", "write both ends: 10,20");
    }
  }

  const auto& conditions = definition.conditions;
  if (!conditions.name.empty()) {
    return faults.add("/conditions", "", "the conditions are no group",
                      R"(write {"all": [...]} or {"any": [...]})");
  }
  if (conditions.items.empty()) return;
  check_condition(conditions, "/conditions", 0, mentions, faults);
  if (mentions.items > 4 * kConditionsMax) {
    return faults.add("/conditions", "", "there are too many conditions and groups",
                      "keep at most " + std::to_string(4 * kConditionsMax));
  }
  for (const auto& [name, times] : mentions.of) {
    if (times > 0) continue;
    // It would be taken from the caller and change nothing.
    faults.add("/conditions", "", "'" + std::string(name) + "' stands in no group",
               "name every request parameter and fixed condition once");
  }
}

void check_order(const ApiDefinition& definition, Collector& faults) {
  std::set<std::string_view> seen;
  const auto check_once = [&](const std::string& text, const std::string& at) {
    if (!seen.insert(text).second) {
      faults.add(at, "", "'" + text + "' is there twice", "name it once");
    }
  };
  if (faults.check_count(definition.order.size(), kOrderKeysMax, "/order", "columns to order by")) {
    for (std::size_t i = 0; i < definition.order.size(); ++i) {
      const auto at = "/order/" + std::to_string(i) + "/column";
      check_column(definition.order[i].column, at, faults);
      check_once(definition.order[i].column, at);
    }
  }
  seen.clear();
  if (faults.check_count(definition.key_columns.size(), kOrderKeysMax, "/key_columns",
                         "key columns")) {
    for (std::size_t i = 0; i < definition.key_columns.size(); ++i) {
      const auto at = "/key_columns/" + std::to_string(i);
      check_column(definition.key_columns[i], at, faults);
      check_once(definition.key_columns[i], at);
    }
  }
  seen.clear();
  const auto& caller = definition.caller_order;
  if (caller.parameter.empty() != caller.choices.empty()) {
    faults.add("/caller_order", "", "an order that callers choose has a parameter and choices",
               R"(write {"parameter": "orderBy", "choices": [...]}, or null)");
  } else if (!caller.parameter.empty()) {
    const std::string at = "/caller_order/parameter";
    faults.add(find_parameter_name_fault(caller.parameter, at));
    if (is_paging_name(definition, caller.parameter) ||
        std::ranges::any_of(definition.request_parameters,
                            [&](const auto& p) { return p.name == caller.parameter; })) {
      faults.add(at, "R087", "'" + caller.parameter + "' is taken", "choose another name");
    }
  }
  if (faults.check_count(caller.choices.size(), kOrderChoicesMax, "/caller_order/choices",
                         "choices")) {
    for (std::size_t i = 0; i < caller.choices.size(); ++i) {
      const auto at = "/caller_order/choices/" + std::to_string(i);
      faults.add(find_parameter_name_fault(caller.choices[i].name, at + "/name"));
      check_once(caller.choices[i].name, at + "/name");
      check_column(caller.choices[i].column, at + "/column", faults);
    }
  }
  if (definition.paging == Paging::kCursor && definition.shape != ResultShape::kPage) {
    faults.add("/paging", "", "only the result shape 'page' has pages",
               "set result_shape to page, or paging to number");
  }
}

}  // namespace sluice::model
