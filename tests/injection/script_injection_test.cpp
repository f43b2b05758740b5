// SPDX-License-Identifier: Apache-2.0
// Every string of the corpus in every place of a script where a value can stand, and through every
// tag, over a real SQLite file: it finds the rows that its literal means, and the statement that
// the source is asked is the one that a harmless value makes, character by character.
#include "model/laws.hpp"
#include "tests/injection/corpus.hpp"
#include "tests/injection/people.hpp"
#include "tests/injection/recording_house.hpp"

#include <sluice/percent.hpp>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <stdexcept>

namespace sluice::tests {
namespace {

using model::ParameterType;
using Json = nlohmann::json;

// A script with one parameter "v", and what it means for a person and a text.
struct Place {
  const char* name;
  model::ScriptMode mode;
  ParameterType type;
  const char* script;
  enum class Finds { kEqual, kOthers, kAll, kEqualOrAlice } finds;
  bool is_page = false;
};

void PrintTo(const Place& place, std::ostream* out) { *out << place.name; }

constexpr auto kBasic = model::ScriptMode::kBasic;
constexpr auto kAdvanced = model::ScriptMode::kAdvanced;
using enum ParameterType;
using enum Place::Finds;

constexpr Place kPlaces[] = {
    {"basic", kBasic, kString, "SELECT id FROM people WHERE name = ${v} ORDER BY id", kEqual},
    {"other spelling", kBasic, kString, "SELECT id FROM people WHERE name = #{v} ORDER BY id",
     kEqual},
    {"basic page", kBasic, kString, "SELECT id FROM people WHERE name = ${v} ORDER BY id", kEqual,
     true},
    {"twice", kBasic, kString,
     "SELECT id FROM people WHERE (name = ${v} OR name = ${v}) AND NOT name <> ${v} ORDER BY id",
     kEqual},
    {"between literals", kBasic, kString,
     "SELECT id FROM people WHERE name = '' || ${v} || '' ORDER BY id", kEqual},
    {"in a function", kBasic, kString,
     "SELECT id FROM people WHERE name = replace(${v}, '', '') ORDER BY id", kEqual},
    {"in the select list", kBasic, kString,
     "SELECT id FROM (SELECT id, CASE name WHEN ${v} THEN 1 ELSE 0 END AS hit FROM people) hits "
     "WHERE hit = 1 ORDER BY id",
     kEqual},
    {"in a query within", kBasic, kString,
     "SELECT id FROM people WHERE id IN (SELECT id FROM people WHERE name = ${v}) ORDER BY id",
     kEqual},
    {"in a WITH", kBasic, kString,
     "WITH found AS (SELECT id FROM people WHERE name = ${v}) SELECT id FROM found ORDER BY id",
     kEqual},
    {"in a UNION", kBasic, kString,
     "SELECT id FROM people WHERE name = ${v} UNION SELECT id FROM people WHERE 1 = 0 ORDER BY id",
     kEqual},
    {"in HAVING", kBasic, kString,
     "SELECT id FROM people GROUP BY id, name HAVING name = ${v} ORDER BY id", kEqual},
    {"in a JOIN", kBasic, kString,
     "SELECT a.id AS id FROM people a JOIN people b ON a.id = b.id AND b.name = ${v} ORDER BY a.id",
     kEqual},
    {"in the order", kBasic, kString,
     "SELECT id FROM people ORDER BY CASE WHEN name = ${v} THEN 0 ELSE 0 END, id", kAll},
    {"not equal", kBasic, kString, "SELECT id FROM people WHERE name <> ${v} ORDER BY id", kOthers},
    {"integer", kBasic, kLong, "SELECT id FROM people WHERE age = ${v} ORDER BY id", kEqual},
    {"number", kBasic, kDouble, "SELECT id FROM people WHERE score = ${v} ORDER BY id", kEqual},
    {"boolean", kBasic, kBoolean, "SELECT id FROM people WHERE active = ${v} ORDER BY id", kEqual},
    {"if", kAdvanced, kString,
     "SELECT id FROM people <where><if test=\"v != null\">AND name = ${v}</if></where> ORDER BY id",
     kEqual},
    {"if, a test of the value", kAdvanced, kString,
     "SELECT id FROM people <if test=\"v == 'no text of the corpus'\">WHERE 1 = 0</if> ORDER BY id",
     kAll},
    {"when", kAdvanced, kString,
     "SELECT id FROM people WHERE <choose><when test=\"v == 'no text of the corpus'\">1 = 0</when>"
     "<when test=\"v != null\">name = ${v}</when></choose> ORDER BY id",
     kEqual},
    {"otherwise, and a name by choice", kAdvanced, kString,
     "SELECT id FROM <choose><when test=\"v == 'no text of the corpus'\">nothing</when><otherwise>"
     "people</otherwise></choose> WHERE name = ${v} ORDER BY <choose><when test=\"v == 'age'\">age"
     "</when><otherwise>id</otherwise></choose>",
     kEqual},
    {"trim", kAdvanced, kString,
     "SELECT id FROM people <trim prefix=\"WHERE (\" suffix=\")\" prefixOverrides=\"AND|OR\" "
     "suffixOverrides=\"AND|OR\">OR name = ${v} AND</trim> ORDER BY id",
     kEqual},
    {"where, page", kAdvanced, kString,
     "SELECT id FROM people <where>OR name = ${v}</where> ORDER BY id", kEqual, true},
    {"foreach", kAdvanced, kStringList,
     "SELECT id FROM people WHERE name IN <foreach collection=\"v\" item=\"x\" open=\"(\" "
     "separator=\",\" close=\")\">${x}</foreach> ORDER BY id",
     kEqualOrAlice},
    {"foreach with tags within", kAdvanced, kStringList,
     "SELECT id FROM people WHERE <foreach collection=\"v\" item=\"x\" index=\"i\" separator=\" OR "
     "\"><if test=\"x != null and i >= 0\"><trim prefix=\"(\" suffix=\")\">name = #{x}</trim></if>"
     "</foreach> ORDER BY id",
     kEqualOrAlice},
    {"foreach of numbers", kAdvanced, kLongList,
     "SELECT id FROM people WHERE age IN <foreach collection=\"v\" item=\"x\" open=\"(\" "
     "separator=\",\" close=\")\">${x}</foreach> ORDER BY id",
     kEqualOrAlice},
};

const char* column_of(ParameterType type) {
  switch (model::element_of(type)) {
    case kString:
      return "name";
    case kLong:
      return "age";
    case kDouble:
      return "score";
    default:
      return "active";
  }
}
const char* harmless_of(ParameterType type) {
  switch (model::element_of(type)) {
    case kString:
      return "x";
    case kBoolean:
      return "true";
    default:
      return "1";
  }
}
// The second value of a list: with it, a list is never taken apart at commas.
std::string second_of(ParameterType type) {
  return model::element_of(type) == kString ? "Alice" : "30";
}

struct Answer {
  int status;
  std::vector<std::int64_t> ids;
};
Answer read_answer(const call::InProcessResponse& response) {
  const auto json = Json::parse(response.body);
  Answer answer{response.status, {}};
  if (response.status != 200) return answer;
  const auto& data = json["data"];
  for (const auto& row : data.is_object() ? data["rows"] : data) {
    answer.ids.push_back(row["id"].get<std::int64_t>());
  }
  return answer;
}

bool is_argument(const AskedStatement& asked, const Value& value) {
  return std::ranges::any_of(asked.arguments, [&](const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      return cell.type == SLUICE_T_TEXT && to_view(cell.v.s) == *text;
    }
    if (const auto* number = std::get_if<double>(&value)) {
      return cell.type == SLUICE_T_DOUBLE && cell.v.f == *number;
    }
    return (cell.type == SLUICE_T_INT64 || cell.type == SLUICE_T_BOOL) &&
           cell.v.i == std::get<std::int64_t>(value);
  });
}

class ScriptInjection : public testing::TestWithParam<Place> {
 protected:
  model::ApiDefinition make_definition(model::Position position) const {
    const auto& place = GetParam();
    model::ApiDefinition api;
    api.name = "By Script";
    api.path = "/p";
    api.mode = model::ApiMode::kScript;
    api.script = {place.script, place.mode};
    api.method = model::HttpMethod::kPost;
    api.request_parameters = {
        {.name = "v", .type = place.type, .position = position, .default_value = {}}};
    api.response_parameters = {{.name = "id"}};
    api.max_rows = 10'000;
    if (place.is_page) api.shape = model::ResultShape::kPage;
    const auto faults = model::find_faults(api);
    if (!faults.empty()) throw std::runtime_error(faults[0].what);
    return api;
  }
  std::string make_query(const std::string& text) const {
    std::string query = "v=" + encode_percent(text);
    if (model::is_list(GetParam().type)) query += "&v=" + second_of(GetParam().type);
    if (GetParam().is_page) query += "&pageSize=10000";
    return query;
  }
  std::string make_json(const std::string& text) const {
    Json value = text;
    if (model::is_list(GetParam().type)) value = {text, second_of(GetParam().type)};
    return Json{{"v", value}}.dump();
  }
  std::vector<std::int64_t> find(const Value& value) const {
    const auto& place = GetParam();
    using model::Operator;
    std::vector<Value> values = {value};
    if (place.finds == kEqualOrAlice) {
      values.push_back(*read_value(model::element_of(place.type), second_of(place.type)));
    }
    const Question question{column_of(place.type),
                            place.finds == kOthers ? Operator::kNotEqual
                            : values.size() > 1    ? Operator::kIn
                                                   : Operator::kEqual,
                            {},
                            values};
    std::vector<std::int64_t> ids;
    for (const auto& person : people_) {
      if (place.finds == kAll || evaluate(question, person) == true) ids.push_back(person.id);
    }
    return ids;
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> texts;
    for (const auto& statement : house_.asked) texts.push_back(statement.text);
    return texts;
  }

  const std::vector<Person> people_ = make_people(pick_names());
  RecordingHouse house_{make_people_sql(people_)};
};

// Proves: R067
TEST_P(ScriptInjection, AStringStaysAValue) {
  const auto& place = GetParam();
  const auto in_query = house_.make_backend(make_definition(model::Position::kQuery));
  const auto in_body = house_.make_backend(make_definition(model::Position::kBody));
  const auto query = [&](const std::string& text) {
    return read_answer(
        house_.ask(in_query, {.method = "POST", .path = "/p", .query = make_query(text)}));
  };
  const auto json = [&](const std::string& text) {
    return read_answer(house_.ask(in_body, {.method = "POST",
                                            .path = "/p",
                                            .query = place.is_page ? "pageSize=10000" : "",
                                            .headers = {{"Content-Type", "application/json"}},
                                            .body = make_json(text)}));
  };
  ASSERT_EQ(query(harmless_of(place.type)).status, 200);
  const auto statements = asked();
  ASSERT_EQ(statements.size(), place.is_page ? 2u : 1u);
  for (const auto& statement : statements) ASSERT_EQ(statement.find("${"), std::string::npos);

  std::size_t found = 0, refused = 0;
  const auto check = [&](const Answer& answer, const std::optional<Value>& value) {
    if (!value) {
      ++refused;
      EXPECT_EQ(answer.status, 400);
      EXPECT_TRUE(house_.asked.empty());
      return;
    }
    ASSERT_EQ(answer.status, 200);
    const auto meant = find(*value);
    EXPECT_EQ(answer.ids, meant);
    EXPECT_EQ(asked(), statements);
    const bool is_bound = place.finds != kAll ||
                          std::string_view(place.script).find("${v}") != std::string_view::npos;
    if (is_bound) {
      for (const auto& statement : house_.asked) EXPECT_TRUE(is_argument(statement, *value));
    }
    found += !meant.empty();
  };
  for (const auto& text : corpus()) {
    SCOPED_TRACE(text.substr(0, 60));
    const auto value = read_value(model::element_of(place.type), text);
    check(query(text), value);
    // JSON is UTF-8: what is none cannot be sent so.
    if (model::count_characters(text)) check(json(text), value);
  }
  EXPECT_GT(found, 0u) << "nothing was there to be found";
  EXPECT_GT(refused, 0u);
}

INSTANTIATE_TEST_SUITE_P(Places, ScriptInjection, testing::ValuesIn(kPlaces),
                         [](const auto& place) {
                           std::string name;
                           for (const char c : std::string_view(place.param.name)) {
                             if (std::isalpha(static_cast<unsigned char>(c))) name += c;
                             if (c == ' ') name += '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace sluice::tests
