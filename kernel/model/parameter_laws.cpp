// SPDX-License-Identifier: Apache-2.0
// The laws of request and response parameters: names, types, values, what values must satisfy.
#include "model/fault_collector.hpp"
#include "model/validation.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace sluice::model {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// visit(value) for each value of a list's text, or for the whole text.
template <class Visit>
void for_each_value(std::string_view text, ParameterType type, Visit visit) {
  if (!is_list(type)) return visit(text);
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    visit(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

// A default or a sample: of its type, and such as a call may send.
void check_value(std::string_view text, const RequestParameter& parameter, const Rules* rules,
                 std::string_view role, const std::string& where, Collector& faults) {
  faults.check_text(text, where);
  if (!is_value_of(text, parameter.type)) {
    return faults.add(where, "R087",
                      "the " + std::string(role) + " '" + std::string(text) + "' is no " +
                          std::string(to_text(parameter.type)),
                      "write a value of that type or change the type");
  }
  std::size_t values = 0;
  for_each_value(text, parameter.type, [&](std::string_view value) {
    ++values;
    const auto cell = parse_value(parameter.type, value);
    const auto* breach = cell && rules ? rules->find_breach(*cell) : nullptr;
    if (!breach) return;
    faults.add(where, "R087",
               "the " + std::string(role) + " '" + std::string(value) + "' " + *breach,
               "write one that a call may send, or change the validation");
  });
  if (parameter.op == Operator::kBetween && values != 2) {
    faults.add(where, "R087",
               "the " + std::string(role) + " of BETWEEN has " + std::to_string(values) +
                   (values == 1 ? " value" : " values"),
               "write both ends: 10,20");
  }
}

void check_request_parameter(const ApiDefinition& definition, const RequestParameter& parameter,
                             const std::string& at, Collector& faults) {
  faults.add(find_parameter_name_fault(parameter.name, at + "/name"));
  if (is_paging_name(definition, parameter.name)) {
    faults.add(at + "/name", "R087",
               "'" + parameter.name + "' belongs to the paging of the result shape 'page'",
               "choose another name or another result shape");
  }
  if (definition.method == HttpMethod::kGet && parameter.position != Position::kQuery) {
    faults.add(at + "/position", "R075", "a GET has parameters in the query only",
               "set the position to query or the method to POST");
  }
  faults.check_text(parameter.column, at + "/column");
  faults.check_description(parameter.description, at + "/description");
  const auto rules = Rules::make(parameter.type, parameter.validation);
  if (!rules) {
    faults.add(at + "/validation" + rules.error().where, "R087", rules.error().detail,
               "change it, or leave it out");
  }
  const Rules* known = rules ? &*rules : nullptr;
  if (!parameter.sample.empty()) {
    check_value(parameter.sample, parameter, known, "sample", at + "/sample", faults);
  }
  if (parameter.default_value) {
    check_value(*parameter.default_value, parameter, known, "default", at + "/default_value",
                faults);
  }
}

}  // namespace

std::optional<Fault> find_parameter_name_fault(std::string_view name, std::string where) {
  if (!name.empty() && name.size() <= kParameterNameMax && !is_digit(name[0]) &&
      std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); })) {
    return std::nullopt;
  }
  return Fault{std::move(where), "R087", "'" + std::string(name) + "' is no parameter name",
               "begin with a letter or _, go on with letters, digits and _, at most " +
                   std::to_string(kParameterNameMax) + " characters"};
}

bool is_paging_name(const ApiDefinition& definition, std::string_view name) {
  if (definition.shape != ResultShape::kPage) return false;
  return name == "pageNum" || name == "pageSize" || name == "returnTotalNum" ||
         (name == "cursor" && definition.paging == Paging::kCursor);
}

void check_parameters(const ApiDefinition& definition, Collector& faults) {
  std::set<std::string_view> names;
  const auto& requests = definition.request_parameters;
  if (faults.check_count(requests.size(), kConditionsMax, "/request_parameters",
                         "request parameters")) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const auto at = "/request_parameters/" + std::to_string(i);
      check_request_parameter(definition, requests[i], at, faults);
      if (names.insert(requests[i].name).second) continue;
      faults.add(at + "/name", "R087",
                 "the request parameter '" + requests[i].name + "' is there twice",
                 "give each one its own name (upper and lower case differ)");
    }
  }
  names.clear();
  const auto& responses = definition.response_parameters;
  if (!faults.check_count(responses.size(), kParametersMax, "/response_parameters",
                          "response parameters")) {
    return;
  }
  for (std::size_t i = 0; i < responses.size(); ++i) {
    const auto& parameter = responses[i];
    const auto at = "/response_parameters/" + std::to_string(i);
    faults.add(find_parameter_name_fault(parameter.name, at + "/name"));
    if (!names.insert(parameter.name).second) {
      faults.add(at + "/name", "R085",
                 "the response parameter '" + parameter.name + "' is there twice",
                 "give each one its own name (upper and lower case differ)");
    }
    faults.check_text(parameter.column, at + "/column");
    faults.check_text(parameter.sample, at + "/sample");
    faults.check_description(parameter.description, at + "/description");
    if (is_list(parameter.type)) {
      faults.add(at + "/type", "R085", "a response parameter has one value in a row",
                 "use " + std::string(to_text(element_of(parameter.type))));
    } else if (!parameter.sample.empty() && !is_value_of(parameter.sample, parameter.type)) {
      faults.add(
          at + "/sample", "R087",
          "the sample '" + parameter.sample + "' is no " + std::string(to_text(parameter.type)),
          "write a value of that type or change the type");
    }
  }
}

}  // namespace sluice::model
