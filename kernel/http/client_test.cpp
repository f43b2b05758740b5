// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace sluice::http {
namespace {

using tcp = boost::asio::ip::tcp;

// Takes one connection, keeps the head and (by its Content-Length) the body of what came, answers
// with the bytes it was given and closes.
class OneShotServer {
 public:
  explicit OneShotServer(std::string answer, const char* address = "127.0.0.1")
      : acceptor_(io_, tcp::endpoint(boost::asio::ip::make_address(address), 0)),
        answer_(std::move(answer)) {
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::jthread([this] { serve(); });
  }

  std::string url(const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(port_);
  }
  std::string heard() {
    thread_.join();
    return heard_;
  }

 private:
  void serve() {
    boost::system::error_code failed;
    tcp::socket socket(io_);
    acceptor_.accept(socket, failed);
    boost::asio::streambuf buffer;
    const auto size = boost::asio::read_until(socket, buffer, "\r\n\r\n", failed);
    heard_.assign(static_cast<const char*>(buffer.data().data()), size);
    if (const auto at = heard_.find("Content-Length: "); at != std::string::npos) {
      const auto length = std::stoul(heard_.substr(at + 16));
      while (buffer.size() < size + length) {
        buffer.commit(socket.read_some(buffer.prepare(4096), failed));
        if (failed) break;
      }
      heard_.assign(static_cast<const char*>(buffer.data().data()), buffer.size());
    }
    if (answer_ == "silence") {  // until the client goes away
      char byte;
      socket.read_some(boost::asio::buffer(&byte, 1), failed);
      return;
    }
    boost::asio::write(socket, boost::asio::buffer(answer_), failed);
    socket.shutdown(tcp::socket::shutdown_send, failed);
  }

  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  std::string answer_, heard_;
  unsigned short port_ = 0;
  std::jthread thread_;
};

TEST(HttpClient, SendsWhatItIsGivenAndReadsTheAnswer) {
  OneShotServer server("HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello");
  ClientRequest request{"POST", server.url() + "/a%20b?q=1&r=%2F", {{"X-Api-Key", "k"}}, "{}"};
  const auto got = fetch(request);
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->status, 201);
  EXPECT_EQ(got->body, "hello");
  EXPECT_EQ(got->header("x-one"), "1");
  EXPECT_EQ(got->header("absent"), "");
  const auto heard = server.heard();
  EXPECT_EQ(heard.substr(0, heard.find("\r\n")), "POST /a%20b?q=1&r=%2F HTTP/1.1");
  EXPECT_NE(heard.find("\r\nX-Api-Key: k\r\n"), std::string::npos) << heard;
  EXPECT_EQ(heard.substr(heard.size() - 2), "{}");
}

TEST(HttpClient, ReadsEveryFormOfABody) {
  const struct {
    const char *name, *answer, *body;
  } cases[] = {
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
       "abc"},
      {"until the end", "HTTP/1.1 200 OK\r\n\r\nall of it", "all of it"},
      {"none", "HTTP/1.1 204 No Content\r\n\r\n", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    OneShotServer server(c.answer);
    const auto got = fetch({"GET", server.url(), {}, {}});
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(got->body, c.body);
  }
}

TEST(HttpClient, SaysWhatIsWrongWithAnAnswer) {
  const struct {
    const char *name, *answer, *detail;
    Status status;
  } cases[] = {
      {"cut", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "was cut off",
       SLUICE_E_UNAVAILABLE},
      {"cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
       "was cut off", SLUICE_E_UNAVAILABLE},
      {"nothing", "", "closed the connection without an answer", SLUICE_E_UNAVAILABLE},
      {"not HTTP", "SSH-2.0-x\r\n\r\n", "does not speak HTTP/1.1", SLUICE_E_UNAVAILABLE},
      {"too large", "HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n", "larger than 64 MiB",
       SLUICE_E_TOO_LARGE},
      {"silent", "silence", "did not answer within 50 ms", SLUICE_E_TIMEOUT},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    OneShotServer server(c.answer);
    const std::int64_t timeout_ms = std::string_view(c.name) == "silent" ? 50 : 30'000;
    const auto got = fetch({"GET", server.url(), {}, {}, timeout_ms});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().status, c.status);
    EXPECT_NE(got.error().detail.find(c.detail), std::string::npos) << got.error().detail;
  }
}

TEST(HttpClient, SaysThatNobodyListens) {
  // A port that was free a moment ago, and that nobody listens on.
  boost::asio::io_context io;
  tcp::socket bound(io, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
  const auto authority = "127.0.0.1:" + std::to_string(bound.local_endpoint().port());
  const auto got = fetch({"GET", "http://" + authority + "/", {}, {}});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().detail,
            "nobody listens on " + authority + ": is the node running, and is this its address?");
}

TEST(HttpClient, ReachesLocalhostAndIpv6) {
  {
    OneShotServer server("HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_TRUE(fetch({"GET", server.url("localhost"), {}, {}}));
  }
  try {
    OneShotServer server("HTTP/1.1 204 No Content\r\n\r\n", "::1");
    EXPECT_TRUE(fetch({"GET", server.url("[::1]"), {}, {}}));
  } catch (const boost::system::system_error&) {
    GTEST_SKIP() << "this machine has no IPv6 loopback";
  }
}

TEST(HttpClient, RefusesWhatItCannotSend) {
  const struct {
    const char* name;
    ClientRequest request;
    const char* detail;
  } cases[] = {
      {"https", {"GET", "https://127.0.0.1/", {}, {}}, "https is not supported"},
      {"no scheme", {"GET", "127.0.0.1:80/x", {}, {}}, "is no URL"},
      {"other scheme", {"GET", "ftp://127.0.0.1/", {}, {}}, "only http://"},
      {"no host", {"GET", "http:///x", {}, {}}, "is no URL"},
      {"credentials", {"GET", "http://u:p@127.0.0.1/", {}, {}}, "carries a user name"},
      {"space in URL", {"GET", "http://127.0.0.1/a b", {}, {}}, "is no URL"},
      {"method", {"GE T", "http://127.0.0.1/", {}, {}}, "is no HTTP method"},
      {"header name", {"GET", "http://127.0.0.1/", {{"A:", "1"}}, {}}, "is no header name"},
      {"header value", {"GET", "http://127.0.0.1/", {{"A", "1\r\nB: 2"}}, {}}, "a line end"},
      {"framing",
       {"GET", "http://127.0.0.1/", {{"content-length", "1"}}, {}},
       "by the client itself"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = fetch(c.request);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().status, SLUICE_E_ARGUMENT);
    EXPECT_NE(got.error().detail.find(c.detail), std::string::npos) << got.error().detail;
  }
}

}  // namespace
}  // namespace sluice::http
