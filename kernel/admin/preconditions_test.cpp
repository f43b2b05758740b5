// SPDX-License-Identifier: Apache-2.0
// What If-Match and If-None-Match name. What they do to a request is tested in tests/api.
#include "admin/preconditions.hpp"

#include <gtest/gtest.h>

namespace sluice::admin {
namespace {

TEST(Preconditions, IfMatchNamesADocumentWhateverElseItsAnswerTold) {
  const struct {
    const char* name;
    const char* condition;
    const char* tag;
    bool is_named;
  } cases[] = {
      {"the tag", R"("abc-1")", "abc", true},
      {"the answer told more by then", R"("abc-2")", "abc", true},
      {"another tag", R"("abd-1")", "abc", false},
      {"the beginning of a tag", R"("ab-1")", "abc", false},
      {"one of several", R"("x-1", "abc-1" ,"y-1")", "abc", true},
      {"none of several", R"("x-1","y-1")", "abc", false},
      {"a weak one is never strong enough", R"(W/"abc-1")", "abc", false},
      {"whatever is there", "*", "abc", true},
      {"whatever is there, and nothing is", "*", "", false},
      {"nothing is there", R"("abc-1")", "", false},
      {"an empty tag of nothing", R"("")", "", false},
      {"without quotes", "abc-1", "abc", false},
      {"broken behind", R"("abc-1", "x)", "abc", false},
      {"empty", "", "abc", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(names_document(c.condition, c.tag), c.is_named) << c.name;
  }
}

TEST(Preconditions, IfNoneMatchNamesAnAnswerToTheByte) {
  const auto etag = make_etag("abc", "body");
  EXPECT_TRUE(names_answer(etag, etag));
  EXPECT_TRUE(names_answer("W/" + etag, etag));
  EXPECT_TRUE(names_answer("*", etag));
  EXPECT_FALSE(names_answer(make_etag("abc", "bodies"), etag));
  EXPECT_FALSE(names_answer(make_etag("abd", "body"), etag));
}

TEST(Preconditions, OnlyASuccessCarriesATag) {
  const AdminResponse good{200, "{}\n", {}}, bad{409, "{}\n", {}}, none{204, "", {}};
  const auto count = [](const AdminResponse& answer) {
    std::size_t tags = 0;
    for (const auto& [name, value] : answer.headers) tags += name == "ETag";
    return tags;
  };
  EXPECT_EQ(count(make_conditional(good, true, "", "abc")), 1u);
  EXPECT_EQ(count(make_conditional(bad, true, "", "abc")), 0u);
  EXPECT_EQ(count(make_conditional(none, false, "", "abc")), 0u);
  EXPECT_EQ(count(make_conditional(good, true, "", "")), 0u);
}

TEST(Preconditions, WhatTheAskerHasIsNotSentAgain) {
  const AdminResponse answer{200, "{}\n", {}};
  const auto etag = make_etag("abc", "{}\n");
  const auto same = make_conditional(answer, true, etag, "abc");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(make_conditional(answer, true, etag, "abd").status, 200);
  EXPECT_EQ(make_conditional(answer, false, etag, "abc").status, 200);
}

}  // namespace
}  // namespace sluice::admin
