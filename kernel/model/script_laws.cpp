// SPDX-License-Identifier: Apache-2.0
// The laws of script mode: the statement itself, and that its parameters are those of the request.
#include "model/fault_collector.hpp"
#include "model/script_laws.hpp"

#include <algorithm>

namespace sluice::model {
namespace {

script::Kind kind_of(ParameterType type) {
  switch (element_of(type)) {
    case ParameterType::kInt:
    case ParameterType::kLong:
    case ParameterType::kFloat:
    case ParameterType::kDouble:
      return script::Kind::kNumber;
    case ParameterType::kBoolean:
      return script::Kind::kBoolean;
    default:
      return script::Kind::kText;
  }
}

void add(const std::vector<script::Fault>& told, Collector& faults) {
  for (const auto& fault : told) {
    faults.add("/script/sql", fault.rule,
               "line " + std::to_string(fault.line) + ", column " + std::to_string(fault.column) +
                   ": " + fault.what,
               fault.remedy);
  }
}

// What belongs to the wizard would be taken and change nothing.
void check_no_wizard(const ApiDefinition& definition, Collector& faults) {
  const auto refuse = [&](bool is_there, const char* where, const char* what) {
    if (!is_there) return;
    faults.add(where, "R067", std::string(what) + " of wizard mode", "say it in the script");
  };
  refuse(!definition.table.empty(), "/table", "a table is");
  refuse(!definition.fixed_conditions.empty(), "/fixed_conditions", "fixed conditions are");
  refuse(!definition.conditions.items.empty(), "/conditions", "conditions are");
  refuse(!definition.order.empty(), "/order", "an order is");
  refuse(!definition.caller_order.parameter.empty(), "/caller_order", "an order by callers is");
  refuse(!definition.key_columns.empty(), "/key_columns", "key columns are");
  refuse(definition.paging == Paging::kCursor, "/paging", "paging by cursor is");
  for (std::size_t i = 0; i < definition.request_parameters.size(); ++i) {
    const auto& parameter = definition.request_parameters[i];
    const auto at = "/request_parameters/" + std::to_string(i);
    refuse(!parameter.column.empty(), (at + "/column").c_str(), "a parameter's column is");
    refuse(parameter.op != Operator::kEqual, (at + "/operator").c_str(),
           "a parameter's operator is");
  }
}

}  // namespace

script::Mode to_mode(ScriptMode mode) {
  return mode == ScriptMode::kAdvanced ? script::Mode::kAdvanced : script::Mode::kBasic;
}

std::vector<script::Parameter> make_script_parameters(const ApiDefinition& definition) {
  std::vector<script::Parameter> parameters;
  for (const auto& parameter : definition.request_parameters) {
    parameters.push_back({parameter.name, kind_of(parameter.type), is_list(parameter.type)});
  }
  return parameters;
}

void check_script(const ApiDefinition& definition, Collector& faults) {
  if (definition.mode == ApiMode::kWizard) {
    if (!definition.script.sql.empty()) {
      faults.add("/script", "R067", "a script is of script mode",
                 "set the mode to script, or leave the script out");
    }
    return;
  }
  check_no_wizard(definition, faults);
  if (definition.script.sql.empty()) return;  // a draft that is not complete
  const auto parsed = script::parse(definition.script.sql, to_mode(definition.script.mode));
  if (!parsed.script) return add(parsed.faults, faults);
  add(parsed.script->find_faults(make_script_parameters(definition)), faults);

  const auto& used = parsed.script->parameters();
  for (std::size_t i = 0; i < definition.request_parameters.size(); ++i) {
    const auto& parameter = definition.request_parameters[i];
    const auto at = "/request_parameters/" + std::to_string(i);
    if (std::ranges::none_of(
            used, [&](const auto& use) { return use.parameter.name == parameter.name; })) {
      faults.add(at + "/name", "script.unused",
                 "the script does not use the request parameter '" + parameter.name + "'",
                 "use it as ${" + parameter.name + "}, or remove it");
    }
    if (definition.script.mode == ScriptMode::kBasic && !parameter.required &&
        !parameter.default_value) {
      faults.add(at + "/required", "script.required",
                 "the statement of basic mode needs every parameter",
                 "make it required, give it a default, or use the mode advanced with <if>");
    }
  }
}

}  // namespace sluice::model
