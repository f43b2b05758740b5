// SPDX-License-Identifier: Apache-2.0
#include "main/request_text.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

std::string to_text(const Result<SentText>& request) {
  if (!request) return "refused: " + request.error().detail;
  std::string text = request->method + " " + request->target;
  for (const auto& [name, value] : request->headers) text += " | " + name + "=" + value;
  return text + " | " + request->body;
}

TEST(RequestText, IsReadAsItStoodOnTheWire) {
  const struct {
    const char *name, *text, *read;
  } cases[] = {
      {"lines end in CRLF", "GET /a?b=%20 HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Tab:\tv\r\n\r\n",
       "GET /a?b=%20 | Host=h | X-Empty= | X-Tab=v | "},
      {"lines end in LF, a body, an editor's last line end",
       "POST /a HTTP/1.1\nHost: h\n\n{\"x\":\n1}\n", "POST /a | Host=h | {\"x\":\n1}"},
      {"no version", "GET /a b", "GET /a b | "},
      {"a colon in a value", "GET / HTTP/1.1\nX: a:b\n", "GET / | X=a:b | "},
      {"nothing", "", "refused: line 1 is no request line: write 'GET /path?query HTTP/1.1'"},
      {"an absolute target", "GET http://h/ HTTP/1.1\n",
       "refused: line 1 has no path: what follows the method begins with '/'"},
      {"a line that is no header", "GET / HTTP/1.1\nHost: h\nnonsense\n",
       "refused: line 3 is no header: write 'Name: value', and an empty line before the body"},
      {"a header without a name", "GET / HTTP/1.1\n: v\n",
       "refused: line 2 is no header: write 'Name: value', and an empty line before the body"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(to_text(parse_request_text(c.text)), c.read);
  }
}

TEST(RequestText, OfAClientsRequestHasItsHostAndTarget) {
  const struct {
    const char *url, *host, *target;
  } cases[] = {{"http://h:8080/a?b=1#c", "h:8080", "/a?b=1"},
               {"http://h", "h", "/"},
               {"http://[::1]:80?x", "[::1]:80", "/?x"}};
  for (const auto& c : cases) {
    const auto sent = make_sent_text({.url = c.url});
    EXPECT_EQ(sent.headers.at(0).second, c.host) << c.url;
    EXPECT_EQ(sent.target, c.target) << c.url;
  }
}

}  // namespace
}  // namespace sluice::cli
