// SPDX-License-Identifier: Apache-2.0
#include "config/documents.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace sluice::config {
namespace {

TEST(Documents, TypesScalarsByTheYamlCoreSchema) {
  const struct {
    const char *yaml, *json;
  } cases[] = {
      {"text", R"("text")"},
      {"'5'", R"("5")"},
      {"\"true\"", R"("true")"},
      {"!!str 5", R"("5")"},
      {"5", "5"},
      {"-5", "-5"},
      {"+5", "5"},
      {"007", "7"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"1.50", "1.5"},
      {".5", "0.5"},
      {"1e3", "1000.0"},
      {"-0.25E-1", "-0.025"},
      {"1.", "1.0"},
      {"true", "true"},
      {"FALSE", "false"},
      {"yes", R"("yes")"},
      {"on", R"("on")"},
      {"~", "null"},
      {"", "null"},
      {"null", "null"},
      {"''", R"("")"},
      {".inf", R"(".inf")"},
      {"nan", R"("nan")"},
      {"1_000", R"("1_000")"},
      {"2001-01-01", R"("2001-01-01")"},
      {"12:30", R"("12:30")"},
      {"0x", R"("0x")"},
      {"1.2.3", R"("1.2.3")"},
      {"..5", R"("..5")"},
      {"e5", R"("e5")"},
      {"+", R"("+")"},
      {"[1, [a], {}]", R"([1,["a"],{}])"},
      {"SELECT ${id} FROM t", R"("SELECT ${id} FROM t")"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.yaml);
    auto read = parse_documents(std::string("kind: k\nname: n\nv: ") + c.yaml + "\n", "d.yaml");
    ASSERT_TRUE(read) << read.error().detail;
    ASSERT_EQ(read->size(), 1u);
    EXPECT_EQ(read->front().json, std::string(R"({"kind":"k","name":"n","v":)") + c.json + "}");
  }
}

TEST(Documents, ReadsListsAndSeveralDocuments) {
  auto read = parse_documents(
      "# first\nkind: a\nname: one\n---\n- kind: b\n  name: two\n  x: &x {p: 1}\n"
      "- {kind: b, name: three, x: *x}\n---\n...\n",
      "d.yaml");
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ((*read)[0].kind, "a");
  EXPECT_EQ((*read)[0].line, 2);
  EXPECT_EQ((*read)[1].name, "two");
  EXPECT_EQ((*read)[1].line, 5);
  EXPECT_EQ((*read)[1].file, "d.yaml");
  EXPECT_EQ((*read)[2].json, R"({"kind":"b","name":"three","x":{"p":1}})");
  EXPECT_EQ((*read)[2].line, 8);
}

TEST(Documents, TellsEveryFault) {
  const struct {
    const char *name, *text, *detail;
  } cases[] = {
      {"no kind", "name: n\n", "d.yaml:1: the document has no kind"},
      {"no name, twice", "- kind: k\n- kind: k\n",
       "d.yaml:1: the document has no name\nd.yaml:2: the document has no name"},
      {"a word", "word\n",
       "d.yaml:1: must be a document {kind: ..., name: ...}, or a list of them"},
      {"kind is a list", "kind: [a]\nname: n\n", "d.yaml:1: kind: must be text"},
      {"twice", "kind: k\nname: n\nx: {a: 1, a: 2}\n",
       "d.yaml:3: the key \"a\" stands there twice"},
      {"list as a key", "kind: k\nname: n\n[a]: 1\n", "d.yaml:3: a key must be plain text"},
      {"unknown tag", "kind: !!binary k\nname: n\n",
       "d.yaml:1: the tag tag:yaml.org,2002:binary is not known; leave it out, or use !!str"},
      {"no variable", "kind: k\nname: ${env:SLUICE_TEST_NONE}\n",
       "d.yaml:2: ${env:SLUICE_TEST_NONE}: the environment has no variable of that name"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto read = parse_documents(c.text, "d.yaml");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().detail.substr(0, std::string(c.detail).size()), c.detail)
        << read.error().detail;
  }
}

TEST(Documents, ReadsADirectoryInOrderAndCollectsFaultsOfAllFiles) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "sluice-documents";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "sub.yaml.d");
  std::ofstream(folder / "b.yml") << "kind: k\nname: second\nsecret: ${env:SLUICE_TEST_SECRET}\n";
  std::ofstream(folder / "a.json") << "{\"kind\":\"k\",\n\t\"name\":\"first\\/\\u00e9\"}";
  std::ofstream(folder / "c.txt") << "not: read\n";
  setenv("SLUICE_TEST_SECRET", "123", 1);
  auto read = load_documents({folder});
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].name, "first/\u00e9");
  EXPECT_EQ((*read)[1].json, R"({"kind":"k","name":"second","secret":"123"})");

  std::ofstream(folder / "d.yaml") << "kind: k\n";
  auto wrong = load_documents({folder, folder / "nowhere.yaml"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().detail, (folder / "d.yaml").string() + ":1: the document has no name\n" +
                                      (folder / "nowhere.yaml").string() +
                                      ": there is no such file, or it is not a plain file");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sluice::config
