// SPDX-License-Identifier: Apache-2.0
// The engine of script mode: what a script renders to, and what it refuses and where.
#include "script/script.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <list>
#include <map>
#include <memory>
#include <optional>

namespace sluice::script {
namespace {

// ---- values as a test writes them: "a=1" a number, "a='x'" a text, "a=[1,2]", "a=['x','y']",
// "a=true", "a=1.5"; parameters that are not named are absent
class Given {
 public:
  explicit Given(std::string_view text) {
    while (!text.empty()) {
      auto end = text.find("; ");
      const auto part = text.substr(0, end);
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
      const auto equals = part.find('=');
      auto& cells = cells_[std::string(part.substr(0, equals))];
      auto value = part.substr(equals + 1);
      if (value.starts_with('[')) {
        cells.is_list = true;
        value = value.substr(1, value.size() - 2);
        while (!value.empty()) {
          const auto comma = value.find(',');
          cells.cells.push_back(make_cell(value.substr(0, comma)));
          value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
        }
      } else {
        cells.cells.push_back(make_cell(value));
      }
    }
  }
  Value find(const std::string& name) const {
    const auto it = cells_.find(name);
    if (it == cells_.end()) return {};
    return {it->second.is_list ? Value::State::kList : Value::State::kScalar, it->second.cells};
  }

 private:
  struct Cells {
    bool is_list = false;
    std::vector<Cell> cells;
  };
  Cell make_cell(std::string_view text) {
    if (text.starts_with('\'')) {
      return make_text(texts_.emplace_back(text.substr(1, text.size() - 2)));
    }
    if (text == "true" || text == "false") return make_bool(text == "true");
    if (text.find('.') != std::string_view::npos) {
      return make_double(std::strtod(std::string(text).c_str(), nullptr));
    }
    return make_int64(std::atoll(std::string(text).c_str()));
  }
  std::map<std::string, Cells> cells_;
  std::list<std::string> texts_;
};

struct Memory {
  std::vector<std::unique_ptr<char[]>> blocks;
  std::size_t left = std::size_t{1} << 20;
  static void* allocate(void* user, std::size_t bytes) {
    auto& self = *static_cast<Memory*>(user);
    if (bytes > self.left) return nullptr;
    self.left -= bytes;
    return self.blocks.emplace_back(std::make_unique<char[]>(bytes)).get();
  }
};

std::string to_text(const Cell& cell) {
  switch (cell.type) {
    case SLUICE_T_NULL:
      return "null";
    case SLUICE_T_BOOL:
      return cell.v.i ? "true" : "false";
    case SLUICE_T_INT64:
      return std::to_string(cell.v.i);
    case SLUICE_T_DOUBLE:
      return std::to_string(cell.v.f).substr(0, 4);
    default:
      return "'" + std::string(to_view(cell.v.s)) + "'";
  }
}

std::string render(const Script& script, std::string_view given_text, char placeholder = '?') {
  const Given given(given_text);
  std::vector<Value> values;
  for (const auto& use : script.parameters()) values.push_back(given.find(use.parameter.name));
  Memory memory;
  Writer writer({&Memory::allocate, &memory}, placeholder);
  const auto refusal = script.render(values, writer);
  switch (refusal.reason) {
    case Refusal::Reason::kNone:
      break;
    case Refusal::Reason::kListMissing:
      return "missing " + script.parameters()[refusal.parameter].parameter.name;
    case Refusal::Reason::kListEmpty:
      return "empty " + script.parameters()[refusal.parameter].parameter.name;
    case Refusal::Reason::kTooManyItems:
      return "too many items";
    case Refusal::Reason::kTooManySteps:
      return "too many steps";
    case Refusal::Reason::kWriter:
      return writer.state() == Writer::State::kTooLong            ? "too long"
             : writer.state() == Writer::State::kTooManyArguments ? "too many arguments"
                                                                  : "no memory";
  }
  std::string text(writer.text());
  std::string arguments;
  for (const auto& cell : writer.arguments()) {
    arguments += (arguments.empty() ? "" : ", ") + to_text(cell);
  }
  return arguments.empty() ? text : text + " -- " + arguments;
}

std::string to_text(const std::vector<Fault>& faults) {
  std::string text;
  for (const auto& fault : faults) {
    text += std::to_string(fault.line) + ":" + std::to_string(fault.column) + " " + fault.rule +
            ": " + fault.what + "\n";
  }
  return text;
}

std::string parse_and_render(std::string_view text, Mode mode, std::string_view given) {
  const auto parsed = parse(text, mode);
  if (!parsed.script) return to_text(parsed.faults);
  return render(*parsed.script, given);
}

struct Rendering {
  const char *name, *script, *given, *statement;
};

// Proves: R067
TEST(ScriptEngine, BasicModeBindsEveryParameterWhereItStands) {
  const Rendering cases[] = {
      {"none", "SELECT id FROM t", "", "SELECT id FROM t"},
      {"one", "SELECT id FROM t WHERE id = ${id}", "id=7", "SELECT id FROM t WHERE id = ?1 -- 7"},
      {"both spellings", "SELECT id FROM t WHERE a = #{a} AND b = ${b}", "a='x'; b=2.5",
       "SELECT id FROM t WHERE a = ?1 AND b = ?2 -- 'x', 2.50"},
      {"twice", "SELECT id FROM t WHERE a = ${a} OR b = ${a}", "a=1",
       "SELECT id FROM t WHERE a = ?1 OR b = ?2 -- 1, 1"},
      {"blanks inside", "SELECT id FROM t WHERE a = ${ a }", "a=1",
       "SELECT id FROM t WHERE a = ?1 -- 1"},
      {"a text is never text of the statement", "SELECT id FROM t WHERE a = ${a}",
       "a='' OR 1=1 --'", "SELECT id FROM t WHERE a = ?1 -- '' OR 1=1 --'"},
      {"in the select list, as a value",
       "SELECT SUM(CASE WHEN c LIKE ${p} THEN 1 ELSE 0 END) AS n FROM t", "p='a%'",
       "SELECT SUM(CASE WHEN c LIKE ?1 THEN 1 ELSE 0 END) AS n FROM t -- 'a%'"},
      {"absent is NULL", "SELECT id FROM t WHERE a = ${a}", "",
       "SELECT id FROM t WHERE a = ?1 -- null"},
      {"escaped inside quotes", R"(SELECT '\${a}' AS x FROM t WHERE b = '\#{b}')", "",
       "SELECT '${a}' AS x FROM t WHERE b = '#{b}'"},
      {"blanks become one, but not in quotes", "SELECT  id\n\tFROM t\n WHERE a = 'x  y'\n", "",
       "SELECT id FROM t WHERE a = 'x  y' "},
      {"comparisons", "SELECT id FROM t WHERE a<${a} AND b>=${b} AND c<>1 AND d < 3", "a=1; b=2",
       "SELECT id FROM t WHERE a<?1 AND b>=?2 AND c<>1 AND d < 3 -- 1, 2"},
      {"join, nested, grouped",
       "SELECT u.name AS name, COUNT(*) total FROM u JOIN o ON o.u = u.id WHERE u.id IN (SELECT * "
       "FROM vip) GROUP BY u.name HAVING COUNT(*) > ${n} ORDER BY total DESC",
       "n=3",
       "SELECT u.name AS name, COUNT(*) total FROM u JOIN o ON o.u = u.id WHERE u.id IN (SELECT * "
       "FROM vip) GROUP BY u.name HAVING COUNT(*) > ?1 ORDER BY total DESC -- 3"},
      {"union", "SELECT id FROM a UNION ALL SELECT x.id FROM b x", "",
       "SELECT id FROM a UNION ALL SELECT x.id FROM b x"},
      {"with", "WITH top AS (SELECT id, n FROM t ORDER BY n LIMIT 5) SELECT id FROM top", "",
       "WITH top AS (SELECT id, n FROM t ORDER BY n LIMIT 5) SELECT id FROM top"},
      {"names in quotes and of other scripts",
       "SELECT \"Name\", `x y`, 年龄, \"a b\" AS [c d] FROM \"t\"", "",
       "SELECT \"Name\", `x y`, 年龄, \"a b\" AS [c d] FROM \"t\""},
      {"expressions with names",
       "SELECT DISTINCT a, -b AS b, (SELECT MAX(x) FROM y) AS m, row_number() OVER (ORDER BY a) AS "
       "n, CASE WHEN a IS DISTINCT FROM b THEN NULL END AS c, a IS DISTINCT FROM b AS d FROM t",
       "",
       "SELECT DISTINCT a, -b AS b, (SELECT MAX(x) FROM y) AS m, row_number() OVER (ORDER BY a) AS "
       "n, CASE WHEN a IS DISTINCT FROM b THEN NULL END AS c, a IS DISTINCT FROM b AS d FROM t"},
      {"tags are text", "SELECT id FROM t WHERE a = '<if test=\"x\">'", "",
       "SELECT id FROM t WHERE a = '<if test=\"x\">'"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_and_render(c.script, Mode::kBasic, c.given), c.statement);
  }
}

// Proves: R067
TEST(ScriptEngine, AdvancedModeRendersTags) {
  const char* const filter =
      "SELECT id FROM t <where><if test=\"id != null\">AND id = ${id}</if> <if test=\"name != null "
      "and name != ''\">AND name = ${name}</if></where>";
  const char* const sort =
      "SELECT id FROM t ORDER BY <choose><when test=\"sort == 'age'\">age</when><when "
      "test='sort == \"name\"'>name</when><otherwise>id</otherwise></choose> <if "
      "test=\"desc\">DESC</if>";
  const char* const in =
      "SELECT id FROM t WHERE id IN <foreach collection=\"ids\" item=\"x\" open=\"(\" "
      "separator=\",\" close=\")\">${x}</foreach>";
  const Rendering cases[] = {
      {"where without conditions", filter, "", "SELECT id FROM t "},
      {"where with the first", filter, "id=1", "SELECT id FROM t WHERE id = ?1 -- 1"},
      {"where with the second", filter, "name='x'", "SELECT id FROM t WHERE name = ?1 -- 'x'"},
      {"where with both", filter, "id=1; name='x'",
       "SELECT id FROM t WHERE id = ?1 AND name = ?2 -- 1, 'x'"},
      {"where with a text that is empty", filter, "id=1; name=''",
       "SELECT id FROM t WHERE id = ?1 -- 1"},
      {"where keeps a column that begins like OR", "SELECT id FROM t <where>orders = 1</where>", "",
       "SELECT id FROM t WHERE orders = 1"},
      {"choose, first", sort, "sort='age'", "SELECT id FROM t ORDER BY age "},
      {"choose, second", sort, "sort='name'; desc=true", "SELECT id FROM t ORDER BY name DESC"},
      {"choose, otherwise", sort, "sort='age DESC; DROP TABLE t'; desc=false",
       "SELECT id FROM t ORDER BY id "},
      {"choose a table",
       "SELECT id FROM <choose><when test=\"y == 2024\">t_2024</when><otherwise>t</otherwise>"
       "</choose>",
       "y=2024", "SELECT id FROM t_2024"},
      {"foreach", in, "ids=[1,2,3]", "SELECT id FROM t WHERE id IN (?1, ?2, ?3) -- 1, 2, 3"},
      {"foreach of one", in, "ids=[5]", "SELECT id FROM t WHERE id IN (?1) -- 5"},
      {"foreach of none is refused", in, "ids=[]", "empty ids"},
      {"foreach of nothing is refused", in, "", "missing ids"},
      {"foreach behind a test",
       "SELECT id FROM t <where><if test=\"ids != null and ids.size() > 0\">id IN <foreach "
       "collection=\"ids\" item=\"x\" open=\"(\" close=\")\" separator=\",\">#{x}</foreach></if>"
       "</where>",
       "ids=[]", "SELECT id FROM t "},
      {"foreach with index and conditions",
       "SELECT id FROM t WHERE <foreach collection=\"ids\" item=\"x\" index=\"i\" separator=\" OR "
       "\"><if test=\"x > 1\">(id = ${x} AND n = ${i})</if></foreach>",
       "ids=[1,2,3]",
       "SELECT id FROM t WHERE (id = ?1 AND n = ?2) OR (id = ?3 AND n = ?4) -- 2, 1, 3, 2"},
      {"trim",
       "SELECT id FROM t <trim prefix=\"WHERE (\" suffix=\")\" prefixOverrides=\"AND |OR \" "
       "suffixOverrides=\",|and\"> or a = 1 AND <if test=\"x\">b = 2 and</if> </trim>",
       "x=true", "SELECT id FROM t WHERE (a = 1 AND b = 2)"},
      {"trim of nothing",
       "SELECT id FROM t <trim prefix=\"WHERE\"> <if test=\"x\">a = 1</if> </trim>", "x=false",
       "SELECT id FROM t "},
      {"trim that leaves nothing", "SELECT id FROM t <where>AND</where>", "", "SELECT id FROM t "},
      {"trim of commas in the select list",
       "SELECT <trim suffixOverrides=\",\"><if test=\"a\">a,</if><if test=\"b\">SUM(b) AS b,</if>"
       "</trim> FROM t GROUP BY <trim suffixOverrides=\",\"><if test=\"a\">a,</if><if test=\"b\">"
       "b,</if></trim>",
       "a=true; b=false", "SELECT a FROM t GROUP BY a"},
      {"entities and bare comparisons",
       "SELECT id FROM t WHERE a &lt;= ${a} AND b >= ${b} AND c < 3 AND d <e AND f &gt; 1",
       "a=1; b=2",
       "SELECT id FROM t WHERE a <= ?1 AND b >= ?2 AND c < 3 AND d <e AND f > 1 -- 1, 2"},
      {"entities in tests",
       "SELECT id FROM t <where><if test=\"a &gt;= 1 &amp;&amp; a &lt; 3\">a = "
       "${a}</if></where>",
       "a=2", "SELECT id FROM t WHERE a = ?1 -- 2"},
      {"cdata", "SELECT id FROM t WHERE a <![CDATA[ <= ]]> ${a} <![CDATA[ AND b < ${b}]]>",
       "a=1; b=2", "SELECT id FROM t WHERE a <= ?1 AND b < ?2 -- 1, 2"},
      {"nested tags",
       "SELECT id FROM t <where><if test=\"a != null\"><choose><when test=\"a > 0\"><trim "
       "prefix=\"(\" suffix=\")\"><foreach collection=\"l\" item=\"x\" separator=\"OR\">v = ${x}"
       "</foreach></trim></when><otherwise>1 = 0</otherwise></choose></if></where>",
       "a=1; l=['p','q']", "SELECT id FROM t WHERE (v = ?1 OR v = ?2) -- 'p', 'q'"},
      {"tags never join words",
       "SELECT id FROM t WHERE a = 1<if test=\"true\">AND b = 2</if>OR c = -<if test=\"true\">-1"
       "</if>",
       "", "SELECT id FROM t WHERE a = 1 AND b = 2 OR c = - -1"},
      {"dynamic grouping",
       "SELECT <choose><when test=\"by == 'city'\">city AS grp</when><otherwise>age AS grp"
       "</otherwise></choose>, COUNT(*) AS n FROM t GROUP BY <choose><when test=\"by == "
       "'city'\">city</when><otherwise>age</otherwise></choose>",
       "by='city'", "SELECT city AS grp, COUNT(*) AS n FROM t GROUP BY city"},
      {"whole statements by choice",
       "<choose><when test=\"a == 1\">SELECT id FROM x</when><otherwise>SELECT id FROM "
       "y</otherwise></choose>",
       "a=2", "SELECT id FROM y"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_and_render(c.script, Mode::kAdvanced, c.given), c.statement);
  }
}

TEST(ScriptEngine, TestsCompareByType) {
  const struct {
    const char *test, *given;
    bool holds;
  } cases[] = {
      {"a == 1", "a=1", true},
      {"a = 1", "a=1", true},
      {"a == 1", "a=1.0", true},
      {"a == 1.5", "a=1.5", true},
      {"a == 1", "", false},
      {"a != 1", "", true},
      {"a != 1", "a=1", false},
      {"a == null", "", true},
      {"null != a", "a=0", true},
      {"a < 2", "a=1", true},
      {"a < 2", "", false},
      {"a >= 2", "", false},
      {"a <= 2", "a=2", true},
      {"a > 2", "a=3", true},
      {"3 > a", "a=2", true},
      {"a gt 2 and a lte 3", "a=3", true},
      {"a eq 2 or a neq 3", "a=3", false},
      {"a lt 2 || a gte 3", "a=3", true},
      {"-1 < a", "a=0", true},
      {"t == 'x'", "t='x'", true},
      {"t == ''", "t=''", true},
      {"t == ''", "", false},
      {"t < 'y'", "t='x'", true},
      {"t.length() == 2", "t='年龄'", true},
      {"t.isEmpty()", "t=''", true},
      {"not t.isEmpty()", "t='x'", true},
      {"f", "f=true", true},
      {"!f", "f=true", false},
      {"f == false", "f=false", true},
      {"f", "", false},
      {"l != null", "l=[]", true},
      {"l.size() > 1", "l=[1,2]", true},
      {"l.size() == 0", "", true},
      {"!(a == 1 and f) or t == 'x'", "a=1; f=true; t='y'", false},
      {"not a == 1", "a=2", true},
      {"a == 1 and f or t == 'x'", "t='x'", true},
      {"true and not false", "", true},
      {"a == 9223372036854775807", "a=9223372036854775807", true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.test) + " of " + c.given);
    const auto script = "SELECT id FROM t WHERE <choose><when test=\"" + std::string(c.test) +
                        "\">yes</when><otherwise>no</otherwise></choose>";
    EXPECT_EQ(parse_and_render(script, Mode::kAdvanced, c.given),
              "SELECT id FROM t WHERE " + std::string(c.holds ? "yes" : "no"));
  }
}

struct Refused {
  const char *name, *script, *fault;
};

// Proves: R067
TEST(ScriptEngine, RefusesWhatIsNotOneSelect) {
  const Refused cases[] = {
      {"empty", "", "1:1 script.one-select: the script is empty\n"},
      {"blank", " \n ", "1:1 script.one-select: the script is empty\n"},
      {"insert", "INSERT INTO t VALUES (1)",
       "1:1 script.one-select: INSERT is not part of a SELECT\n1:8 script.one-select: INTO is not "
       "part of a SELECT\n"},
      {"values", "VALUES (1)", "1:1 script.one-select: the script does not begin with SELECT\n"},
      {"explain", "EXPLAIN SELECT a FROM t",
       "1:1 script.one-select: the script does not begin with SELECT\n1:9 script.one-select: a "
       "second SELECT begins here\n"},
      {"replace", "REPLACE INTO t VALUES (1)",
       "1:1 script.one-select: the script does not begin with SELECT\n1:9 script.one-select: INTO "
       "is not part of a SELECT\n"},
      {"pragma", "PRAGMA table_info(t)", "1:1 script.one-select: PRAGMA is not part of a SELECT\n"},
      {"attach", "ATTACH 'x' AS y", "1:1 script.one-select: ATTACH is not part of a SELECT\n"},
      {"two statements", "SELECT a FROM t; SELECT b FROM t",
       "1:16 script.one-select: a semicolon would end the statement\n"},
      {"a semicolon at the end", "SELECT a FROM t;",
       "1:16 script.one-select: a semicolon would end the statement\n"},
      {"two selects", "SELECT a FROM t\nSELECT b FROM t",
       "2:1 script.one-select: a second SELECT begins here\n"},
      {"two selects, one without FROM", "SELECT a SELECT b",
       "1:10 script.one-select: a second SELECT begins here\n"},
      {"write in WITH", "WITH x AS (DELETE FROM t RETURNING id) SELECT id FROM x",
       "1:12 script.one-select: DELETE is not part of a SELECT\n"},
      {"WITH without SELECT", "WITH x AS (SELECT 1 AS a)",
       "1:26 script.one-select: the statement ends before its SELECT\n"},
      {"into", "SELECT a INTO b FROM t", "1:10 script.one-select: INTO is not part of a SELECT\n"},
      {"for update", "SELECT a FROM t FOR UPDATE",
       "1:21 script.one-select: UPDATE is not part of a SELECT\n"},
      {"for share", "SELECT a FROM t FOR SHARE", "1:21 script.one-select: FOR SHARE locks rows\n"},
      {"comment, lines", "SELECT a -- b\nFROM t", "1:10 script.comment: a comment begins here\n"},
      {"comment, block", "SELECT a /* b */ FROM t", "1:10 script.comment: a comment begins here\n"},
      {"comment, hash", "SELECT a FROM t # b", "1:17 script.comment: a comment begins here\n"},
      {"star", "SELECT * FROM t",
       "1:8 script.no-star: * would answer whatever columns there are\n"},
      {"star behind a field", "SELECT a, * FROM t",
       "1:11 script.no-star: * would answer whatever columns there are\n"},
      {"star of a table", "SELECT a, t.* FROM t",
       "1:13 script.no-star: * would answer whatever columns there are\n"},
      {"star in the second SELECT", "SELECT a FROM t UNION SELECT * FROM u",
       "1:30 script.no-star: * would answer whatever columns there are\n"},
      {"star of a table in the second SELECT", "SELECT a FROM t UNION SELECT u.* FROM u",
       "1:32 script.no-star: * would answer whatever columns there are\n"},
      {"prefix", "SELECT t.a FROM t",
       "1:12 script.alias: a field with a table's prefix ends here without a name\n"},
      {"aggregate", "SELECT COUNT(*), a FROM t",
       "1:16 script.alias: a field that is computed ends here without a name\n"},
      {"arithmetic", "SELECT a + 1 FROM t",
       "1:14 script.alias: a field that is computed ends here without a name\n"},
      {"case", "SELECT CASE WHEN a THEN b END FROM t",
       "1:31 script.alias: a field that is computed ends here without a name\n"},
      {"collation is no name", "SELECT a COLLATE nocase FROM t",
       "1:25 script.alias: a field that is computed ends here without a name\n"},
      {"a value", "SELECT ${a}",
       "1:12 script.alias: a field that is computed ends here without a name\n"},
      {"text as a name", "SELECT a + 1 AS 'b' FROM t", "1:17 script.alias: no name follows AS\n"},
      {"limit", "SELECT a FROM t LIMIT 5",
       "1:17 script.no-paging: LIMIT stands at the end of the statement's rows\n"},
      {"limit by parameter", "SELECT a FROM t LIMIT ${n}",
       "1:17 script.no-paging: LIMIT stands at the end of the statement's rows\n"},
      {"offset", "SELECT a FROM t ORDER BY a OFFSET 5",
       "1:28 script.no-paging: OFFSET stands at the end of the statement's rows\n"},
      {"fetch", "SELECT a FROM t FETCH FIRST 5 ROWS ONLY",
       "1:17 script.no-paging: FETCH stands at the end of the statement's rows\n"},
      {"top", "SELECT TOP 5 a FROM t", "1:12 script.no-paging: TOP bounds the statement's rows\n"},
      {"placeholder ?", "SELECT a FROM t WHERE a = ?",
       "1:27 script.placeholder: the character ? has no meaning here\n"},
      {"placeholder $1", "SELECT a FROM t WHERE a = $1",
       "1:27 script.placeholder: the character $ has no meaning here\n"},
      {"placeholder :a", "SELECT a FROM t WHERE a = :a",
       "1:27 script.placeholder: a name after a colon has no meaning here\n"},
      {"placeholder @a", "SELECT a FROM t WHERE a = @a",
       "1:27 script.placeholder: the character @ has no meaning here\n"},
      {"parenthesis open", "SELECT a FROM t WHERE (a = 1",
       "1:23 script.parenthesis: this ( is not closed\n"},
      {"parenthesis closed", "SELECT a FROM t WHERE a = 1) UNION SELECT b FROM (u",
       "1:28 script.parenthesis: this ) closes nothing\n"},
      {"brackets and parentheses", "SELECT a FROM t WHERE (a = 1]",
       "1:29 script.parenthesis: this ] closes nothing\n"},
      {"quote", "SELECT a FROM t WHERE b = 'x",
       "1:27 script.quote: the quote ' is not closed here\n"},
      {"backslash before a quote", R"(SELECT a FROM t WHERE b = '\' OR c = ' OR d = 1')",
       "1:29 script.quote: a backslash stands before a quote\n"},
      {"control character", "SELECT a\x02 FROM t",
       "1:9 script.text: a control character stands here\n"},
      {"no UTF-8", "SELECT a\xff FROM t", "1:9 script.text: the script is not valid UTF-8\n"},
      {"columns count characters", "SELECT '年龄' AS a FROM t;",
       "1:24 script.one-select: a semicolon would end the statement\n"},
      {"braces", "SELECT {d '2024-01-01'} AS a FROM t",
       "1:8 script.symbol: the character { is not accepted here\n1:23 script.symbol: the character "
       "} "
       "is not accepted here\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_and_render(c.script, Mode::kBasic, ""), c.fault);
    if (std::string_view(c.name) != "comment, hash") {
      EXPECT_EQ(parse_and_render(c.script, Mode::kAdvanced, ""), c.fault);
    }
  }
}

TEST(ScriptEngine, SaysThatTagsNeedTheAdvancedMode) {
  EXPECT_EQ(parse_and_render("SELECT a FROM t <where>b = 1</where>", Mode::kBasic, ""),
            "1:17 script.tag: a tag stands here, and the script's mode is basic\n"
            "1:29 script.tag: a tag stands here, and the script's mode is basic\n");
  EXPECT_EQ(parse_and_render("SELECT a FROM t WHERE b <c", Mode::kBasic, ""),
            "SELECT a FROM t WHERE b <c");
}

// Proves: R067
TEST(ScriptEngine, RefusesParametersThatAreNoValues) {
  const Refused cases[] = {
      {"in a text", "SELECT a FROM t WHERE b LIKE '%${b}%'",
       "1:32 script.quoted-parameter: a parameter stands inside quotes\n"},
      {"in a quoted name", "SELECT a FROM \"t_${b}\"",
       "1:18 script.quoted-parameter: a parameter stands inside quotes\n"},
      {"part of a name", "SELECT a FROM t_${b}",
       "1:17 script.value-only: a parameter is part of a name or of another value here\n"},
      {"beginning of a name", "SELECT a FROM t WHERE ${b}_x = 1",
       "1:23 script.value-only: a parameter is part of a name or of another value here\n"},
      {"two in a row", "SELECT a FROM t WHERE b = ${b}${c}",
       "1:27 script.value-only: a parameter is part of a name or of another value here\n"},
      {"table", "SELECT a FROM ${t}", "1:15 script.value-only: a parameter cannot be a table\n"},
      {"joined table", "SELECT a FROM t JOIN ${u} ON 1 = 1",
       "1:22 script.value-only: a parameter cannot be a table\n"},
      {"column of a table", "SELECT a FROM t WHERE t.${b} = 1",
       "1:25 script.value-only: a parameter cannot be a column\n"},
      {"table of a column", "SELECT a FROM t WHERE ${b}.c = 1",
       "1:23 script.value-only: a parameter cannot be a column\n"},
      {"order", "SELECT a FROM t ORDER BY ${b}",
       "1:26 script.value-only: a parameter cannot be what rows are sorted or grouped by\n"},
      {"group", "SELECT a FROM t GROUP BY ${b}",
       "1:26 script.value-only: a parameter cannot be what rows are sorted or grouped by\n"},
      {"alias", "SELECT a AS ${b} FROM t",
       "1:13 script.value-only: a parameter cannot be a name\n"},
      {"function", "SELECT ${f}(a) AS b FROM t",
       "1:8 script.value-only: a parameter cannot be a function\n"},
      {"no name", "SELECT a FROM t WHERE b = ${}", "1:27 script.parameter: this is no parameter\n"},
      {"not closed", "SELECT a FROM t WHERE b = ${b",
       "1:27 script.parameter: this is no parameter\n"},
      {"an option", "SELECT a FROM t WHERE b = #{b,jdbcType=VARCHAR}",
       "1:27 script.parameter: a parameter is named without a type, a part or an option\n"},
      {"a part", "SELECT a FROM t WHERE b = #{b.c}",
       "1:27 script.parameter: a parameter is named without a type, a part or an option\n"},
      {"escaped outside of quotes", R"(SELECT a FROM t WHERE b = \${b})",
       "1:28 script.placeholder: the character $ has no meaning here\n1:29 script.symbol: the "
       "character { is not accepted here\n1:31 script.symbol: the character } is not accepted "
       "here\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_and_render(c.script, Mode::kBasic, ""), c.fault);
    EXPECT_EQ(parse_and_render(c.script, Mode::kAdvanced, ""), c.fault);
  }
  const char* const right[] = {"SELECT EXTRACT(YEAR FROM ${d}) AS y FROM t",
                               "SELECT a FROM t WHERE b IS DISTINCT FROM ${b}",
                               "SELECT ${a} AS a, -${b} AS b FROM t WHERE c = (${c})"};
  for (const auto* text : right) {
    EXPECT_TRUE(parse(text, Mode::kBasic).script) << text;
  }
}

// Proves: R067
TEST(ScriptEngine, RefusesBrokenTags) {
  const Refused cases[] = {
      {"not closed", "SELECT a FROM t <where>a = 1", "1:17 script.tag: <where> is not closed\n"},
      {"closed twice", "SELECT a FROM t</if>", "1:16 script.tag: </if> closes nothing here\n"},
      {"crossed", "SELECT a FROM t <where><if test=\"true\">a = 1</where></if>",
       "1:45 script.tag: </where> closes nothing here\n"},
      {"unknown", "SELECT a FROM t <set>b = 1</set>", "1:17 script.tag: there is no tag <set>\n"},
      {"unknown with an attribute", "SELECT a FROM t <include refid=\"x\"/>",
       "1:17 script.tag: there is no tag <include>\n"},
      {"misspelt", "SELECT a FROM t <iff test=\"true\">WHERE a</iff>",
       "1:17 script.tag: there is no tag <iff>\n"},
      {"comment", "SELECT a <!-- b --> FROM t", "1:10 script.comment: a comment begins here\n"},
      {"if without test", "SELECT a FROM t <if>WHERE a</if>",
       "1:17 script.tag: <if> has no test\n"},
      {"when alone", "SELECT a FROM t <when test=\"true\">WHERE a</when>",
       "1:17 script.tag: <when> stands outside of <choose>\n"},
      {"choose without when", "SELECT a FROM t <choose><otherwise>x</otherwise></choose>",
       "1:17 script.tag: <choose> has no <when>\n"},
      {"choose with text", "SELECT a FROM t <choose>x<when test=\"true\">y</when></choose>",
       "1:25 script.tag: <choose> holds something besides <when> and <otherwise>\n"},
      {"choose after otherwise",
       "SELECT a FROM t <choose><when test=\"true\">x</when><otherwise>y</otherwise><when "
       "test=\"true\">z</when></choose>",
       "1:75 script.tag: <otherwise> is not the last part of its <choose>\n"},
      {"trim without anything", "SELECT a FROM t <trim>b</trim>",
       "1:17 script.tag: <trim> trims nothing\n"},
      {"trim of something else", "SELECT a FROM t <trim prefixOverrides=\"'\">b</trim>",
       "1:23 script.tag: prefixOverrides holds something besides AND, OR and a comma\n"},
      {"unknown attribute", "SELECT a FROM t <where x=\"y\">b</where>",
       "1:24 script.tag: <where> takes no attribute 'x'\n"},
      {"attribute twice", "SELECT a FROM t <if test=\"true\" test=\"true\">b</if>",
       "1:33 script.tag: the attribute test is there twice\n"},
      {"attribute without quotes", "SELECT a FROM t <if test=true>b</if>",
       "1:17 script.tag: the tag <if> is malformed\n"},
      {"foreach without item", "SELECT a FROM t WHERE b IN <foreach collection=\"c\">1</foreach>",
       "1:28 script.tag: <foreach> has no item\n"},
      {"foreach of a foreach",
       "SELECT a FROM t WHERE <foreach collection=\"l\" item=\"x\"><foreach collection=\"x\" "
       "item=\"y\">1</foreach></foreach>",
       "1:56 script.list: a foreach walks what another foreach gave\n"},
      {"foreach names taken",
       "SELECT a FROM t WHERE <foreach collection=\"l\" item=\"x\" index=\"x\">1</foreach>",
       "1:23 script.parameter: the name 'x' is taken inside this tag\n"},
      {"parameter in an attribute", "SELECT a FROM t <trim prefix=\"WHERE b = ${b} AND\">c</trim>",
       "1:23 script.parameter: an attribute holds no parameters\n"},
      {"law in an attribute", "SELECT a FROM t <trim prefix=\"; DROP\">c</trim>",
       "1:31 script.one-select: a semicolon would end the statement\n"},
      {"law in an entity", "SELECT a FROM t WHERE b = &apos;x",
       "1:27 script.quote: the quote ' is not closed here\n"},
      {"entity that is not known", "SELECT a FROM t WHERE b = &#39;x&#39;",
       "1:27 script.entity: there is no entity &#39;\n"},
      {"a quote over a tag", "SELECT a FROM t WHERE b = 'x<if test=\"true\">y</if>'",
       "1:27 script.quote: the quote ' is not closed here\n1:51 script.quote: the quote ' is not "
       "closed here\n"},
      {"a parenthesis over a tag", "SELECT a FROM t WHERE (b = 1 <if test=\"true\">) OR (c</if>)",
       "1:46 script.parenthesis: this ) closes nothing\n1:51 script.parenthesis: this ( is not "
       "closed\n"},
      {"a second SELECT by tags", "SELECT a FROM t <if test=\"true\">SELECT b FROM u</if>",
       "1:33 script.one-select: a second SELECT begins here\n"},
      {"a star by tags", "SELECT <if test=\"true\">a,</if> <if test=\"true\">* FROM u</if>",
       "1:48 script.no-star: * would answer whatever columns there are\n"},
      {"a star in a choice",
       "SELECT <choose><when test=\"true\">a</when><otherwise>*</otherwise></choose> FROM t",
       "1:53 script.no-star: * would answer whatever columns there are\n"},
      {"no statement on one way", "<choose><when test=\"true\">SELECT a FROM t</when></choose>",
       "1:58 script.one-select: with some parameters the script is no statement\n"},
      {"a name that a tag may leave out", "SELECT a + 1 <if test=\"true\">AS b</if> FROM t",
       "1:40 script.alias: a field that is computed ends here without a name\n"},
      {"a limit by tags", "SELECT a FROM t <if test=\"true\">LIMIT 1</if>",
       "1:33 script.no-paging: LIMIT stands at the end of the statement's rows\n"},
      {"test, open", "SELECT a FROM t <if test=\"a ==\">b</if>",
       "1:31 script.test: this test ends too early\n"},
      {"test, parameter", "SELECT a FROM t <if test=\"${a} == 1\">b</if>",
       "1:27 script.test: a test has no such character\n"},
      {"test, call", "SELECT a FROM t <if test=\"a.getClass() == 1\">b</if>",
       "1:29 script.test: a parameter has no such part\n"},
      {"test, no truth", "SELECT a FROM t <if test=\"'a'\">b</if>",
       "1:27 script.test: this value is neither true nor false\n"},
      {"test, number", "SELECT a FROM t <if test=\"a == 12x\">b</if>",
       "1:32 script.test: '12x' is no number\n"},
      {"test, assignment of a static",
       "SELECT a FROM t <if test=\"@java.lang.Runtime@exec\">b</if>",
       "1:27 script.test: a test has no such character\n"},
      // Once it hung: what follows a bad test was read on, and an ampersand never ended.
      {"test, open, and an ampersand behind it", "SELECT a FROM t <if test=\"a ==\">b</if> & c",
       "1:31 script.test: this test ends too early\n"},
      {"test, two", "SELECT a FROM t <if test=\"a == 1 b\">b</if>",
       "1:34 script.test: 'b' is out of place in this test\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_and_render(c.script, Mode::kAdvanced, ""), c.fault);
  }
}

TEST(ScriptEngine, TellsItsParametersAndWhatTheySeemToBe) {
  const auto parsed = parse(
      "SELECT id FROM t\n<where><if test=\"age >= 18\">age = ${age}</if>\n<if test=\"vip\">AND vip"
      "</if> AND name = ${name} AND id IN <foreach collection=\"ids\" item=\"x\" open=\"(\" "
      "close=\")\" separator=\",\">${x}</foreach></where>",
      Mode::kAdvanced);
  ASSERT_TRUE(parsed.script) << to_text(parsed.faults);
  const std::vector<Use> expected = {{{"age", Kind::kNumber, false}, 2, 18},
                                     {{"vip", Kind::kBoolean, false}, 3, 11, true},
                                     {{"name", Kind::kText, false}, 3, 40},
                                     {{"ids", Kind::kText, true}, 3, 67}};
  EXPECT_EQ(parsed.script->parameters(), expected);
  EXPECT_FALSE(parsed.script->is_fixed());
  EXPECT_TRUE(parse("SELECT id FROM t WHERE a = ${a}", Mode::kAdvanced).script->is_fixed());
  EXPECT_TRUE(parse("SELECT id FROM t ORDER BY id", Mode::kBasic).script->has_order());
  EXPECT_FALSE(
      parse("SELECT id FROM (SELECT id FROM t ORDER BY id) t", Mode::kBasic).script->has_order());
}

TEST(ScriptEngine, FitsWhatIsDeclared) {
  const std::vector<Parameter> declared = {{"n", Kind::kNumber, false},
                                           {"t", Kind::kText, false},
                                           {"f", Kind::kBoolean, false},
                                           {"l", Kind::kNumber, true}};
  const Refused cases[] = {
      {"right",
       "<if test=\"n == 1 and t == 'x' and f and l != null and l.size() > n and t.length() > 1\">a "
       "= ${n}</if><foreach collection=\"l\" item=\"x\" index=\"i\"><if test=\"x > 1 and i == "
       "0\">AND b = ${x}</if></foreach>",
       ""},
      {"undeclared", "a = ${m}", "1:28 script.undeclared: there is no request parameter 'm'\n"},
      {"undeclared in a test", "<if test=\"m == 1\">a</if>",
       "1:34 script.undeclared: there is no request parameter 'm'\n"},
      {"a list as a value", "a = ${l}",
       "1:28 script.list: 'l' is a list, and one value is needed here\n"},
      {"a value as a list", "a IN <foreach collection=\"n\" item=\"x\">${x}</foreach>",
       "1:38 script.list: 'n' is a number, and a foreach walks a list\n"},
      {"a text and a number", "<if test=\"t == 1\">a</if>",
       "1:34 script.test: a text is compared with a number\n"},
      {"a number and a text", "<if test=\"'1' == n\">a</if>",
       "1:41 script.test: a text is compared with a number\n"},
      {"a boolean and a number", "<if test=\"f == 1\">a</if>",
       "1:34 script.test: true or false is compared with a number\n"},
      {"a list and a number", "<if test=\"l == 1\">a</if>",
       "1:34 script.test: a list is compared with null only\n"},
      {"an item and a text",
       "<foreach collection=\"l\" item=\"x\"><if test=\"x == 'a'\">a</if>"
       "</foreach>",
       "1:67 script.test: a number is compared with a text\n"},
      {"the order of truths", "<if test=\"f &lt; true\">a</if>",
       "1:34 script.test: true and false have no order\n"},
      {"a number as a truth", "<if test=\"n\">a</if>",
       "1:34 script.test: a number is neither true nor false\n"},
      {"the size of a number", "<if test=\"n.size() > 1\">a</if>",
       "1:34 script.test: a number has no size\n"},
      {"a name that is taken", "<foreach collection=\"l\" item=\"n\">a</foreach>",
       "1:24 script.parameter: <foreach> gives the name 'n', which is a parameter's\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto parsed = parse("SELECT id FROM t WHERE " + std::string(c.script), Mode::kAdvanced);
    ASSERT_TRUE(parsed.script) << to_text(parsed.faults);
    EXPECT_EQ(to_text(parsed.script->find_faults(declared)), c.fault);
  }
}

TEST(ScriptEngine, IsBounded) {
  const auto repeat = [](std::string_view text, std::size_t n) {
    std::string all;
    for (std::size_t i = 0; i < n; ++i) all += text;
    return all;
  };
  const auto numbers = [](std::size_t n) {
    std::string list = "l=[1";
    for (std::size_t i = 1; i < n; ++i) list += ",1";
    return list + "]";
  };
  const std::string walk =
      "SELECT a FROM t WHERE b IN <foreach collection=\"l\" item=\"x\" open=\"(\" "
      "separator=\",\" close=\")\">${x}</foreach>";
  const struct {
    const char* name;
    std::string script, given, answer;
  } cases[] = {
      {"the text", "SELECT a FROM t WHERE b = '" + repeat("x", kTextBytesMax) + "'", "",
       "1:1 script.text: the script is too long\n"},
      {"tags within tags",
       "SELECT a FROM t " + repeat("<if test=\"true\">", kNestingMax + 1) +
           repeat("</if>", kNestingMax + 1),
       "", "1:337 script.tag: tags are nested too deeply\n"},
      {"parentheses",
       "SELECT a FROM t WHERE " + repeat("(", kParenthesesMax + 1) + "1" +
           repeat(")", kParenthesesMax + 1),
       "",
       "1:123 script.parenthesis: parentheses are nested too deeply\n1:225 script.parenthesis: "
       "this ) closes nothing\n"},
      {"a test", "SELECT a FROM t <if test=\"" + repeat("a == 1 and ", 100) + "true\">b</if>", "",
       "1:27 script.test: the test is too long\n"},
      {"nots", "SELECT a FROM t <if test=\"" + repeat("!", 22) + "a\">b</if>", "",
       "1:48 script.test: this test is nested too deeply\n"},
      {"places", "SELECT a FROM t WHERE b IN (" + repeat("${b}, ", kPlacesMax) + "${b})", "",
       "1:12029 script.text: the script has too many tags and parameters\n"},
      {"items", walk, numbers(kItemsMax + 1), "too many items"},
      {"arguments", walk + " AND c IN <foreach collection=\"l\" item=\"x\">${x}</foreach>",
       numbers(kItemsMax), "too many arguments"},
      {"steps",
       "SELECT a FROM t WHERE <foreach collection=\"l\" item=\"x\"><foreach collection=\"l\" "
       "item=\"y\"><if test=\"false\">b</if></foreach></foreach>",
       numbers(kItemsMax), "too many steps"},
      {"rendered",
       "SELECT a FROM t WHERE <foreach collection=\"l\" item=\"x\">'" + repeat("x", 300) +
           "'</foreach>",
       numbers(kItemsMax), "too long"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(parse_and_render(c.script, Mode::kAdvanced, c.given), c.answer);
  }
  const auto parsed = parse(walk, Mode::kAdvanced);
  ASSERT_TRUE(parsed.script);
  const Given given(numbers(kItemsMax));
  const std::vector<Value> values = {given.find("l")};
  Memory memory;
  memory.left = 2048;
  Writer writer({&Memory::allocate, &memory}, '$');
  EXPECT_EQ(parsed.script->render(values, writer).reason, Refusal::Reason::kWriter);
  EXPECT_EQ(writer.state(), Writer::State::kNoMemory);
  EXPECT_NE(render(*parsed.script, "l=[1,2]", '$').find("($1, $2)"), std::string::npos);
}

// The manual's examples: a fence "sql basic" or "sql advanced" is a script, the fence behind it
// what becomes of it: "a=1 => STATEMENT" a call, "refused LINE:COLUMN RULE" a fault.
TEST(ScriptEngine, DoesWhatTheManualSays) {
  std::ifstream file(SLUICE_SOURCE_DIR "/docs/script-mode.md");
  std::optional<Mode> mode;
  std::string script, told, line;
  bool is_inside = false, is_result = false;
  int calls = 0, faults = 0;
  while (std::getline(file, line)) {
    if (line.starts_with("```")) {
      is_inside = !is_inside;
      is_result = is_inside && line == "```text";
      if (line.starts_with("```sql ")) {
        mode = line == "```sql advanced" ? Mode::kAdvanced : Mode::kBasic;
        script.clear();
      }
      if (!is_result && !is_inside && mode && !told.empty()) {
        SCOPED_TRACE(script);
        std::string found;
        for (const auto& fault : parse(script, *mode).faults) {
          found += "refused " + std::to_string(fault.line) + ":" + std::to_string(fault.column) +
                   " " + fault.rule + "\n";
          ++faults;
        }
        EXPECT_EQ(found, told);
        told.clear();
      }
      continue;
    }
    if (!is_inside) continue;
    if (!is_result) {
      script += line + "\n";
      continue;
    }
    SCOPED_TRACE(line);
    if (line.starts_with("refused ")) {
      told += line + "\n";
      continue;
    }
    const auto arrow = line.find(" => ");
    ASSERT_NE(arrow, std::string::npos);
    auto statement = parse_and_render(script, *mode, line.substr(0, arrow));
    if (statement.starts_with("missing ")) {
      statement = "refused: " + statement.substr(8) + " is missing";
    }
    if (statement.find(" -- ") == std::string::npos && statement.ends_with(' ')) {
      statement.pop_back();
    }
    if (const auto at = statement.find("  -- "); at != std::string::npos) statement.erase(at, 1);
    EXPECT_EQ(statement, line.substr(arrow + 4));
    ++calls;
  }
  EXPECT_GE(calls, 12);
  EXPECT_GE(faults, 5);
}

}  // namespace
}  // namespace sluice::script
