// SPDX-License-Identifier: Apache-2.0
#include "model/laws.hpp"

#include "model/characters.hpp"
#include "model/fault_collector.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace sluice::model {
namespace {

constexpr std::size_t kFaultsToldMax = 20;

// Path segments between slashes, none empty, none that a client would resolve away.
bool has_bad_segment(std::string_view path) {
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto segment = path.substr(begin, end - begin);
    if (segment.empty() || segment == "." || segment == "..") return true;
    begin = end + 1;
  }
  return false;
}

template <class IsAllowed>
bool is_all(std::string_view text, IsAllowed is_allowed) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_allowed(static_cast<unsigned char>(c)); });
}

template <class T>
bool parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if constexpr (std::is_floating_point_v<T>) return std::isfinite(value);
  return true;
}

// Words of an enumeration, in the order of its enumerators.
template <class E, std::size_t N>
std::optional<E> parse_word(const std::array<std::string_view, N>& words, std::string_view text) {
  const auto it = std::find(words.begin(), words.end(), text);
  if (it == words.end()) return std::nullopt;
  return static_cast<E>(it - words.begin());
}
template <class E, std::size_t N>
std::string_view word_of(const std::array<std::string_view, N>& words, E value) {
  const auto i = static_cast<std::size_t>(value);
  return i < N ? words[i] : std::string_view("?");
}

constexpr std::array<std::string_view, 2> kMethods = {"GET", "POST"};
constexpr std::array<std::string_view, 2> kModes = {"wizard", "script"};
constexpr std::array<std::string_view, 2> kScriptModes = {"basic", "advanced"};
constexpr std::array<std::string_view, 12> kTypes = {
    "string",      "int",      "long",      "float",      "double",      "boolean",
    "string-list", "int-list", "long-list", "float-list", "double-list", "boolean-list"};
constexpr std::array<std::string_view, 2> kPositions = {"query", "body"};
constexpr std::array<std::string_view, 13> kOperators = {
    "=",        "!=", ">",      ">=",      "<",       "<=",         "LIKE",
    "NOT LIKE", "IN", "NOT IN", "BETWEEN", "IS NULL", "IS NOT NULL"};
constexpr std::array<std::string_view, 5> kMatches = {"exact", "prefix", "suffix", "contains",
                                                      "pattern"};
constexpr std::array<std::string_view, 2> kJoins = {"all", "any"};
constexpr std::array<std::string_view, 2> kDirections = {"asc", "desc"};
constexpr std::array<std::string_view, 2> kPagings = {"number", "cursor"};
constexpr std::array<std::string_view, 3> kShapes = {"single", "list", "page"};
constexpr std::array<std::string_view, 3> kEnvelopes = {"default", "full", "bare"};
constexpr std::array<std::string_view, 4> kStatuses = {"To Be Requested", "Under Approval",
                                                       "Rejected", "Can Be Published"};

// Who gives nothing asks for the whole table, and gets it page by page. A single row is none, and a
// script has no LIMIT of its own.
bool answers_all(const ApiDefinition& definition) {
  return definition.request_parameters.empty() && definition.shape == ResultShape::kList &&
         !definition.response_parameters.empty();  // without one it answers nothing yet
}

}  // namespace

Error make_error(const Faults& faults) {
  std::string detail;
  for (std::size_t i = 0; i < faults.size() && i < kFaultsToldMax; ++i) {
    const auto& fault = faults[i];
    if (i) detail += "; ";
    if (faults.size() > 1) detail += fault.where + ": ";
    detail += fault.what;
    if (!fault.rule.empty()) detail += " (" + fault.rule + ")";
    detail += ": " + fault.remedy;
  }
  if (faults.size() > kFaultsToldMax) {
    detail += "; and " + std::to_string(faults.size() - kFaultsToldMax) + " more";
  }
  return {SLUICE_E_ARGUMENT, std::move(detail), {}, faults.empty() ? "" : faults.front().where};
}

std::optional<Fault> find_title_fault(std::string_view title, std::string where) {
  const auto text = decode_utf8(title);
  if (!text) return make_utf8_fault(std::move(where));
  const auto fault = [&](std::string what, std::string remedy) {
    return Fault{std::move(where), "R060", std::move(what), std::move(remedy)};
  };
  if (text->size() < kTitleCharactersMin || text->size() > kTitleCharactersMax) {
    return fault("the name has " + std::to_string(text->size()) + " characters", "use 4 to 50");
  }
  if (!is_letter(text->front()) && !is_chinese(text->front())) {
    return fault("the name does not begin with a letter", "begin with a letter (Chinese ones too)");
  }
  for (std::size_t i = 0; i < text->size(); ++i) {
    const char32_t c = (*text)[i];
    if (is_letter(c) || is_chinese(c) || is_digit(c) || c == U'_') continue;
    const bool is_inner_space = c == U' ' && i + 1 < text->size() && (*text)[i + 1] != U' ';
    if (is_inner_space) continue;
    return fault(c == U' ' ? "a space ends the name or follows another one"
                           : "character " + std::to_string(i + 1) + " of the name is not allowed",
                 "use letters, digits, _ and single spaces between words");
  }
  return std::nullopt;
}

std::optional<Fault> find_plain_name_fault(std::string_view name, std::string where) {
  const auto is_allowed = [](unsigned char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
  };
  const auto is_first = [](unsigned char c) { return is_letter(c) || is_digit(c); };
  if (!name.empty() && name.size() <= kPlainNameMax && is_all(name, is_allowed) &&
      is_first(static_cast<unsigned char>(name[0]))) {
    return std::nullopt;
  }
  return Fault{std::move(where), "", "the name is empty, too long or has a character out of place",
               "begin with a letter or digit, go on with letters, digits, _, - and ., at most " +
                   std::to_string(kPlainNameMax) + " characters"};
}

std::optional<Fault> find_base_path_fault(std::string_view path, std::string where) {
  const auto fault = [&](std::string what, std::string remedy) {
    return Fault{std::move(where), "R052", std::move(what), std::move(remedy)};
  };
  if (!path.starts_with('/')) return fault("the base path does not begin with /", "write /v1");
  if (path.size() > kBasePathBytesMax) return fault("the base path is too long", "use 256 bytes");
  if (path == "/") return std::nullopt;
  if (path.ends_with('/')) return fault("the base path ends with /", "leave the last / out");
  const auto is_allowed = [](unsigned char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '/';
  };
  if (!is_all(path, is_allowed)) {
    return fault("the base path has a character that is not allowed",
                 "use letters, digits, _, -, . and /");
  }
  if (has_bad_segment(path)) return fault("a part of the base path is empty, . or ..", "name it");
  return std::nullopt;
}

std::optional<Fault> find_api_path_fault(std::string_view path, std::string where) {
  const auto fault = [&](std::string rule, std::string what, std::string remedy) {
    return Fault{std::move(where), std::move(rule), std::move(what), std::move(remedy)};
  };
  if (!path.starts_with('/')) {
    return fault("R070", "the API path does not begin with /", "write /user/info");
  }
  if (path.size() > kApiPathCharactersMax) {
    return fault("R071", "the API path has " + std::to_string(path.size()) + " characters",
                 "use at most 200");
  }
  const auto is_allowed = [](unsigned char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '/';
  };
  if (!is_all(path, is_allowed)) {
    return fault("R070", "the API path has a character that is not allowed",
                 "use letters, digits, _, - and /");
  }
  if (has_bad_segment(path)) {
    return fault("R070", "the API path has an empty part or ends with /", "leave that / out");
  }
  return std::nullopt;
}

std::optional<Fault> find_domain_fault(std::string_view domain, std::string where) {
  if (domain.empty()) return std::nullopt;
  const auto fault = [&](std::string what, std::string remedy) {
    return Fault{std::move(where), "R039", std::move(what), std::move(remedy)};
  };
  if (domain.size() > 253) return fault("the domain is too long", "use at most 253 characters");
  std::size_t begin = 0;
  while (begin <= domain.size()) {
    const auto end = std::min(domain.find('.', begin), domain.size());
    const auto label = domain.substr(begin, end - begin);
    const auto is_allowed = [](unsigned char c) {
      return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
    };
    if (label.empty() || label.size() > 63 || !is_all(label, is_allowed) ||
        label.starts_with('-') || label.ends_with('-')) {
      return fault("this is no domain name",
                   "write api.example.com: lower case, without scheme, port and path");
    }
    begin = end + 1;
  }
  return std::nullopt;
}

bool is_value_of(std::string_view text, ParameterType type) {
  if (is_list(type)) {
    std::size_t values = 0;
    for (std::size_t begin = 0; begin <= text.size(); ++values) {
      const auto end = std::min(text.find(',', begin), text.size());
      if (!is_value_of(text.substr(begin, end - begin), element_of(type))) return false;
      begin = end + 1;
    }
    return values <= kListValuesMax;
  }
  switch (type) {
    case ParameterType::kString:
      return count_characters(text).has_value();
    case ParameterType::kInt:
      return parse_number<std::int32_t>(text);
    case ParameterType::kLong:
      return parse_number<std::int64_t>(text);
    case ParameterType::kFloat:
      return parse_number<float>(text);
    case ParameterType::kDouble:
      return parse_number<double>(text);
    case ParameterType::kBoolean:
      return text == "true" || text == "false";
    case ParameterType::kStringList:
    case ParameterType::kIntList:
    case ParameterType::kLongList:
    case ParameterType::kFloatList:
    case ParameterType::kDoubleList:
    case ParameterType::kBooleanList:
      break;  // taken apart above
  }
  return false;
}

Faults find_faults(const Workspace& workspace) {
  Collector faults;
  faults.add(find_plain_name_fault(workspace.name, "/name"));
  faults.check_description(workspace.description, "/description");
  faults.add(find_region_fault(workspace.region, "/region"));
  return faults.take();
}

Faults find_faults(const DataSource& source) {
  Collector faults;
  faults.add(find_plain_name_fault(source.workspace, "/workspace"));
  faults.add(find_plain_name_fault(source.name, "/name"));
  faults.add(find_plain_name_fault(source.type, "/type"));
  faults.check_settings(source.settings_json, "/settings");
  faults.check_description(source.description, "/description");
  return faults.take();
}

Faults find_faults(const Workflow& workflow) {
  Collector faults;
  faults.add(find_plain_name_fault(workflow.workspace, "/workspace"));
  faults.add(find_title_fault(workflow.name, "/name"));
  if (workflow.rest_api.empty()) {
    faults.add("/rest_api", "R055", "the workflow names no REST API", "create one and name it");
  }
  if (workflow.gateway_type != "cloud-native") {
    faults.add("/gateway_type", "R062", "this type of gateway is not known",
               "use cloud-native, the only one");
  }
  for (auto& fault : find_folders_faults(workflow.folders, "/folders"))
    faults.add(std::move(fault));
  return faults.take();
}

Faults find_faults(const ApiDefinition& definition) {
  Collector faults;
  if (auto fault = find_title_fault(definition.name, "/name")) {
    fault->rule = "R069";
    faults.add(std::move(fault));
  }
  faults.check_description(definition.description, "/description");
  faults.add(find_api_path_fault(definition.path, "/path"));
  if (!definition.data_source.empty()) {
    faults.add(find_plain_name_fault(definition.data_source, "/data_source"));
  }
  faults.check_text(definition.table, "/table");
  check_parameters(definition, faults);
  if (definition.mode == ApiMode::kWizard) {
    check_conditions(definition, faults);
    check_order(definition, faults);
  }
  check_script(definition, faults);
  if (!definition.resource_group.empty()) {
    faults.add(find_plain_name_fault(definition.resource_group, "/resource_group"));
  }
  if (definition.timeout_ms <= 0 || definition.timeout_ms > kTimeoutMsMax) {
    faults.add("/timeout_ms", "R094", "the timeout is out of range", "use 1 to 30000 milliseconds");
  }
  constexpr std::string_view kMethodLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.";
  if (definition.acceleration.size() > kAccelerationBytesMax ||
      definition.acceleration.find_first_not_of(kMethodLetters) != std::string::npos) {
    faults.add("/acceleration", "R082", "this is no name of an acceleration method",
               "choose one of those that the data source's plugin offers");
  }
  if (definition.max_rows < 1 || definition.max_rows > kMaxRowsMax) {
    faults.add("/max_rows", "R095", "the number of records is out of range", "use 1 to 10000");
  }
  if (!definition.authentication.type.empty()) {
    faults.add(find_plain_name_fault(definition.authentication.type, "/authentication/type"));
  }
  faults.check_settings(definition.authentication.settings_json, "/authentication/settings");
  faults.add(find_sample_fault(definition.success_sample.get(), "/success_sample"));
  faults.add(find_sample_fault(definition.failure_sample.get(), "/failure_sample"));
  return faults.take();
}

Faults find_faults(const Consumer& consumer) {
  Collector faults;
  faults.add(find_plain_name_fault(consumer.name, "/name"));
  faults.check_description(consumer.description, "/description");
  return faults.take();
}

Faults find_faults(const Credential& credential) {
  Collector faults;
  if (!credential.id.empty()) faults.add(find_plain_name_fault(credential.id, "/id"));
  faults.add(find_plain_name_fault(credential.consumer, "/consumer"));
  faults.add(find_plain_name_fault(credential.type, "/type"));
  const auto is_bad = [](const std::string& lookup) {
    return lookup.empty() || lookup.size() > kLookupBytesMax;
  };
  if (credential.lookups.empty() || credential.lookups.size() > kLookupsMax ||
      std::ranges::any_of(credential.lookups, is_bad)) {
    faults.add("/lookups", "", "what finds the credential is missing, too much or too long",
               "take it from an export, or add a new credential");
  }
  if (credential.secret.empty() || credential.secret.size() > kSecretBytesMax) {
    faults.add("/secret", "", "what proves the credential is missing or too long",
               "take it from an export, or add a new credential");
  }
  if (credential.valid_from < 0) {
    faults.add("/valid_from", "", "the beginning lies before 1970",
               "give milliseconds since 1970, or 0 for always");
  }
  if (credential.valid_until != 0 && credential.valid_until <= credential.valid_from) {
    faults.add("/valid_until", "", "the end does not lie after the beginning", "give a later end");
  }
  if (credential.valid_until < 0) {
    faults.add("/valid_until", "", "the end lies before 1970",
               "give milliseconds since 1970, or 0 for no end");
  }
  if (credential.attributes.size() > kParametersMax) {
    faults.add("/attributes", "", "there are too many attributes",
               "keep at most " + std::to_string(kParametersMax));
  }
  for (const auto& [name, value] : credential.attributes) {
    faults.check_text(name, "/attributes");
    faults.check_text(value, "/attributes/" + name);
  }
  return faults.take();
}

Faults find_faults(const Authorization& authorization) {
  Collector faults;
  faults.add(find_plain_name_fault(authorization.consumer, "/consumer"));
  if (authorization.api_id.empty() == authorization.rest_api.empty()) {
    faults.add("/api", "R143", "an authorization is for an API or for a REST API, not for both",
               "name one of them");
  }
  faults.add(find_region_fault(authorization.region, "/region"));
  if (authorization.valid_until < 0) {
    faults.add("/valid_until", "", "the end lies before 1970",
               "give milliseconds since 1970, or 0 for no end");
  }
  return faults.take();
}

Faults find_missing(const ApiDefinition& definition) {
  Collector missing;
  if (definition.data_source.empty()) {
    missing.add("/data_source", "R080", "no data source is chosen", "choose one");
  }
  const bool is_script = definition.mode == ApiMode::kScript;
  if (is_script && definition.script.sql.empty()) {
    missing.add("/script/sql", "R067", "there is no script", "write one SELECT");
  }
  if (!is_script && definition.table.empty()) {
    missing.add("/table", "R081", "no table is chosen", "choose one");
  }
  if (definition.resource_group.empty()) {
    missing.add("/resource_group", "R091", "no resource group is chosen",
                "choose one that is associated with the workspace");
  }
  if (definition.response_parameters.empty()) {
    missing.add("/response_parameters", "R099", "nothing is answered",
                is_script ? "set the fields of the script's SELECT as response parameters"
                          : "set at least one column as response parameter");
  }
  if (answers_all(definition)) {
    missing.add("/result_shape", "R099",
                "without a request parameter every call would be answered with the whole " +
                    std::string(is_script ? "result" : "table"),
                "set the result shape to page, or add a request parameter");
  }
  if (is_script) return missing.take();
  if (definition.paging == Paging::kCursor && definition.key_columns.empty()) {
    missing.add("/key_columns", "", "pages by cursor need columns that tell rows apart",
                "name those of the table's primary key, or of another unique key without NULL");
  }
  for (std::size_t i = 0; i < definition.request_parameters.size(); ++i) {
    if (!definition.request_parameters[i].column.empty()) continue;
    missing.add(
        "/request_parameters/" + std::to_string(i) + "/column", "R084",
        "the request parameter '" + definition.request_parameters[i].name + "' has no column",
        "choose the column that it is compared with");
  }
  for (std::size_t i = 0; i < definition.response_parameters.size(); ++i) {
    if (!definition.response_parameters[i].column.empty()) continue;
    missing.add(
        "/response_parameters/" + std::to_string(i) + "/column", "R085",
        "the response parameter '" + definition.response_parameters[i].name + "' has no column",
        "choose the column that it shows");
  }
  return missing.take();
}

std::string_view to_text(HttpMethod method) { return word_of(kMethods, method); }
std::string_view to_text(ApiMode mode) { return word_of(kModes, mode); }
std::string_view to_text(ScriptMode mode) { return word_of(kScriptModes, mode); }
std::string_view to_text(ParameterType type) { return word_of(kTypes, type); }
std::string_view to_text(Position position) { return word_of(kPositions, position); }
std::string_view to_text(Operator op) { return word_of(kOperators, op); }
std::string_view to_text(LikeMatch match) { return word_of(kMatches, match); }
std::string_view to_text(Join join) { return word_of(kJoins, join); }
std::string_view to_text(Direction direction) { return word_of(kDirections, direction); }
std::string_view to_text(Paging paging) { return word_of(kPagings, paging); }
std::string_view to_text(ResultShape shape) { return word_of(kShapes, shape); }
std::string_view to_text(Envelope envelope) { return word_of(kEnvelopes, envelope); }
std::string_view to_text(VersionStatus status) { return word_of(kStatuses, status); }

std::optional<HttpMethod> parse_http_method(std::string_view text) {
  return parse_word<HttpMethod>(kMethods, text);
}
std::optional<ApiMode> parse_api_mode(std::string_view text) {
  return parse_word<ApiMode>(kModes, text);
}
std::optional<ScriptMode> parse_script_mode(std::string_view text) {
  return parse_word<ScriptMode>(kScriptModes, text);
}
std::optional<ParameterType> parse_parameter_type(std::string_view text) {
  return parse_word<ParameterType>(kTypes, text);
}
std::optional<Position> parse_position(std::string_view text) {
  return parse_word<Position>(kPositions, text);
}
std::optional<Operator> parse_operator(std::string_view text) {
  return parse_word<Operator>(kOperators, text);
}
std::optional<LikeMatch> parse_like_match(std::string_view text) {
  return parse_word<LikeMatch>(kMatches, text);
}
std::optional<Join> parse_join(std::string_view text) { return parse_word<Join>(kJoins, text); }
std::optional<Direction> parse_direction(std::string_view text) {
  return parse_word<Direction>(kDirections, text);
}
std::optional<Paging> parse_paging(std::string_view text) {
  return parse_word<Paging>(kPagings, text);
}
std::optional<ResultShape> parse_result_shape(std::string_view text) {
  return parse_word<ResultShape>(kShapes, text);
}
std::optional<Envelope> parse_envelope(std::string_view text) {
  return parse_word<Envelope>(kEnvelopes, text);
}
std::optional<VersionStatus> parse_version_status(std::string_view text) {
  return parse_word<VersionStatus>(kStatuses, text);
}

}  // namespace sluice::model
