// SPDX-License-Identifier: Apache-2.0
#include "main/cli_text.hpp"
#include "main/cli_words.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

TEST(CliText, KeepsLinesWhereTheyAreWelcomeAndNoOtherControl) {
  const struct {
    const char *name, *text, *line, *lines;
  } cases[] = {
      {"plain", "one", "one", "one"},
      {"two lines", "one\ntwo", "one?two", "one\ntwo"},
      {"of another system", "one\r\ntwo\n", "one??two?", "one\ntwo\n"},
      {"a tab", "\tone", "?one", " one"},
      {"an escape", "\x1b[2Jone\ntwo", "?[2Jone?two", "?[2Jone\ntwo"},
      {"a return that would overwrite", "one\rtwo", "one?two", "one?two"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(make_printable(c.text), c.line);
    EXPECT_EQ(make_printable_lines(c.text), c.lines);
  }
}

TEST(CliText, LinesOfALastCellStandBelowEachOther) {
  EXPECT_EQ(make_table({"WHAT", "VALUE"}, {{"schema", "{\n  a\n}"}, {"a\nb", "c"}}),
            "WHAT    VALUE\n"
            "schema  {\n"
            "          a\n"
            "        }\n"
            "a?b     c\n");
}

TEST(CliWords, FindsTheCommandThatWasMeant) {
  const std::vector<std::string> known = {"get", "set", "create", "api", "apply", "test"};
  const struct {
    const char *word, *meant;
  } cases[] = {
      {"crate", "create"}, {"apii", "api"}, {"tset", "set"}, {"testt", "test"},
      {"ge", "get"},       {"foo", ""},     {"x", ""},       {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(find_near(c.word, known), c.meant) << c.word;
  EXPECT_EQ(find_near(std::string(1'000'000, 'a'), known), "");
}

}  // namespace
}  // namespace sluice::cli
