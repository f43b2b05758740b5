// SPDX-License-Identifier: Apache-2.0
// Wizard mode over a real SQLite file, compared with a second opinion of what is asked: operators,
// groups, orders, pages by number and by cursor.
#include "model/laws.hpp"
#include "tests/injection/people.hpp"
#include "tests/injection/recording_house.hpp"

#include <sluice/percent.hpp>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sqlite3.h>

#include <algorithm>
#include <functional>
#include <random>

namespace sluice::tests {
namespace {

using namespace model;
using enum ParameterType;
using Json = nlohmann::json;
using Ids = std::vector<std::int64_t>;

struct Page {
  int status = 0;
  Ids ids;
  Json data;
};

Page read_page(const call::InProcessResponse& response) {
  const auto json = Json::parse(response.body);
  Page page{response.status, {}, json["data"]};
  if (response.status != 200) return page;
  for (const auto& row : page.data.is_object() ? page.data["rows"] : page.data) {
    page.ids.push_back(row["id"].get<std::int64_t>());
  }
  return page;
}

ApiDefinition make_definition() {
  ApiDefinition api;
  api.table = "people";
  api.response_parameters = {{.name = "id", .column = "id"}};
  api.order = {{.column = "id"}};
  api.max_rows = 10'000;
  return api;
}

class Wizard : public testing::Test {
 protected:
  Page ask(const std::shared_ptr<const snapshot::Backend>& backend, const std::string& query) {
    return read_page(house_.ask(backend, {.path = "/p", .query = query}));
  }
  Ids find(const std::function<std::optional<bool>(const Person&)>& is_meant) const {
    Ids ids;
    for (const auto& person : people_) {
      if (is_meant(person) == true) ids.push_back(person.id);
    }
    return ids;
  }

  const std::vector<Person> people_ = make_people({"Carol", "carol", "Dan", "Dan", "Eve", "eVe"});
  RecordingHouse house_{make_people_sql(people_)};
};

// Proves: R084, R087
TEST_F(Wizard, EveryOperatorOfEveryTypeFindsWhatItSays) {
  const struct {
    ParameterType type, list;
    const char* column;
    std::vector<std::string> values;
  } types[] = {
      {kString,
       kStringList,
       "name",
       {"Alice", "alice", "Bob", "", "%", "A_ice", "100%", "zzz", "\xe7\x94\xa8\xe6\x88\xb7"}},
      {kInt, kIntList, "age", {"31", "0", "-1", "2147483647", "-2147483648", "7"}},
      {kLong, kLongList, "age", {"31", "9223372036854775807", "-9223372036854775808", "3"}},
      {kFloat, kFloatList, "score", {"1.5", "-2.25", "0", "100", "-0.0"}},
      {kDouble, kDoubleList, "score", {"1.5", "0.1", "1e300", "9007199254740993", "-0.5"}},
      {kBoolean, kBooleanList, "active", {"true", "false", "1", "0"}},
  };
  int asked = 0;
  for (const auto& type : types) {
    for (int n = 0; n <= static_cast<int>(Operator::kIsNotNull); ++n) {
      const auto op = static_cast<Operator>(n);
      const bool is_like = op == Operator::kLike || op == Operator::kNotLike;
      const bool is_null = op == Operator::kIsNull || op == Operator::kIsNotNull;
      const bool is_list =
          op == Operator::kIn || op == Operator::kNotIn || op == Operator::kBetween;
      if (is_like && type.type != kString) continue;
      auto api = make_definition();
      RequestParameter parameter;
      parameter.name = "v";
      parameter.column = type.column;
      parameter.type = is_null ? kBoolean : is_list ? type.list : type.type;
      parameter.op = op;
      api.request_parameters = {parameter};
      const auto backend = house_.make_backend(api);
      const auto values = is_null ? std::vector<std::string>{"true", "false"} : type.values;
      for (const auto& first : values) {
        for (const auto& second : is_list ? values : std::vector<std::string>{""}) {
          SCOPED_TRACE(std::string(type.column) + " " + std::string(to_text(op)) + " " + first +
                       " " + second);
          Question question{type.column, op, LikeMatch::kExact, {}};
          question.values.push_back(*read_value(parameter.type, first));
          std::string query = "v=" + encode_percent(first);
          if (is_list) {
            question.values.push_back(*read_value(parameter.type, second));
            query += "&v=" + encode_percent(second);
          }
          const auto page = ask(backend, query);
          ASSERT_EQ(page.status, 200);
          EXPECT_EQ(page.ids, find([&](const auto& p) { return evaluate(question, p); }));
          ++asked;
        }
      }
    }
  }
  EXPECT_GT(asked, 500);
}

// ---- groups: three-valued logic over random trees

std::optional<bool> join_all(std::optional<bool> a, std::optional<bool> b) {
  if (a == false || b == false) return false;
  return a && b ? std::optional(true) : std::nullopt;
}
std::optional<bool> join_any(std::optional<bool> a, std::optional<bool> b) {
  if (a == true || b == true) return true;
  return a && b ? std::optional(false) : std::nullopt;
}

struct Meaning {
  bool is_there = false;
  std::optional<bool> truth;
};

TEST_F(Wizard, GroupsMeanWhatTheySayForEveryCombinationOfParameters) {
  std::mt19937 random(4);
  const auto roll = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const struct {
    const char* column;
    ParameterType type;
    Operator op;
    std::vector<std::string> values;
  } kinds[] = {
      {"name", kString, Operator::kLike, {"Alice", "Dan", "zzz"}},
      {"name", kStringList, Operator::kIn, {"Alice,Bob", "Eve,Dan,Carol", "x"}},
      {"age", kLong, Operator::kGreater, {"0", "31", "-5"}},
      {"age", kLongList, Operator::kBetween, {"0,31", "-9,9"}},
      {"score", kDouble, Operator::kLessOrEqual, {"0", "2.5"}},
      {"active", kBoolean, Operator::kNotEqual, {"true", "false"}},
      {"age", kBoolean, Operator::kIsNull, {"true", "false"}},
  };
  for (int round = 0; round < 150; ++round) {
    auto api = make_definition();
    std::vector<int> kind_of;
    const int parameters = 1 + roll(6);
    for (int i = 0; i < parameters; ++i) {
      const int kind = roll(std::size(kinds));
      kind_of.push_back(kind);
      RequestParameter parameter;
      parameter.name = "p" + std::to_string(i);
      parameter.column = kinds[kind].column;
      parameter.type = kinds[kind].type;
      parameter.op = kinds[kind].op;
      parameter.required = false;
      api.request_parameters.push_back(parameter);
    }
    const bool has_fixed = roll(3) == 0;
    if (has_fixed) {
      api.fixed_conditions = {{.name = "fixed",
                               .column = "id",
                               .type = kLongList,
                               .op = Operator::kNotIn,
                               .value = "1,3,8"}};
    }
    std::vector<Condition> leaves;
    for (const auto& p : api.request_parameters) leaves.push_back({p.name});
    if (has_fixed) leaves.push_back({"fixed"});
    std::shuffle(leaves.begin(), leaves.end(), random);
    // Some of them go into a group, again and again.
    for (int i = 0; i < 4 && leaves.size() > 1; ++i) {
      const auto take = 1 + static_cast<std::size_t>(roll(static_cast<int>(leaves.size())));
      Condition group{"", roll(2) ? Join::kAll : Join::kAny, {}};
      group.items.assign(leaves.end() - static_cast<std::ptrdiff_t>(take), leaves.end());
      leaves.resize(leaves.size() - take);
      leaves.push_back(group);
    }
    api.conditions = {"", roll(2) ? Join::kAll : Join::kAny, leaves};
    const auto backend = house_.make_backend(api);

    for (int call = 0; call < 12; ++call) {
      std::string query;
      std::vector<std::optional<Question>> sent(kind_of.size());
      for (std::size_t i = 0; i < kind_of.size(); ++i) {
        const auto& kind = kinds[kind_of[i]];
        if (roll(2)) continue;
        const auto& value =
            kind.values[static_cast<std::size_t>(roll(static_cast<int>(kind.values.size())))];
        query += "&p" + std::to_string(i) + "=" + encode_percent(value);
        Question question{kind.column, kind.op, LikeMatch::kExact, {}};
        for (std::size_t begin = 0; begin <= value.size();) {
          const auto end =
              is_list(kind.type) ? std::min(value.find(',', begin), value.size()) : value.size();
          question.values.push_back(*read_value(kind.type, value.substr(begin, end - begin)));
          begin = end + 1;
        }
        sent[i] = question;
      }
      const auto judge = [&](const auto& self, const Condition& condition,
                             const Person& person) -> Meaning {
        if (condition.name == "fixed") {
          return {true, person.id != 1 && person.id != 3 && person.id != 8};
        }
        if (!condition.name.empty()) {
          const auto& question = sent[static_cast<std::size_t>(condition.name[1] - '0')];
          return question ? Meaning{true, evaluate(*question, person)} : Meaning{};
        }
        Meaning all;
        for (const auto& item : condition.items) {
          const auto one = self(self, item, person);
          if (!one.is_there) continue;
          all.truth = !all.is_there                  ? one.truth
                      : condition.join == Join::kAll ? join_all(all.truth, one.truth)
                                                     : join_any(all.truth, one.truth);
          all.is_there = true;
        }
        return all;
      };
      const auto page = ask(backend, query);
      ASSERT_EQ(page.status, 200);
      EXPECT_EQ(page.ids, find([&](const Person& person) {
                  const auto meaning = judge(judge, api.conditions, person);
                  return meaning.is_there ? meaning.truth : std::optional(true);
                }))
          << house_.asked.at(0).text;
    }
  }
}

// ---- order and pages

// As SQLite sorts: NULL below everything.
bool comes_before(const Person& a, const Person& b, const std::vector<OrderKey>& order) {
  for (const auto& key : order) {
    if (key.column == "id") {
      if (a.id == b.id) continue;
      return (a.id < b.id) == (key.direction == Direction::kAscending);
    }
    const Field &x = a.column(key.column), &y = b.column(key.column);
    if (x == y) continue;
    const bool is_less = !x || (y && *x < *y);
    return is_less == (key.direction == Direction::kAscending);
  }
  return false;
}

class Ordered : public Wizard {
 protected:
  Ids sort(std::vector<OrderKey> order) const {
    order.push_back({"id", order.empty() ? Direction::kAscending : order.back().direction});
    auto sorted = people_;
    std::ranges::stable_sort(
        sorted, [&](const auto& a, const auto& b) { return comes_before(a, b, order); });
    Ids ids;
    for (const auto& person : sorted) ids.push_back(person.id);
    return ids;
  }
  ApiDefinition make_pages(Paging paging) const {
    auto api = make_definition();
    api.shape = ResultShape::kPage;
    api.paging = paging;
    api.key_columns = {"id"};
    api.order = {};
    api.caller_order = {
        "orderBy", {{"who", "name"}, {"age", "age"}, {"score", "score"}, {"active", "active"}}};
    return api;
  }
  static std::vector<std::vector<OrderKey>> list_orders() {
    std::vector<std::vector<OrderKey>> orders = {{}};
    for (const char* first : {"name", "age", "score", "active"}) {
      for (const auto one : {Direction::kAscending, Direction::kDescending}) {
        orders.push_back({{first, one}});
        for (const char* second : {"age", "active"}) {
          if (std::string_view(first) == second) continue;
          for (const auto two : {Direction::kAscending, Direction::kDescending}) {
            orders.push_back({{first, one}, {second, two}});
          }
        }
      }
    }
    return orders;
  }
  static std::string write_order(const std::vector<OrderKey>& order) {
    std::string text;
    for (const auto& key : order) {
      text += text.empty() ? "&orderBy=" : ",";
      text += (key.column == "name" ? "who" : key.column) +
              (key.direction == Direction::kDescending ? ":desc" : "");
    }
    return text;
  }
};

TEST_F(Ordered, PagesByNumberHoldEveryRowOnceInOrder) {
  const auto backend = house_.make_backend(make_pages(Paging::kNumber));
  for (const auto& order : list_orders()) {
    SCOPED_TRACE(write_order(order));
    Ids seen;
    for (int number = 1; number < 20; ++number) {
      const auto page =
          ask(backend, "pageSize=4&pageNum=" + std::to_string(number) + write_order(order));
      ASSERT_EQ(page.status, 200);
      EXPECT_EQ(page.data["totalNum"], people_.size());
      EXPECT_EQ(page.data["pageNum"], number);
      seen.insert(seen.end(), page.ids.begin(), page.ids.end());
    }
    EXPECT_EQ(seen, sort(order));
  }
}

TEST_F(Ordered, TheTotalIsCountedOnlyWhenItIsWanted) {
  const auto by_number = house_.make_backend(make_pages(Paging::kNumber));
  const auto by_cursor = house_.make_backend(make_pages(Paging::kCursor));
  const struct {
    const std::shared_ptr<const snapshot::Backend>& backend;
    const char* query;
    bool is_counted;
  } cases[] = {
      {by_number, "", true},
      {by_number, "returnTotalNum=true", true},
      {by_number, "returnTotalNum=false", false},
      {by_cursor, "", false},
      {by_cursor, "returnTotalNum=false", false},
      {by_cursor, "returnTotalNum=true", true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.query);
    const auto page = ask(c.backend, c.query);
    EXPECT_EQ(page.data.contains("totalNum"), c.is_counted);
    EXPECT_EQ(house_.asked.size(), c.is_counted ? 2u : 1u);
    EXPECT_EQ(page.data["pageSize"], 10);
  }
}

// Ties, NULL in every column, both directions, every size of page.
TEST_F(Ordered, PagesByCursorHoldEveryRowOnceInOrder) {
  const auto backend = house_.make_backend(make_pages(Paging::kCursor));
  for (const auto& order : list_orders()) {
    for (const int size : {1, 2, 5, 20, 21, 22}) {
      SCOPED_TRACE(write_order(order) + " by " + std::to_string(size));
      Ids seen;
      std::string cursor;
      for (int pages = 0; pages < 30; ++pages) {
        const auto page =
            ask(backend, "pageSize=" + std::to_string(size) + write_order(order) + cursor);
        ASSERT_EQ(page.status, 200);
        EXPECT_FALSE(page.data.contains("pageNum"));
        seen.insert(seen.end(), page.ids.begin(), page.ids.end());
        if (page.data["nextCursor"].is_null()) break;
        EXPECT_EQ(page.ids.size(), static_cast<std::size_t>(size));
        cursor = "&cursor=" + page.data["nextCursor"].get<std::string>();
      }
      EXPECT_EQ(seen, sort(order));
    }
  }
}

TEST_F(Ordered, ACursorThatWasChangedOrBelongsElsewhereIsRefused) {
  const auto backend = house_.make_backend(make_pages(Paging::kCursor));
  const auto first = ask(backend, "pageSize=3&orderBy=age");
  const auto cursor = first.data["nextCursor"].get<std::string>();
  EXPECT_EQ(ask(backend, "orderBy=age&cursor=" + cursor).status, 200);
  EXPECT_EQ(ask(backend, "orderBy=age:desc&cursor=" + cursor).status, 400);
  EXPECT_EQ(ask(backend, "cursor=" + cursor).status, 400);
  EXPECT_EQ(ask(backend, "orderBy=age&pageNum=2&cursor=" + cursor).status, 400);
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    auto changed = cursor;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto page = ask(backend, "orderBy=age&cursor=" + changed);
    EXPECT_EQ(page.status, 400) << i;
    EXPECT_TRUE(house_.asked.empty());
  }
}

// The rows behind a cursor do not shift when rows before it come and go.
TEST_F(Ordered, ACursorStaysWhereItWas) {
  const auto backend = house_.make_backend(make_pages(Paging::kCursor));
  const auto first = ask(backend, "pageSize=5");
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(house_.database().c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "DELETE FROM people WHERE id < 6; INSERT INTO people(id) VALUES (-1), (-2)",
               nullptr, nullptr, nullptr);
  sqlite3_close(db);
  const auto second =
      ask(backend, "pageSize=5&cursor=" + first.data["nextCursor"].get<std::string>());
  EXPECT_EQ(second.ids, (Ids{6, 7, 8, 9, 10}));
}

// ---- page 10 000

class ManyRows : public testing::Test {
 protected:
  static constexpr int kRows = 120'000, kGroups = 12;

  // Steps of SQLite's machine for what the source was asked last.
  int count_steps() const {
    sqlite3* db = nullptr;
    sqlite3_open_v2(house_.database().c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
    sqlite3_stmt* statement = nullptr;
    const auto& asked = house_.asked.back();
    EXPECT_EQ(sqlite3_prepare_v2(db, asked.text.c_str(), -1, &statement, nullptr), SQLITE_OK);
    int place = 0;
    for (const Cell& cell : asked.arguments) {
      EXPECT_EQ(cell.type, std::uint32_t{SLUICE_T_INT64});
      sqlite3_bind_int64(statement, ++place, cell.v.i);
    }
    while (sqlite3_step(statement) == SQLITE_ROW) {
    }
    const int steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return steps;
  }
  Page ask(const std::shared_ptr<const snapshot::Backend>& backend, const std::string& query) {
    return read_page(house_.ask(backend, {.path = "/p", .query = query}));
  }

  RecordingHouse house_{
      "CREATE TABLE people (id INTEGER PRIMARY KEY, team INTEGER NOT NULL); WITH RECURSIVE n(i) AS "
      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(kRows) + ") INSERT INTO people SELECT i, i % " + std::to_string(kGroups) +
      " FROM n; CREATE INDEX by_team ON people(team);"};
};

TEST_F(ManyRows, PageTenThousandTakesAsManyStepsAsPageOne) {
  const struct {
    const char* name;
    std::vector<OrderKey> order;
  } cases[] = {
      {"by the key", {}},
      {"with ten thousand ties", {{"team", Direction::kAscending}}},
      {"downwards", {{"team", Direction::kDescending}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto api = make_definition();
    api.shape = ResultShape::kPage;
    api.paging = Paging::kCursor;
    api.key_columns = {"id"};
    api.order = c.order;
    const auto backend = house_.make_backend(api);
    std::string cursor;
    int first = 0, second = 0;
    // Ten pages of ten thousand rows less ten: the next one of ten is the ten-thousandth.
    for (int i = 0; i < 10; ++i) {
      if (i == 0) {
        const auto page = ask(backend, "pageSize=10");
        first = count_steps();
        ask(backend, "pageSize=10&cursor=" + page.data["nextCursor"].get<std::string>());
        second = count_steps();
      }
      const auto size = i == 9 ? "9990" : "10000";
      const auto page = ask(backend, std::string("pageSize=") + size + cursor);
      ASSERT_EQ(page.status, 200);
      cursor = "&cursor=" + page.data["nextCursor"].get<std::string>();
    }
    const auto page = ask(backend, "pageSize=10" + cursor);
    ASSERT_EQ(page.ids.size(), 10u);
    const int last = count_steps();
    EXPECT_LT(last, second + 40) << house_.asked.back().text;
    EXPECT_LT(last, 5 * first) << house_.asked.back().text;
    // What it spares: the same page by its number walks over all rows before it.
    api.paging = Paging::kNumber;
    const auto by_number = house_.make_backend(api);
    EXPECT_EQ(ask(by_number, "pageSize=10&pageNum=10000&returnTotalNum=false").ids, page.ids);
    EXPECT_GT(count_steps(), 100 * last);
  }
}

// Proves: R095
TEST_F(ManyRows, AnAnswerHasNoMoreRecordsThanTheDefinitionSays) {
  auto api = make_definition();
  for (const std::int64_t most : {1, 2000, 10'000}) {
    api.max_rows = most;
    EXPECT_EQ(ask(house_.make_backend(api), "").ids.size(), static_cast<std::size_t>(most));
  }
}

}  // namespace
}  // namespace sluice::tests
