// SPDX-License-Identifier: Apache-2.0
#include "problem/problem.hpp"

#include <gtest/gtest.h>

namespace sluice::problem {
namespace {

TEST(Problem, MapsEachStatusToItsHttpStatusAndProductCode) {
  const struct {
    Status status;
    int http;
    std::int64_t code;
  } cases[] = {
      {kParameterMissing, 400, 1108110519},
      {kParameterFormat, 400, 1108110301},
      {kParameterValue, 400, 1108110304},
      {SLUICE_E_TIMEOUT, 504, 1108110583},
      {kSourceFailed, 502, 1108110622},
      {kSourceUnreachable, 502, 1108110703},
      {kRateLimited, 429, 1108113002},
      {kRouteNotFound, 404, 404},
      {kMethodNotAllowed, 405, 405},
      {SLUICE_E_UNAUTHENTICATED, 401, 401},
      {SLUICE_E_FORBIDDEN, 403, 403},
      {kComponentMissing, 503, 503},
      {-4711, 500, 500},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.status);
    EXPECT_EQ(to_problem(c.status).http_status, c.http);
    EXPECT_EQ(to_problem(c.status).err_code, c.code);
  }
}

TEST(Problem, ASourcesOwnWordsNeverBecomeAStatusOfTheGateway) {
  EXPECT_EQ(from_source(SLUICE_E_UNAVAILABLE), kSourceUnreachable);
  EXPECT_EQ(from_source(SLUICE_E_UNAUTHENTICATED), kSourceFailed);
  EXPECT_EQ(from_source(SLUICE_E_FORBIDDEN), kSourceFailed);
  EXPECT_EQ(from_source(SLUICE_E_NOT_FOUND), kSourceFailed);
  EXPECT_EQ(from_source(SLUICE_E_TIMEOUT), SLUICE_E_TIMEOUT);
}

TEST(Problem, BodyHasTheFailureEnvelopeAndEscapesText) {
  EXPECT_EQ(make_body(to_problem(kParameterMissing), "a\"b\n", "r-1"),
            R"({"data":null,"success":false,"errCode":1108110519,)"
            R"("errMsg":"param miss: a\"b\u000a","requestId":"r-1"})");
}

TEST(Problem, BodyIsUtf8WhateverTheTextRepeats) {
  const struct {
    const char *text, *in_body;
  } cases[] = {
      {"用户 é 😀", "用户 é 😀"},
      {"\xff", "\uFFFD"},
      {"a\x80z", "a\uFFFDz"},
      {"\xc3", "\uFFFD"},                                // cut
      {"\xe7\x94", "\uFFFD\uFFFD"},                      // cut
      {"\xc0\xaf", "\uFFFD\uFFFD"},                      // overlong
      {"\xe0\x80\xaf", "\uFFFD\uFFFD\uFFFD"},            // overlong
      {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},            // a surrogate
      {"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // beyond U+10FFFF
      {"\xf0\x9f\x98\"", "\uFFFD\uFFFD\uFFFD\\\""},      // cut before a quote
  };
  for (const auto& c : cases) {
    EXPECT_EQ(make_body({400, 400, c.text, "X"}, {}, "r"),
              std::string(R"({"data":null,"success":false,"errCode":400,"errMsg":")") + c.in_body +
                  R"(","requestId":"r"})");
  }
}

// What an authenticator escaped already is not escaped again, and 8 KiB pass whole (auth.md 1.6).
TEST(Problem, HeaderTextKeepsWhatIsEscapedAlready) {
  EXPECT_EQ(escape_header("a=%0D#b%25`\xff"), "a=%0D#b%25`\xff");
  const std::string longest(8192, 'x');
  EXPECT_EQ(escape_header(longest), longest);
  EXPECT_EQ(escape_header(longest + "y"), longest);
}

TEST(Problem, HeaderTextCannotSplitAResponse) {
  EXPECT_EQ(escape_header("a\r\nSet-Cookie: x\t\x7f"), "a%0D%0ASet-Cookie: x%09%7F");
  EXPECT_EQ(escape_header("用户"), "用户");
  EXPECT_LE(escape_header(std::string(20000, '\n')).size(), 8192u);
}

}  // namespace
}  // namespace sluice::problem
