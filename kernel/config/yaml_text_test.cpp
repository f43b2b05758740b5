// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_text.hpp"

#include "config/documents.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <random>

namespace sluice::config {
namespace {

using Json = nlohmann::ordered_json;

TEST(YamlText, IsForPeople) {
  const auto json = Json::parse(R"({"kind":"api","name":"Query User","path":"/user/info",
      "max_rows":2000,"tested":true,"note":null,"empty":{},
      "settings":{"file":"a.db","port":5},
      "request_parameters":[{"name":"user_id","type":"long"},{"name":"t","description":
      "a description that is so long that the whole of it does not find its place on one line of such a file as this one"}],
      "script":"SELECT 1\n  FROM t\n","tags":["a","b c"],"version":"1.5","yes":"no",
      "said":"it's \"so\": ${env:HOME} and ${x}"})");
  const auto text = make_yaml_document(json.dump());
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, R"(kind: api
name: Query User
path: /user/info
max_rows: 2000
tested: true
note: null
empty: {}
settings: { file: a.db, port: 5 }
request_parameters:
  - { name: user_id, type: long }
  - name: t
    description: a description that is so long that the whole of it does not find its place on one line of such a file as this one
script: |
  SELECT 1
    FROM t
tags: [a, b c]
version: "1.5"
"yes": "no"
said: "it's \"so\": $${env:HOME} and ${x}"
)");
  EXPECT_FALSE(make_yaml_document("[]"));
  EXPECT_FALSE(make_yaml_document("{"));
}

Json make_random(std::mt19937& random, int depth) {
  const auto pick = [&](std::size_t n) { return std::size_t(random() % n); };
  static const std::vector<std::string> pieces = {
      "a",    "B",    "0",    "1.5",         " ",          "  ",   "\n",
      "\n\n", "-",    ":",    ": ",          " #",         "#",    "'",
      "\"",   "\\",   "{",    "}",           "[",          "]",    ",",
      "&",    "*",    "!",    "|",           ">",          "%",    "@",
      "`",    "~",    "no",   "null",        "true",       "é",    "\xE7\x94\xA8",
      "\t",   "\r",   "\x7F", "${env:HOME}", "$${file:x}", "${",   "$",
      "e5",   ".inf", "0x1",  "---",         "...",        "\x01", "=",
      "<<"};
  const auto text = [&] {
    std::string made;
    for (auto n = pick(6); n > 0; --n) made += pieces[pick(pieces.size())];
    return made;
  };
  switch (pick(depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return pick(2) == 0;
    case 2:
      return static_cast<std::int64_t>(random()) - 1'000'000'000;
    case 3:
      return static_cast<double>(random()) / 64;
    case 6: {
      Json array = Json::array();
      for (auto n = pick(4); n > 0; --n) array.push_back(make_random(random, depth - 1));
      return array;
    }
    case 7: {
      Json object = Json::object();
      for (auto n = pick(4); n > 0; --n) object[text()] = make_random(random, depth - 1);
      return object;
    }
    default:
      return text();
  }
}

TEST(YamlText, IsReadBackAsWhatItWas) {
  std::mt19937 random(20250101);
  for (int i = 0; i < 3000; ++i) {
    Json document{{"kind", "k"}, {"name", "n"}, {"value", make_random(random, 3)}};
    const auto text = make_yaml_document(document.dump());
    ASSERT_TRUE(text);
    const auto read = parse_documents("---\n" + *text, "d.yaml");
    ASSERT_TRUE(read) << read.error().detail << "\n" << *text;
    ASSERT_EQ(read->size(), 1u);
    ASSERT_EQ(Json::parse((*read)[0].json), document) << *text;
  }
}

}  // namespace
}  // namespace sluice::config
