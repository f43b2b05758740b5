// SPDX-License-Identifier: Apache-2.0
#include "studio/script_reading.hpp"

#include "model/laws.hpp"
#include "model/script_laws.hpp"

#include <algorithm>
#include <set>

namespace sluice::studio {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

model::ParameterType to_type(const script::Parameter& parameter) {
  using model::ParameterType;
  switch (parameter.kind) {
    case script::Kind::kNumber:
      return parameter.is_list ? ParameterType::kLongList : ParameterType::kLong;
    case script::Kind::kBoolean:
      return parameter.is_list ? ParameterType::kBooleanList : ParameterType::kBoolean;
    case script::Kind::kText:
      break;
  }
  return parameter.is_list ? ParameterType::kStringList : ParameterType::kString;
}

std::vector<model::RequestParameter> find_request_parameters(const model::ApiDefinition& definition,
                                                             const script::Script& script) {
  std::vector<model::RequestParameter> found;
  const auto& uses = script.parameters();
  for (const auto& declared : definition.request_parameters) {
    const bool is_used = std::ranges::any_of(
        uses, [&](const auto& use) { return use.parameter.name == declared.name; });
    if (is_used) found.push_back(declared);
  }
  for (const auto& use : uses) {
    if (std::ranges::any_of(found, [&](const auto& p) { return p.name == use.parameter.name; })) {
      continue;
    }
    model::RequestParameter made;
    made.name = use.parameter.name;
    made.type = to_type(use.parameter);
    made.required = definition.script.mode == model::ScriptMode::kBasic || !use.may_be_absent;
    found.push_back(std::move(made));
  }
  return found;
}

// A value for the way through the tags, where nobody gave one.
std::string make_value(const model::RequestParameter& parameter) {
  if (!parameter.sample.empty()) return parameter.sample;
  if (parameter.default_value) return *parameter.default_value;
  const auto& validation = parameter.validation;
  if (validation.allowed && !validation.allowed->empty()) return validation.allowed->front();
  if (validation.min) return *validation.min;
  switch (model::element_of(parameter.type)) {
    case model::ParameterType::kString:
      return std::string(static_cast<std::size_t>(
                             std::clamp<std::int64_t>(validation.min_length.value_or(1), 1, 1000)),
                         'x');
    case model::ParameterType::kBoolean:
      return "true";
    default:
      return validation.max ? *validation.max : "1";
  }
}

Texts make_values(const std::vector<model::RequestParameter>& parameters, const Texts& given) {
  Texts values = given;
  for (const auto& parameter : parameters) {
    const bool is_given =
        std::ranges::any_of(given, [&](const auto& pair) { return pair.first == parameter.name; });
    if (!is_given) values.emplace_back(parameter.name, make_value(parameter));
  }
  return values;
}

// A column of a statement as a parameter's name, which has fewer characters to choose from.
std::string make_name(std::string_view column, std::set<std::string>& taken) {
  std::string name;
  for (const char c : column) {
    const bool is_right = is_word_part(c) && static_cast<unsigned char>(c) < 0x80;
    if (is_right && name.size() < model::kParameterNameMax - 4) name += c;
    if (!is_right && !name.empty() && name.back() != '_') name += '_';
  }
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name.insert(0, "field");
  std::string unique = name;
  for (int n = 2; !taken.insert(unique).second; ++n) unique = name + "_" + std::to_string(n);
  return unique;
}

// Where the source's word against the statement stands in the script, when that can be told: the
// word at that place, if the script has it once.
ScriptFault make_source_fault(const StatementDescription& told, const std::string& sql,
                              const std::string& script) {
  ScriptFault fault{1, 1, "script.source", "the data source says: " + told.fault,
                    "correct the statement, or the table in the source"};
  if (!told.fault_at || *told.fault_at >= sql.size()) return fault;
  std::size_t end = *told.fault_at;
  while (end < sql.size() && is_word_part(sql[end])) ++end;
  const auto word = sql.substr(*told.fault_at, end - *told.fault_at);
  if (word.empty()) return fault;
  std::size_t found = std::string::npos;
  for (std::size_t at = 0; (at = script.find(word, at)) != std::string::npos; at += word.size()) {
    const bool is_whole =
        (at == 0 || !is_word_part(script[at - 1])) &&
        (at + word.size() == script.size() || !is_word_part(script[at + word.size()]));
    if (!is_whole) continue;
    if (found != std::string::npos) return fault;
    found = at;
  }
  if (found == std::string::npos) return fault;
  for (std::size_t i = 0; i < found; ++i) {
    if (script[i] == '\n') {
      ++fault.line;
      fault.column = 1;
    } else if ((static_cast<unsigned char>(script[i]) & 0xc0) != 0x80) {
      ++fault.column;
    }
  }
  return fault;
}

void take_fields(const StatementDescription& told, const model::ApiDefinition& definition,
                 ScriptReading& reading) {
  const auto is_same = [](std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
  };
  std::set<std::string> taken, columns;
  for (const auto& declared : definition.response_parameters) taken.insert(declared.name);
  for (const auto& column : told.columns) {
    if (column.name.empty() || !columns.insert(column.name).second) {
      reading.faults.push_back({1, 1, "script.alias",
                                "two fields of the statement are named '" + column.name + "'",
                                "give each one its own name: ... AS name"});
      continue;
    }
    const auto declared = std::ranges::find_if(definition.response_parameters, [&](const auto& p) {
      return is_same(model::find_column(p), column.name);
    });
    if (declared != definition.response_parameters.end()) {
      reading.response_parameters.push_back(*declared);
      continue;
    }
    model::ResponseParameter made;
    made.name = make_name(column.name, taken);
    if (made.name != column.name) made.column = column.name;
    made.type = column.type.value_or(model::ParameterType::kString);
    if (!column.type) {
      reading.hints.push_back("the type of '" + made.name +
                              "' is known only when the statement runs: set it to what it is");
    }
    reading.response_parameters.push_back(std::move(made));
  }
}

}  // namespace

Result<ScriptReading> read_script(const model::ApiDefinition& definition,
                                  const model::DataSource* source, const Texts& parameters,
                                  LowerFloor& lower_floor) {
  ScriptReading reading;
  const auto take = [&](const std::vector<script::Fault>& faults) {
    for (const auto& f : faults) {
      reading.faults.push_back({f.line, f.column, f.rule, f.what, f.remedy});
    }
  };
  const auto parsed = script::parse(definition.script.sql, model::to_mode(definition.script.mode));
  if (!parsed.script) {
    take(parsed.faults);
    return reading;
  }
  model::ApiDefinition whole = definition;
  whole.request_parameters = find_request_parameters(definition, *parsed.script);
  reading.request_parameters = whole.request_parameters;
  take(parsed.script->find_faults(model::make_script_parameters(whole)));
  if (!reading.faults.empty()) return reading;
  reading.hints = find_script_hints(whole);
  if (!source) return reading;

  auto asked =
      lower_floor.preview(whole, *source, make_values(whole.request_parameters, parameters));
  if (!asked) return asked.error();
  reading.sql = std::move(asked->sql);
  const auto told = lower_floor.describe_statement(*source, reading.sql);
  if (!told) {
    if (told.error().status != SLUICE_E_UNSUPPORTED) return told.error();
    reading.hints.push_back(told.error().detail + ": write the response parameters by hand");
    return reading;
  }
  if (!told->fault.empty()) {
    reading.faults.push_back(make_source_fault(*told, reading.sql, definition.script.sql));
    return reading;
  }
  reading.is_described = true;
  take_fields(*told, definition, reading);
  return reading;
}

Result<StatementDescription> describe_script(const model::ApiDefinition& definition,
                                             const model::DataSource& source,
                                             LowerFloor& lower_floor) {
  const auto asked =
      lower_floor.preview(definition, source, make_values(definition.request_parameters, {}));
  if (!asked) return asked.error();
  return lower_floor.describe_statement(source, asked->sql);
}

std::vector<std::string> find_script_hints(const model::ApiDefinition& definition) {
  if (definition.shape != model::ResultShape::kPage) return {};
  const auto parsed = script::parse(definition.script.sql, model::to_mode(definition.script.mode));
  if (!parsed.script || parsed.script->has_order()) return {};
  return {"pages without an order may repeat or lose rows: end the script with ORDER BY"};
}

}  // namespace sluice::studio
