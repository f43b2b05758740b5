// SPDX-License-Identifier: Apache-2.0
#include "config/settings_tree.hpp"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

constexpr std::string_view kSchema = R"({
  "type": "object", "additionalProperties": false, "required": ["keys"],
  "properties": {
    "header": {"type": "string", "pattern": "^[A-Za-z-]+$", "maxLength": 40},
    "format": {"type": "string", "format": "date"},
    "count": {"type": "integer", "minimum": 1, "maximum": 9},
    "ratio": {"type": "number", "exclusiveMinimum": 0},
    "mode": {"enum": ["fast", "safe"]},
    "more": {"type": "object", "additionalProperties": {"type": "integer"}},
    "named": {"$ref": "#/definitions/name"},
    "either": {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "null"}]},
    "even": {"type": "integer", "multipleOf": 2},
    "keys": {"type": "array", "minItems": 1, "items": {
      "type": "object", "additionalProperties": false, "required": ["sha256"],
      "properties": {"sha256": {"type": "string", "minLength": 4},
                     "roles": {"type": ["array", "null"], "uniqueItems": true}}}}
  },
  "definitions": {"name": {"type": "string", "minLength": 1}}})";

TEST(SettingsTree, SaysEveryFaultInPlainWords) {
  const std::string long_text(9'000, 'x');
  const struct {
    const char* name;
    std::string settings;
    const char* faults;
  } cases[] = {
      {"fits", R"({"keys":[{"sha256":"abcd"}]})", ""},
      {"everything fits",
       R"({"keys":[{"sha256":"abcd","roles":null}],"header":"X-Key","count":9,"ratio":0.5,
           "mode":"safe","more":{"x":1},"named":"n","either":{"a":1},"even":4,"format":"anything"})",
       ""},
      {"misspelt", R"({"headr":"x","keys":[{"sha256":"abcd"}]})",
       "(root): unknown member \"headr\" (known: count, either, even, format, header, keys, mode, "
       "more, named, ratio)"},
      {"missing", R"({})", "(root): missing member \"keys\""},
      {"another type", R"({"keys":{}})", "/keys: must be array, is object"},
      {"not an object", R"([1])", "(root): must be object, is array"},
      {"all at once",
       R"({"count":0,"keys":[{"sha256":"ab","roles":"admin"},{"sha256":5},{"x":1}],"mode":"slow"})",
       "/count: must be at least 1, is 0\n"
       "/keys/0/roles: must be array or null, is string\n"
       "/keys/0/sha256: must have at least 4 characters, has 2\n"
       "/keys/1/sha256: must be string, is integer\n"
       "/keys/2: missing member \"sha256\"\n"
       "/keys/2: unknown member \"x\" (known: roles, sha256)\n"
       "/mode: must be one of \"fast\", \"safe\""},
      {"the secret is not quoted", R"({"header":"p@ssword","keys":[{"sha256":"abcd"}]})",
       "/header: must match the pattern ^[A-Za-z-]+$"},
      {"too few", R"({"keys":[]})", "/keys: must have at least 1 items, has 0"},
      {"above", R"({"keys":[{"sha256":"abcd"}],"count":10,"ratio":0})",
       "/count: must be at most 9, is 10\n/ratio: must be more than 0, is 0"},
      {"a fraction is no integer", R"({"keys":[{"sha256":"abcd"}],"count":1.5})",
       "/count: must be integer, is number"},
      {"member of any name", R"({"keys":[{"sha256":"abcd"}],"more":{"a/b~":"x"}})",
       "/more/a~1b~0: must be integer, is string"},
      {"by reference", R"({"keys":[{"sha256":"abcd"}],"named":""})",
       "/named: must have at least 1 characters, has 0"},
      {"the nearest alternative", R"({"keys":[{"sha256":"abcd"}],"either":{"b":1}})",
       "/either: missing member \"a\""},
      {"twice", R"({"keys":[{"sha256":"abcd","roles":["a","b","a"]}]})",
       "/keys/0/roles/2: is there twice"},
      {"a keyword without words of ours", R"({"keys":[{"sha256":"abcd"}],"even":3})",
       "/even: Value should be a multiple of 2\n"
       "(root): Failed to validate against schema associated with property name 'even'."},
      {"too long for a pattern", R"({"keys":[{"sha256":"abcd"}],"header":")" + long_text + "\"}",
       "/header: must have at most 40 characters, has 9000\n"
       "/header: must have at most 8192 bytes, has 9000"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto tree = SettingsTree::parse(c.settings);
    ASSERT_TRUE(tree) << tree.error().detail;
    EXPECT_EQ(to_text(tree->check(kSchema)), c.faults);
  }
}

TEST(SettingsTree, RefusesWhatIsNotBoundedJsonWithoutQuotingIt) {
  std::string deep(100, '[');
  const struct {
    const char* name;
    std::string text, detail;
  } cases[] = {
      {"empty", "", "is not JSON, at byte 1"},
      {"half", R"({"secret":"hunter2)", "is not JSON, at byte 19"},
      {"trailing", R"({} x)", "is not JSON, at byte 4"},
      {"twice", R"({"a":1,"b":{"a":1,"a":2}})", "holds the member \"a\" twice in one object"},
      {"deep", deep, "is nested deeper than 32 levels"},
      {"big", std::string(SettingsTree::kBytesMax + 1, ' '),
       "has 1048577 bytes, more than the 1048576 allowed"},
      {"not UTF-8", "\"\xff\"", "is not JSON, at byte 2"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto tree = SettingsTree::parse(c.text);
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().detail, c.detail);
    EXPECT_EQ(tree.error().status, SLUICE_E_CONFIG);
  }
}

TEST(SettingsTree, IsReadNodeByNode) {
  auto made = SettingsTree::parse(
      R"({"text":"a","yes":true,"int":-3,"big":18446744073709551615,"num":1.5,"none":null,
          "list":[1,"b"],"map":{"y":2,"x":1}})");
  ASSERT_TRUE(made);
  const SettingsTree tree = std::move(*made);  // nodes stay where they are
  using Tree = SettingsTree;
  const auto at = [&](std::string_view key) { return Tree::find_member(tree.root(), key); };
  EXPECT_EQ(Tree::type(tree.root()), Tree::Type::kObject);
  EXPECT_EQ(Tree::count(tree.root()), 8u);
  EXPECT_EQ(Tree::text(at("text")), "a");
  EXPECT_EQ(Tree::integer(at("yes")), 1);
  EXPECT_EQ(Tree::text(at("yes")), "true");
  EXPECT_EQ(Tree::integer(at("int")), -3);
  EXPECT_EQ(Tree::number(at("int")), -3.0);
  EXPECT_EQ(Tree::type(at("big")), Tree::Type::kNumber);
  EXPECT_EQ(Tree::integer(at("big")), 0);
  EXPECT_EQ(Tree::number(at("num")), 1.5);
  EXPECT_EQ(Tree::integer(at("num")), 0);
  EXPECT_EQ(Tree::type(at("none")), Tree::Type::kNull);
  EXPECT_EQ(Tree::text(at("none")), "null");
  EXPECT_EQ(Tree::text(at("list")), R"([1,"b"])");
  EXPECT_EQ(Tree::text(at("list")).data(), Tree::text(at("list")).data());
  EXPECT_EQ(at("absent"), nullptr);
  EXPECT_EQ(Tree::find_member(at("text"), "x"), nullptr);

  std::string_view key = "untouched";
  const auto* item = Tree::item(at("list"), 1, &key);
  EXPECT_EQ(Tree::text(item), "b");
  EXPECT_EQ(key.data(), nullptr);
  item = Tree::item(at("map"), 0, &key);  // members in key order
  EXPECT_EQ(key, "x");
  EXPECT_EQ(Tree::integer(item), 1);
  EXPECT_EQ(Tree::item(at("map"), 2, &key), nullptr);
  EXPECT_EQ(Tree::item(at("text"), 0, nullptr), nullptr);
}

TEST(SettingsTree, SaysWhatIsWrongWithASchema) {
  const struct {
    const char *name, *schema, *fault;
  } cases[] = {
      {"good", R"({"type":"object"})", ""},
      {"not JSON", "{", "is not JSON, at byte 2"},
      {"no object", "[]", "is not a JSON object"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(find_schema_fault(c.schema), c.fault);
  }
  EXPECT_TRUE(find_schema_fault(R"({"properties":{"a":{"minLength":"x"}}})")
                  .starts_with("is not a JSON Schema: "));
  EXPECT_TRUE(find_schema_fault(R"({"properties":{"a":{"type":"strng"}}})")
                  .starts_with("is not a JSON Schema: "));
}

TEST(SettingsTree, AMistakeOfTheSchemaIsAFaultAndNoCrash) {
  const struct {
    const char *name, *schema, *fault;
  } cases[] = {
      {"a pattern that is none", R"({"properties":{"a":{"pattern":"["}}})",
       "(root): cannot be checked with the component's schema: "},
      {"itself", R"({"$ref":"#"})",
       "(root): cannot be checked: the schema refers to itself without end"},
      {"itself, many times over",
       R"({"anyOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}]})",
       "(root): cannot be checked: the schema refers to itself without end"},
      {"nowhere", R"({"properties":{"a":{"$ref":"#/definitions/none"}}})",
       "(root): cannot be checked with the component's schema: "},
  };
  auto tree = SettingsTree::parse(R"({"a":"x"})");
  ASSERT_TRUE(tree);
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(to_text(tree->check(c.schema)).substr(0, std::string(c.fault).size()), c.fault);
  }
}

}  // namespace
}  // namespace sluice::config
