// SPDX-License-Identifier: Apache-2.0
// Every string of the corpus against every operator and type of wizard mode, in every place where a
// request can hold it, over a real SQLite file: it finds the rows that its literal means, or is
// refused as no value; and the statement that the source is asked is the one that a harmless value
// makes, character by character.
#include "model/laws.hpp"
#include "tests/injection/corpus.hpp"
#include "tests/injection/people.hpp"
#include "tests/injection/recording_house.hpp"

#include <sluice/percent.hpp>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <ostream>

namespace sluice::model {
// For the test's name.
void PrintTo(Operator op, std::ostream* out) { *out << to_text(op); }
}  // namespace sluice::model

namespace sluice::tests {
namespace {

using model::LikeMatch;
using model::Operator;
using model::ParameterType;
using model::Position;
using Json = nlohmann::json;

// A value that is none; one that is not allowed; none, behind an escape that is broken.
constexpr std::int64_t kCodes[] = {1108110301, 1108110304, 1108110519};

struct Answer {
  int status;
  std::int64_t code;  // of a refusal
  std::vector<std::int64_t> ids;
};

Answer read_answer(const call::InProcessResponse& response) {
  const auto json = Json::parse(response.body);
  Answer answer{response.status, json.value("errCode", std::int64_t{0}), {}};
  if (response.status != 200) return answer;
  const auto& data = json["data"];
  for (const auto& row : data.is_object() ? data["rows"] : data) {
    answer.ids.push_back(row["id"].get<std::int64_t>());
  }
  return answer;
}

model::ApiDefinition make_definition() {
  model::ApiDefinition api;
  api.table = "people";
  api.method = model::HttpMethod::kPost;
  api.response_parameters = {{.name = "id", .column = "id"}};
  api.order = {{.column = "id"}};
  api.max_rows = 10'000;
  return api;
}

// One parameter "v".
model::ApiDefinition make_definition(const Question& question, ParameterType type,
                                     Position position) {
  auto api = make_definition();
  model::RequestParameter parameter;
  parameter.name = "v";
  parameter.column = question.column;
  parameter.type = type;
  parameter.op = question.op;
  parameter.match = question.match;
  parameter.position = position;
  api.request_parameters = {parameter};
  return api;
}

class Injection : public testing::Test {
 protected:
  std::vector<std::int64_t> find(const Question& question) const {
    std::vector<std::int64_t> ids;
    for (const auto& person : people_) {
      if (evaluate(question, person) == true) ids.push_back(person.id);
    }
    return ids;
  }
  Answer ask(const std::shared_ptr<const snapshot::Backend>& backend,
             const call::InProcessRequest& request) {
    return read_answer(house_.ask(backend, request));
  }
  Answer ask_query(const std::shared_ptr<const snapshot::Backend>& backend, std::string query) {
    return ask(backend, {.method = "POST", .path = "/p", .query = std::move(query)});
  }
  Answer ask_json(const std::shared_ptr<const snapshot::Backend>& backend, const Json& body) {
    return ask(backend, {.method = "POST",
                         .path = "/p",
                         .headers = {{"Content-Type", "application/json"}},
                         .body = body.dump()});
  }
  // What the source was asked; empty: nothing.
  std::string asked() const { return house_.asked.empty() ? "" : house_.asked[0].text; }

  // `text` means `values`, or nothing that the type has: then it is refused with one of the codes
  // and the source is not asked.
  void expect_answer(const Answer& answer, const Question& question,
                     const std::optional<std::vector<Value>>& values,
                     const std::string& statement) {
    if (!values) {
      EXPECT_EQ(answer.status, 400);
      EXPECT_TRUE(std::ranges::count(kCodes, answer.code) > 0) << answer.code;
      EXPECT_EQ(house_.asked.size(), 0u);
      return;
    }
    auto meant = question;
    meant.values = *values;
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.ids, find(meant));
    EXPECT_EQ(house_.asked.size(), 1u);
    EXPECT_EQ(asked(), statement);
  }

  const std::vector<Person> people_ = make_people(pick_names());
  RecordingHouse house_{make_people_sql(people_)};
};

TEST_F(Injection, TheCorpusHasEnoughOfEveryKind) {
  EXPECT_GE(corpus().size(), 300u);
  const auto count = [](const std::function<bool(const std::string&)>& is) {
    return std::ranges::count_if(corpus(), is);
  };
  EXPECT_GE(count([](const auto& s) { return s.find('\'') != s.npos; }), 60);
  EXPECT_GE(count([](const auto& s) { return s.find("--") != s.npos; }), 40);
  EXPECT_GE(count([](const auto& s) { return s.find(';') != s.npos; }), 30);
  EXPECT_GE(count([](const auto& s) { return s.find('\0') != s.npos; }), 5);
  EXPECT_GE(count([](const auto& s) { return s.size() > 1000; }), 8);
  EXPECT_GE(count([](const auto& s) { return !read_value(ParameterType::kString, s); }), 20);
  EXPECT_GE(people_.size(), 100u) << "some of them are names";
}

// What a text of one value means for a type; none: it is refused.
std::optional<std::vector<Value>> read_one(ParameterType type, std::string_view text) {
  const auto value = read_value(type, text);
  if (!value) return {};
  return std::vector<Value>{*value};
}

// A key that stands once is taken apart at commas.
std::optional<std::vector<Value>> read_list(ParameterType type, std::string_view text,
                                            bool is_pair) {
  std::vector<Value> values;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto value = read_value(type, text.substr(begin, end - begin));
    if (!value) return {};
    values.push_back(*value);
    begin = end + 1;
  }
  if (values.size() > 200 || (is_pair && values.size() != 2)) return {};
  return values;
}

constexpr struct {
  ParameterType type, list;
  const char *column, *harmless;
} kTypes[] = {
    {ParameterType::kString, ParameterType::kStringList, "name", "x"},
    {ParameterType::kInt, ParameterType::kIntList, "age", "1"},
    {ParameterType::kLong, ParameterType::kLongList, "age", "1"},
    {ParameterType::kFloat, ParameterType::kFloatList, "score", "1"},
    {ParameterType::kDouble, ParameterType::kDoubleList, "score", "1"},
    {ParameterType::kBoolean, ParameterType::kBooleanList, "active", "true"},
};

// ---- operators that take one value

// A pattern has at most 1000 bytes with its escapes.
bool fits_like(std::string_view text, LikeMatch match) {
  const auto escaped = std::ranges::count_if(text, [&](char c) {
    return c == '!' || (match != LikeMatch::kPattern && (c == '%' || c == '_'));
  });
  const int open = match == LikeMatch::kContains                                ? 2
                   : match == LikeMatch::kPrefix || match == LikeMatch::kSuffix ? 1
                                                                                : 0;
  return static_cast<std::ptrdiff_t>(text.size()) + escaped + open <= 1000;
}

// "NOT LIKE" -> "NotLike", ">=" -> "AtLeast": a test has a word for its name.
std::string name_operator(Operator op) {
  constexpr const char* kWords[] = {"Equal",   "NotEqual", "Greater",  "AtLeast", "Less",
                                    "AtMost",  "Like",     "NotLike",  "In",      "NotIn",
                                    "Between", "IsNull",   "IsNotNull"};
  return kWords[static_cast<int>(op)];
}

struct OneValue {
  Operator op;
  LikeMatch match;
};
void PrintTo(const OneValue& one, std::ostream* out) {
  *out << to_text(one.op) << ' ' << to_text(one.match);
}
class OneValueOperator : public Injection, public testing::WithParamInterface<OneValue> {};

// Proves: R087
TEST_P(OneValueOperator, FindsWhatTheLiteralMeans) {
  const auto [op, match] = GetParam();
  for (const auto& type : kTypes) {
    const bool is_like = op == Operator::kLike || op == Operator::kNotLike;
    if (is_like && type.type != ParameterType::kString) continue;
    const bool is_null = op == Operator::kIsNull || op == Operator::kIsNotNull;
    const auto value_type = is_null ? ParameterType::kBoolean : type.type;
    const Question question{type.column, op, match, {}};
    const auto in_query =
        house_.make_backend(make_definition(question, value_type, Position::kQuery));
    const auto in_body =
        house_.make_backend(make_definition(question, value_type, Position::kBody));
    std::map<std::string, std::string> statements;  // by the harmless value
    for (const std::string& text : corpus()) {
      SCOPED_TRACE(std::string(to_text(op)) + " " + std::string(to_text(type.type)) + " " +
                   text.substr(0, 60));
      auto values = read_one(value_type, text);
      if (is_like && !fits_like(text, match)) values.reset();
      const std::string harmless =
          is_null ? (values && (*values)[0] == Value(0) ? "false" : "true") : type.harmless;
      auto& statement = statements[harmless];
      if (statement.empty()) {
        ask_query(in_query, "v=" + harmless);
        statement = asked();
      }
      ASSERT_NE(statement, "");
      expect_answer(ask_query(in_query, "v=" + encode_percent(text)), question, values, statement);
      expect_answer(
          ask(in_body, {.method = "POST",
                        .path = "/p",
                        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                        .body = "v=" + encode_percent(text)}),
          question, values, statement);
      // JSON is UTF-8 by itself; its texts may say NUL.
      if (read_value(ParameterType::kString, text) || text.find('\0') != std::string::npos) {
        try {
          expect_answer(ask_json(in_body, {{"v", text}}), question, values, statement);
        } catch (const Json::exception&) {  // not UTF-8 beside its NUL: no JSON text has it
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Wizard, OneValueOperator,
                         testing::Values(OneValue{Operator::kEqual, LikeMatch::kExact},
                                         OneValue{Operator::kNotEqual, LikeMatch::kExact},
                                         OneValue{Operator::kGreater, LikeMatch::kExact},
                                         OneValue{Operator::kGreaterOrEqual, LikeMatch::kExact},
                                         OneValue{Operator::kLess, LikeMatch::kExact},
                                         OneValue{Operator::kLessOrEqual, LikeMatch::kExact},
                                         OneValue{Operator::kLike, LikeMatch::kExact},
                                         OneValue{Operator::kLike, LikeMatch::kPrefix},
                                         OneValue{Operator::kLike, LikeMatch::kSuffix},
                                         OneValue{Operator::kLike, LikeMatch::kContains},
                                         OneValue{Operator::kLike, LikeMatch::kPattern},
                                         OneValue{Operator::kNotLike, LikeMatch::kContains},
                                         OneValue{Operator::kNotLike, LikeMatch::kPattern},
                                         OneValue{Operator::kIsNull, LikeMatch::kExact},
                                         OneValue{Operator::kIsNotNull, LikeMatch::kExact}),
                         [](const auto& wanted) {
                           return name_operator(wanted.param.op) + "_" +
                                  std::string(to_text(wanted.param.match));
                         });

// ---- operators that take a list

class ListOperator : public Injection, public testing::WithParamInterface<Operator> {};

// Proves: R087
TEST_P(ListOperator, FindsWhatTheLiteralsMean) {
  const Operator op = GetParam();
  const bool is_pair = op == Operator::kBetween;
  for (const auto& type : kTypes) {
    const Question question{type.column, op, LikeMatch::kExact, {}};
    const auto in_query =
        house_.make_backend(make_definition(question, type.list, Position::kQuery));
    const auto in_body = house_.make_backend(make_definition(question, type.list, Position::kBody));
    std::map<std::size_t, std::string> statements;  // by the number of values
    const auto ask_harmless = [&](std::size_t count) {
      auto& statement = statements[count];
      if (!statement.empty()) return statement;
      std::string list = type.harmless;
      for (std::size_t i = 1; i < count; ++i) list += std::string(",") + type.harmless;
      ask_query(in_query, "v=" + list);
      return statement = asked();
    };
    for (const std::string& text : corpus()) {
      SCOPED_TRACE(std::string(to_text(op)) + " " + std::string(to_text(type.list)) + " " +
                   text.substr(0, 60));
      const auto encoded = encode_percent(text);
      // Once: commas separate. A comma that is encoded separates too: it is decoded before.
      const auto split = read_list(type.list, text, is_pair);
      const auto split_statement = split ? ask_harmless(split->size()) : "";
      expect_answer(ask_query(in_query, "v=" + encoded), question, split, split_statement);
      // Twice: each is a value as it is.
      auto whole = read_one(type.list, text);
      if (whole) whole->push_back(whole->front());
      const auto statement = ask_harmless(2);
      expect_answer(ask_query(in_query, "v=" + encoded + "&v=" + encoded), question, whole,
                    statement);
      if (!read_value(ParameterType::kString, text)) continue;
      expect_answer(ask_json(in_body, {{"v", Json::array({text, text})}}), question, whole,
                    statement);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Wizard, ListOperator,
                         testing::Values(Operator::kIn, Operator::kNotIn, Operator::kBetween),
                         [](const auto& wanted) { return name_operator(wanted.param); });

// ---- everything that is no condition: order, paging, unknown parameters

class Surroundings : public Injection {};

TEST_F(Surroundings, TakeNoTextOfTheCallerIntoAStatement) {
  auto api = make_definition();
  api.shape = model::ResultShape::kPage;
  api.key_columns = {"id"};
  api.caller_order = {"orderBy", {{"by_name", "name"}, {"by_age", "age"}}};
  const auto by_number = house_.make_backend(api);
  api.paging = model::Paging::kCursor;
  const auto by_cursor = house_.make_backend(api);
  ask_query(by_number, "returnTotalNum=false");
  const auto statement = asked();
  for (const std::string& text : corpus()) {
    SCOPED_TRACE(text.substr(0, 60));
    const auto encoded = encode_percent(text);
    const auto refused = [&](const Answer& answer) {
      EXPECT_EQ(answer.status, 400);
      EXPECT_EQ(house_.asked.size(), 0u);
    };
    refused(ask_query(by_number, "orderBy=" + encoded));
    refused(ask_query(by_number, "orderBy=by_name:" + encoded));
    refused(ask_query(by_number, "orderBy=by_name," + encoded));
    refused(ask_query(by_cursor, "cursor=" + encoded));
    const auto number = read_value(ParameterType::kLong, text);
    for (const char* name : {"pageNum", "pageSize"}) {
      const auto most = std::string_view(name) == "pageNum" ? 1'000'000'000 : 10'000;
      const auto answer =
          ask_query(by_number, "returnTotalNum=false&" + std::string(name) + "=" + encoded);
      if (!number || *number < Value(1) || *number > Value(most)) {
        refused(answer);
      } else {
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(asked(), statement);
      }
    }
    // A name that nobody knows changes nothing.
    EXPECT_EQ(ask_query(by_number, "returnTotalNum=false&" + encoded + "=1").status, 200);
    EXPECT_EQ(asked(), statement);
  }
}

// The string as it is, not encoded: a broken escape is refused, a right one is decoded once.
TEST_F(Surroundings, AreDecodedOnce) {
  const Question question{"name", Operator::kEqual, LikeMatch::kExact, {}};
  const auto backend =
      house_.make_backend(make_definition(question, ParameterType::kString, Position::kQuery));
  ask_query(backend, "v=x");
  const auto statement = asked();
  for (const std::string& text : corpus()) {
    if (text.find('&') != std::string::npos) continue;  // another parameter begins there
    SCOPED_TRACE(text.substr(0, 60));
    std::optional<std::string> decoded = "";
    for (std::size_t i = 0; i < text.size() && decoded; ++i) {
      if (text[i] != '%') {
        *decoded += text[i] == '+' ? ' ' : text[i];
        continue;
      }
      const auto digits = text.substr(i + 1, 2);
      const bool is_hex = digits.size() == 2 &&
                          digits.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
      if (is_hex) {
        *decoded += static_cast<char>(std::stoi(digits, nullptr, 16));
        i += 2;
      } else {
        decoded.reset();
      }
    }
    const auto values = decoded ? read_one(ParameterType::kString, *decoded) : std::nullopt;
    expect_answer(ask_query(backend, "v=" + text), question, values, statement);
  }
}

TEST_F(Surroundings, AreJsonOrRefused) {
  const Question question{"name", Operator::kEqual, LikeMatch::kExact, {}};
  const auto backend =
      house_.make_backend(make_definition(question, ParameterType::kString, Position::kBody));
  ask_json(backend, {{"v", "x"}});
  const auto statement = asked();
  for (const std::string& text : corpus()) {
    SCOPED_TRACE(text.substr(0, 60));
    // As the value itself, and glued into a text as a careless client does.
    for (const auto& body : {"{\"v\":" + text + "}", "{\"v\":\"" + text + "\"}", text}) {
      const auto json = Json::parse(body, nullptr, false);
      const auto answer = ask(backend, {.method = "POST",
                                        .path = "/p",
                                        .headers = {{"Content-Type", "application/json"}},
                                        .body = body});
      const bool is_member =
          json.is_object() && json.contains("v") && !json["v"].is_structured() &&
          !json["v"].is_null() &&
          std::ranges::none_of(json, [](const Json& m) { return m.is_object(); });
      if (!is_member) {
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(house_.asked.size(), 0u);
      } else if (json["v"].is_string()) {
        expect_answer(answer, question,
                      read_one(ParameterType::kString, json["v"].get<std::string>()), statement);
      } else {
        EXPECT_EQ(answer.status, 200) << "a number's or a boolean's text";
        EXPECT_EQ(asked(), statement);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::tests
