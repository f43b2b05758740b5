// SPDX-License-Identifier: Apache-2.0
// Every rule of a name at its boundary, with ASCII, Chinese and combining characters. A character
// is a code point: "é" may be one (U+00E9) or two ("e" and U+0301); names of people's making are
// letters of ASCII and Chinese ones, so neither stands in a name, and both count in a free text.
#include "model/laws.hpp"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

std::string times(std::size_t n, std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += text;
  return out;
}

const std::string kUser = "用户";              // two characters, six bytes
const std::string kAccent = "e\xCC\x81";       // e and a combining acute: two characters
const std::string kComposed = "\xC3\xA9";      // U+00E9: one
const std::string kRare = "\xF0\xA0\x80\x80";  // U+20000: one character of four bytes
const std::string kBroken = "ab\xE7\x94";      // a character that ends too soon

struct Case {
  const char* name;
  std::string text;
  bool right;
};

template <class Find>
void expect_all(const std::vector<Case>& cases, Find find) {
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.name) + ": '" + c.text.substr(0, 40) + "'");
    const auto fault = find(c.text);
    EXPECT_EQ(!fault.has_value(), c.right) << (fault ? fault->what : "");
    if (fault) {
      EXPECT_EQ(fault->where, "/x");
      EXPECT_FALSE(fault->what.empty() || fault->remedy.empty());
    }
  }
}

// Proves: R060, R061, R069
TEST(Names, OfWorkflowsAndApis) {
  expect_all(
      {
          {"3", "abc", false},
          {"4", "abcd", true},
          {"50", times(50, "a"), true},
          {"51", times(51, "a"), false},
          {"none", "", false},
          {"3 Chinese", kUser + "数", false},
          {"4 Chinese, 12 bytes", times(2, kUser), true},
          {"50 Chinese, 150 bytes", times(25, kUser), true},
          {"51 Chinese", times(25, kUser) + "数", false},
          {"4 of four bytes each", times(4, kRare), true},
          {"3 of four bytes each", times(3, kRare), false},
          {"the seed's workflow", "User Query Workflow", true},
          {"the seed's API", "Query User by User ID", true},
          {"digits and _ inside", "a_1b", true},
          {"a digit first", "1abc", false},
          {"_ first", "_abc", false},
          {"a space first", " abcd", false},
          {"a space last", "abcd ", false},
          {"two spaces", "ab  cd", false},
          {"a tab", "ab\tcd", false},
          {"a wide space",
           "ab\xE3\x80\x80"
           "cd",
           false},
          {"a hyphen", "ab-cd", false},
          {"a slash", "ab/cd", false},
          {"a combining mark", "caf" + kAccent, false},
          {"a combining mark first",
           "\xCC\x81"
           "abcd",
           false},
          {"a letter with an accent", "caf" + kComposed, false},
          {"a Greek letter", "abc\xCE\xB1", false},
          {"a full-width letter", "abc\xEF\xBC\xA1", false},
          {"Chinese with a combining mark", times(2, kUser) + "\xCC\x81", false},
          {"mixed", "查询 User_1", true},
          {"NUL", std::string("abc\0d", 5), false},
          {"broken UTF-8", "abcd" + kBroken, false},
          {"overlong UTF-8", "abcd\xC0\xAF", false},
          {"a surrogate", "abcd\xED\xA0\x80", false},
      },
      [](const std::string& text) { return find_title_fault(text, "/x"); });
}

// Proves: R051
TEST(Names, OfRestApisWorkspacesAndSources) {
  expect_all(
      {
          {"the seed's REST API", "dataservice-user-api", true},
          {"1", "a", true},
          {"none", "", false},
          {"64", times(64, "a"), true},
          {"65", times(65, "a"), false},
          {"a digit first", "1a", true},
          {"dots", "a.b", true},
          {"a dot first", ".a", false},
          {"a hyphen first", "-a", false},
          {"a space", "a b", false},
          {"a slash", "a/b", false},
          {"Chinese", kUser, false},
          {"a combining mark", kAccent, false},
      },
      [](const std::string& text) { return find_plain_name_fault(text, "/x"); });
}

// Proves: R052
TEST(Names, OfBasePaths) {
  expect_all(
      {
          {"the seed's", "/v1", true},
          {"the root", "/", true},
          {"256 bytes", "/" + times(255, "a"), true},
          {"257 bytes", "/" + times(256, "a"), false},
          {"none", "", false},
          {"without /", "v1", false},
          {"/ at the end", "/v1/", false},
          {"two slashes", "/a//b", false},
          {"up", "/a/../b", false},
          {"a space", "/a b", false},
          {"Chinese", "/" + kUser, false},
          {"a combining mark", "/" + kAccent, false},
          {"percent", "/%41", false},
      },
      [](const std::string& text) { return find_base_path_fault(text, "/x"); });
}

// Proves: R070, R071
TEST(Names, OfApiPaths) {
  expect_all(
      {
          {"the seed's", "/user/info", true},
          {"without /", "user", false},
          {"200", "/" + times(199, "a"), true},
          {"201", "/" + times(200, "a"), false},
          {"_ and -", "/a_b-c", true},
          {"nothing after /", "/", false},
          {"/ at the end", "/a/", false},
          {"a dot", "/a.b", false},
          {"a space", "/a b", false},
          {"a question mark", "/a?b", false},
          {"Chinese", "/" + kUser, false},
          {"a combining mark", "/" + kAccent, false},
          {"NUL", std::string("/a\0", 3), false},
      },
      [](const std::string& text) { return find_api_path_fault(text, "/x"); });
}

TEST(Names, OfTags) {
  expect_all(
      {
          {"1", "a", true},
          {"none", "", false},
          {"20", times(20, "a"), true},
          {"21", times(21, "a"), false},
          {"20 Chinese", times(10, kUser), true},
          {"21 Chinese", times(10, kUser) + "数", false},
          {"a digit first", "2024", true},
          {"_", "a_b", true},
          {"a space", "a b", false},
          {"a hyphen", "a-b", false},
          {"a combining mark", kAccent, false},
          {"broken UTF-8", kBroken, false},
      },
      [](const std::string& text) { return find_tag_fault(text, "/x"); });
}

TEST(Names, OfFolders) {
  expect_all(
      {
          {"1", "a", true},
          {"none", "", false},
          {"50", times(50, "a"), true},
          {"51", times(51, "a"), false},
          {"50 Chinese", times(25, kUser), true},
          {"51 Chinese", times(25, kUser) + "数", false},
          {"inner spaces", "Daily Orders", true},
          {"a space last", "Orders ", false},
          {"in another one", "Orders/Daily", true},
          {"5 deep", "a/b/c/d/e", true},
          {"6 deep", "a/b/c/d/e/f", false},
          {"a part of 50 in a path", "a/" + times(50, "b"), true},
          {"an empty part", "a//b", false},
          {"/ first", "/a", false},
          {"/ last", "a/", false},
          {"up", "a/..", false},
          {"a digit first", "1a", false},
          {"a hyphen", "a-b", false},
          {"a combining mark", "caf" + kAccent, false},
          {"broken UTF-8", kBroken, false},
      },
      [](const std::string& text) { return find_folder_fault(text, "/x"); });
}

// Proves: R039
TEST(Names, OfDomains) {
  expect_all(
      {
          {"the seed's", "api.example.com", true},
          {"none", "", true},
          {"a label of 63", times(63, "a") + ".com", true},
          {"a label of 64", times(64, "a") + ".com", false},
          {"upper case", "API.example.com", false},
          {"a port", "example.com:80", false},
          {"a space", "exa mple.com", false},
          {"Chinese, not as xn--", kUser + ".com", false},
          {"a combining mark", kAccent + ".com", false},
      },
      [](const std::string& text) { return find_domain_fault(text, "/x"); });
}

std::optional<Fault> find_first(const ApiDefinition& definition) {
  for (auto& fault : find_faults(definition)) {
    fault.where = "/x";
    return std::move(fault);
  }
  return std::nullopt;
}

ApiDefinition right_definition() {
  ApiDefinition d;
  d.name = "Query User";
  d.path = "/user/info";
  return d;
}

// Proves: R087
TEST(Names, OfParameters) {
  expect_all(
      {
          {"the seed's", "user_id", true},
          {"_ first", "_a", true},
          {"64", times(64, "a"), true},
          {"65", times(65, "a"), false},
          {"none", "", false},
          {"a digit first", "1a", false},
          {"a space", "a b", false},
          {"a hyphen", "a-b", false},
          {"Chinese", kUser, false},
          {"a combining mark", kAccent, false},
      },
      [](const std::string& text) {
        auto d = right_definition();
        d.request_parameters = {{.name = text, .column = "c"}};
        return find_first(d);
      });
}

TEST(Names, DescriptionsAreFreeTextOf2000Characters) {
  expect_all(
      {
          {"none", "", true},
          {"2000", times(2000, "a"), true},
          {"2001", times(2001, "a"), false},
          {"2000 Chinese, 6000 bytes", times(1000, kUser), true},
          {"2001 Chinese", times(1000, kUser) + "数", false},
          {"1000 with combining marks", times(1000, kAccent), true},
          {"and one more mark", times(1000, kAccent) + "\xCC\x81", false},
          {"2000 of four bytes each", times(2000, kRare), true},
          {"broken UTF-8", kBroken, false},
      },
      [](const std::string& text) {
        auto d = right_definition();
        d.description = text;
        return find_first(d);
      });
}

TEST(Names, SamplesOfAnswersAreBounded) {
  expect_all(
      {
          {"as long as may be", times(kAnswerSampleBytesMax, "a"), true},
          {"longer", times(kAnswerSampleBytesMax + 1, "a"), false},
          {"broken UTF-8", kBroken, false},
      },
      [](const std::string& text) {
        auto d = right_definition();
        d.success_sample = text;
        return find_first(d);
      });
}

TEST(Names, APlacementHasAtMostFiveTagsEachOnce) {
  const struct {
    const char* name;
    std::vector<std::string> tags;
    const char* where;  // empty: right
  } cases[] = {
      {"none", {}, ""},
      {"5", {"a", "b", "c", "d", "e"}, ""},
      {"6", {"a", "b", "c", "d", "e", "f"}, "/tags"},
      {"twice", {"a", "b", "a"}, "/tags/2"},
      {"the second is wrong", {"a", "b c"}, "/tags/1"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto faults = find_faults(Placement{.folder = {}, .tags = c.tags});
    EXPECT_EQ(faults.empty() ? "" : faults.front().where, c.where);
  }
}

TEST(Names, FoldersAreATree) {
  std::vector<std::string> many;
  for (std::size_t i = 0; i <= kFoldersMax; ++i) many.push_back("f" + std::to_string(i));
  auto as_many_as_may_be = many;
  as_many_as_may_be.pop_back();
  const struct {
    const char* name;
    std::vector<std::string> folders;
    const char* where;
  } cases[] = {
      {"none", {}, ""},
      {"one in another", {"A", "A/B"}, ""},
      {"the order does not matter", {"A/B", "A"}, ""},
      {"its parent is not there", {"A", "B/C"}, "/folders/1"},
      {"twice", {"A", "A"}, "/folders"},
      {"as many as may be", as_many_as_may_be, ""},
      {"too many", many, "/folders"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Workflow workflow{.id = {}, .workspace = "shop", .name = "Workflow", .rest_api = "users"};
    workflow.folders = c.folders;
    const auto faults = find_faults(workflow);
    EXPECT_EQ(faults.empty() ? "" : faults.front().where, c.where);
  }
}

TEST(CutText, CutsNoCharacterInTwo) {
  const struct {
    std::string text;
    std::size_t bytes_max;
    std::string kept;
  } cases[] = {
      {"abc", 3, "abc"},
      {"abc", 2, "ab"},
      {kUser, 5, "用"},
      {kUser, 3, "用"},
      {kUser, 2, ""},
      {"a" + kRare, 4, "a"},
      {times(6, "\x80"), 4, "\x80"},  // no characters at all: cut somewhere before
      {"", 0, ""},
  };
  for (const auto& c : cases) EXPECT_EQ(cut_text(c.text, c.bytes_max), c.kept) << c.bytes_max;
}

}  // namespace
}  // namespace sluice::model
