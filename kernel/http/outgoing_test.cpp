// SPDX-License-Identifier: Apache-2.0
// The outgoing client against real servers on loopback, plain and TLS.
#include "http/outgoing.hpp"

#include "http/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

namespace sluice::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// What came of one request; filled by the client's thread.
class Answer {
 public:
  static const sluice_http_events kEvents;

  // The status of end(), within 20 s.
  Status await() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [&] { return ends > 0; }));
    return status;
  }
  void await_head() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return http_status != 0; }));
  }

  bool await_bytes(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return body.size() >= count; });
  }
  std::size_t byte_count() {
    const std::lock_guard lock(mutex_);
    return body.size();
  }
  void set_data_answers(Status status) {
    const std::lock_guard lock(mutex_);
    data_answers = status;
  }

  int http_status = 0, ends = 0;
  std::string headers, body, why;
  Status status = SLUICE_OK;
  Status data_answers = SLUICE_OK;

 private:
  friend struct AnswerTable;
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct AnswerTable {
  static Answer& of(void* user) { return *static_cast<Answer*>(user); }
  static void head(void* user, std::int32_t status, const sluice_pair* headers, std::size_t n) {
    const std::lock_guard lock(of(user).mutex_);
    of(user).http_status = status;
    for (std::size_t i = 0; i < n; ++i) {
      of(user).headers += std::string(to_view(headers[i].name)) + "=" +
                          std::string(to_view(headers[i].value)) + ";";
    }
    of(user).changed_.notify_all();
  }
  static sluice_status data(void* user, const void* bytes, std::size_t n) {
    const std::lock_guard lock(of(user).mutex_);
    of(user).body.append(static_cast<const char*>(bytes), n);
    of(user).changed_.notify_all();
    return of(user).data_answers;
  }
  static void end(void* user, sluice_status status, sluice_str why) {
    const std::lock_guard lock(of(user).mutex_);
    of(user).status = status;
    of(user).why = to_view(why);
    ++of(user).ends;
    of(user).changed_.notify_all();
  }
};
const sluice_http_events Answer::kEvents{sizeof(sluice_http_events), 0, &AnswerTable::head,
                                         &AnswerTable::data, &AnswerTable::end};

// A server that does with each connection what it is told to, one after another.
template <class Stream>
class Server {
 public:
  using Script = std::function<void(Stream&, int number)>;  // number of the connection, from 1

  explicit Server(Script script, asio::ssl::context* tls = nullptr)
      : script_(std::move(script)),
        tls_(tls),
        acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        thread_([this] { run(); }) {}
  ~Server() {
    error_code ec;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // ends accept()
    thread_.join();
    acceptor_.close(ec);
  }
  std::string url(const std::string& path = "/", const std::string& host = "127.0.0.1") const {
    const std::string scheme = tls_ ? "https://" : "http://";
    return scheme + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  int connections() const { return connections_; }

 private:
  void run() {
    for (;;) {
      error_code ec;
      tcp::socket socket(context_);
      acceptor_.accept(socket, ec);
      if (ec) return;
      const int number = ++connections_;
      try {
        if constexpr (std::is_same_v<Stream, tcp::socket>) {
          script_(socket, number);
        } else {
          Stream stream(std::move(socket), *tls_);
          stream.handshake(asio::ssl::stream_base::server);
          script_(stream, number);
        }
      } catch (const std::exception&) {
        // The client left, or refused the handshake: that is what some tests are about.
      }
    }
  }
  Script script_;
  asio::ssl::context* tls_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};
using PlainServer = Server<tcp::socket>;

template <class Stream>
std::string read_request(Stream& stream) {
  std::string text;
  asio::read_until(stream, asio::dynamic_buffer(text), "\r\n\r\n");
  return text;
}
template <class Stream>
void write(Stream& stream, std::string_view text) {
  asio::write(stream, asio::buffer(text.data(), text.size()));
}
// Until the client closes.
template <class Stream>
void wait_for_close(Stream& stream) {
  char byte;
  error_code ec;
  while (!ec) stream.read_some(asio::buffer(&byte, 1), ec);
}

std::unique_ptr<OutgoingClient> make_client(const OutgoingOptions& options = {}) {
  auto made = OutgoingClient::make(options);
  if (!made) throw std::runtime_error(made.error().detail);
  return std::move(*made);
}

struct Ask {
  std::string url;
  std::string method = "GET";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::uint32_t flags = SLUICE_HTTP_ALLOW_PRIVATE;
  std::uint64_t body_bytes_max = 1 << 20;
  std::uint64_t within_ms = 15'000;
};

Status send(OutgoingClient& client, const Ask& ask, Answer& answer, std::uint64_t* id = nullptr) {
  std::vector<sluice_pair> pairs;
  for (const auto& [name, value] : ask.headers) pairs.push_back({to_str(name), to_str(value)});
  const sluice_http_request request{
      sizeof request,  ask.flags,          to_str(ask.method),
      to_str(ask.url), to_str(ask.body),   pairs.data(),
      pairs.size(),    ask.body_bytes_max, monotonic_ns() + ask.within_ms * 1'000'000};
  std::uint64_t own = 0;
  return client.send(request, UINT64_MAX, Answer::kEvents, &answer, id ? id : &own);
}

TEST(Outgoing, ReadsEveryFramingOfAnAnswer) {
  const struct {
    const char *name, *method, *answer;
    int status;
    const char* body;
    Status end;
  } cases[] = {
      {"sized", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello", 200, "hello",
       SLUICE_OK},
      {"chunked", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200,
       "hello", SLUICE_OK},
      {"until the close", "GET", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello", SLUICE_OK},
      {"no body", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", SLUICE_OK},
      {"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", SLUICE_OK},
      {"interim answers first", "GET",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\n"
       "Content-Length: 2\r\n\r\nok",
       200, "ok", SLUICE_OK},
      {"a redirect is an answer", "GET",
       "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, "", SLUICE_OK},
      {"an error is an answer", "GET", "HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\nx", 500, "x",
       SLUICE_OK},
      {"cut short", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, "hello",
       SLUICE_E_UNAVAILABLE},
      {"not HTTP", "GET", "hello\r\n\r\n", 0, "", SLUICE_E_UNAVAILABLE},
      {"nothing", "GET", "", 0, "", SLUICE_E_UNAVAILABLE},
  };
  const auto client = make_client();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    PlainServer server([&](tcp::socket& socket, int) {
      read_request(socket);
      write(socket, c.answer);
    });
    Answer answer;
    ASSERT_EQ(send(*client, {.url = server.url(), .method = c.method}, answer), SLUICE_OK);
    EXPECT_EQ(answer.await(), c.end) << answer.why;
    EXPECT_EQ(answer.http_status, c.status);
    EXPECT_EQ(answer.body, c.body);
    EXPECT_EQ(answer.ends, 1);
  }
}

TEST(Outgoing, SendsWhatItWasGiven) {
  std::string seen;
  std::mutex mutex;
  PlainServer server([&](tcp::socket& socket, int) {
    const auto text = read_request(socket);
    const std::lock_guard lock(mutex);
    seen = text;
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const auto client = make_client();
  Answer answer;
  ASSERT_EQ(send(*client,
                 {.url = server.url("/a%20b?c=d"),
                  .method = "POST",
                  .body = "12345",
                  .headers = {{"X-One", "1"}, {"X-One", "2"}, {"Host", "evil"}}},
                 answer),
            SLUICE_OK);
  EXPECT_EQ(answer.await(), SLUICE_OK);
  const std::lock_guard lock(mutex);
  EXPECT_TRUE(seen.starts_with("POST /a%20b?c=d HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("X-One: 1\r\n"), std::string::npos);
  EXPECT_NE(seen.find("X-One: 2\r\n"), std::string::npos);
  EXPECT_NE(seen.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(seen.find("evil"), std::string::npos) << "Host is the client's";
  EXPECT_NE(seen.find("Host: 127.0.0.1:"), std::string::npos);
}

TEST(Outgoing, RefusesWhatCannotBeSentBeforeItBegins) {
  const auto client = make_client();
  const struct {
    const char* name;
    Ask ask;
  } cases[] = {{"no URL", {.url = "nonsense"}},
               {"another scheme", {.url = "ftp://h/"}},
               {"a password", {.url = "http://u:p@h/"}},
               {"too long", {.url = "http://h/" + std::string(kOutgoingUrlBytesMax, 'a')}},
               {"a line end in the URL", {.url = "http://h/\r\nX: y"}},
               {"a method that is none", {.url = "http://h/", .method = "GE T"}},
               {"a header's name", {.url = "http://h/", .headers = {{"a b", "c"}}}},
               {"a line end in a value", {.url = "http://h/", .headers = {{"a", "b\r\nc: d"}}}},
               {"a NUL in a value", {.url = "http://h/", .headers = {{"a", {"b\0c", 3}}}}}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Answer answer;
    EXPECT_EQ(send(*client, c.ask, answer), SLUICE_E_ARGUMENT);
    EXPECT_EQ(answer.ends, 0);
  }
}

TEST(Outgoing, NeverConnectsToAPrivateAddressUnlessItIsAllowed) {
  PlainServer server([](tcp::socket&, int) {});
  const auto client = make_client();
  for (const std::string host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"}) {
    SCOPED_TRACE(host);
    Answer answer;
    ASSERT_EQ(send(*client, {.url = server.url("/?secret", host), .flags = 0}, answer), SLUICE_OK);
    EXPECT_EQ(answer.await(), SLUICE_E_FORBIDDEN) << answer.why;
    EXPECT_EQ(answer.why.find("secret"), std::string::npos);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(Outgoing, ReachesPrivatelyOnlyTheHostsThatTheNodesOwnerNamed) {
  PlainServer server([](tcp::socket& socket, int) {
    error_code ec;
    asio::write(socket, asio::buffer(std::string("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
                ec);
  });
  const struct {
    const char* name;
    std::optional<std::vector<std::string>> hosts;
    const char* host;
    Status end;
  } cases[] = {
      {"nobody limits it", {}, "127.0.0.1", SLUICE_OK},
      {"named", {{"jwks.internal", "localhost"}}, "localhost", SLUICE_OK},
      {"named, in capitals", {{"localhost"}}, "LOCALHOST", SLUICE_OK},
      {"the same machine by another name", {{"localhost"}}, "127.0.0.1", SLUICE_E_FORBIDDEN},
      {"none may", {std::vector<std::string>()}, "localhost", SLUICE_E_FORBIDDEN},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto client = make_client({.private_hosts = c.hosts});
    Answer answer;
    ASSERT_EQ(send(*client, {.url = server.url("/", c.host)}, answer), SLUICE_OK);
    EXPECT_EQ(answer.await(), c.end) << answer.why;
  }
}

TEST(Outgoing, KnowsPublicAddresses) {
  const struct {
    const char* address;
    bool is_public;
  } cases[] = {
      {"8.8.8.8", true},
      {"1.1.1.1", true},
      {"172.15.255.255", true},
      {"172.32.0.0", true},
      {"100.63.255.255", true},
      {"198.17.255.255", true},
      {"223.255.255.255", true},
      {"2606:4700::1111", true},
      {"2a00:1450::1", true},
      {"::ffff:8.8.8.8", true},
      {"64:ff9b::808:808", true},
      {"2002:808:808::1", true},
      {"0.0.0.0", false},
      {"0.1.2.3", false},
      {"10.1.2.3", false},
      {"100.64.0.1", false},
      {"127.0.0.1", false},
      {"127.255.255.255", false},
      {"169.254.169.254", false},
      {"172.16.0.1", false},
      {"172.31.255.255", false},
      {"192.0.0.8", false},
      {"192.0.2.1", false},
      {"192.168.1.1", false},
      {"198.18.0.1", false},
      {"198.19.255.255", false},
      {"198.51.100.1", false},
      {"203.0.113.9", false},
      {"224.0.0.1", false},
      {"239.255.255.255", false},
      {"240.0.0.1", false},
      {"255.255.255.255", false},
      {"::", false},
      {"::1", false},
      {"::ffff:127.0.0.1", false},
      {"::ffff:10.0.0.1", false},
      {"::10.0.0.1", false},
      {"64:ff9b::a00:1", false},
      {"64:ff9b:1::1", false},
      {"2002:7f00:1::1", false},
      {"2001:db8::1", false},
      {"2001::1", false},
      {"fc00::1", false},
      {"fdff::1", false},
      {"fe80::1", false},
      {"fec0::1", false},
      {"ff02::1", false},
      {"100::1", false},
      {"3fff::1", false},
      {"nonsense", false},
      {"", false},
  };
  for (const auto& c : cases) EXPECT_EQ(is_public_address(c.address), c.is_public) << c.address;
}

TEST(Outgoing, KeepsConnectionsAndAsksAgainWhenOneWasStale) {
  PlainServer server([](tcp::socket& socket, int number) {
    // The first connection serves two requests and is closed in silence; the second goes on.
    for (int i = 0; number > 1 || i < 2; ++i) {
      read_request(socket);
      write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  const auto client = make_client();
  const int expected[] = {1, 1, 2, 2};
  for (const int connections : expected) {
    Answer answer;
    ASSERT_EQ(send(*client, {.url = server.url()}, answer), SLUICE_OK);
    EXPECT_EQ(answer.await(), SLUICE_OK) << answer.why;
    EXPECT_EQ(answer.body, "ok");
    EXPECT_EQ(server.connections(), connections);
  }
  client->stop();
}

TEST(Outgoing, EndsInTimeAtEveryStage) {
  const struct {
    const char *name, *answer;
  } cases[] = {{"no answer", ""},
               {"half a head", "HTTP/1.1 200 OK\r\nX:"},
               {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel"}};
  const auto client = make_client();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    PlainServer server([&](tcp::socket& socket, int) {
      read_request(socket);
      write(socket, c.answer);
      wait_for_close(socket);
    });
    Answer answer;
    ASSERT_EQ(send(*client, {.url = server.url(), .within_ms = 150}, answer), SLUICE_OK);
    EXPECT_EQ(answer.await(), SLUICE_E_TIMEOUT) << answer.why;
  }
}

TEST(Outgoing, GivesUpWhatIsCancelledTooLargeOrNotWanted) {
  const auto client = make_client();
  PlainServer server([&](tcp::socket& socket, int) {
    read_request(socket);
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
    wait_for_close(socket);
  });
  {
    Answer answer;
    std::uint64_t id = 0;
    ASSERT_EQ(send(*client, {.url = server.url()}, answer, &id), SLUICE_OK);
    answer.await_head();
    client->cancel(id);
    EXPECT_EQ(answer.await(), SLUICE_E_CANCELLED);
    client->cancel(id);  // nothing any more
  }
  {
    Answer answer;
    ASSERT_EQ(send(*client, {.url = server.url(), .body_bytes_max = 1000}, answer), SLUICE_OK);
    EXPECT_EQ(answer.await(), SLUICE_E_TOO_LARGE) << answer.why;
    EXPECT_LE(answer.body.size(), 1000u);
  }
  {
    Answer answer;
    answer.data_answers = SLUICE_E_UNSUPPORTED;
    ASSERT_EQ(send(*client, {.url = server.url()}, answer), SLUICE_OK);
    EXPECT_EQ(answer.await(), SLUICE_E_UNSUPPORTED);
  }
}

// The client's pause is the server's: what is not read fills the sockets, and no more is sent.
TEST(Outgoing, ReadsNoFurtherThanItsTakerUntilItIsResumed) {
  constexpr std::size_t kBytes = 64u << 20;
  std::atomic<std::size_t> written{0};
  PlainServer server([&](tcp::socket& socket, int) {
    read_request(socket);
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBytes) + "\r\n\r\n");
    const std::string piece(1u << 20, 'x');
    for (std::size_t n = 0; n < kBytes; n += piece.size()) {
      write(socket, piece);
      written += piece.size();
    }
  });
  const auto client = make_client();
  Answer answer;
  answer.data_answers = SLUICE_PAUSE;
  std::uint64_t id = 0;
  ASSERT_EQ(send(*client, {.url = server.url(), .body_bytes_max = UINT64_MAX}, answer, &id),
            SLUICE_OK);
  std::size_t seen = 0;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(answer.await_bytes(seen + 1));
    seen = answer.byte_count();
    client->resume(id);
  }
  EXPECT_LT(seen, 100'000u) << "one piece for each time it is resumed";
  EXPECT_LT(written, kBytes);
  // From now on it takes everything; a resume that nobody waits for does no harm.
  answer.set_data_answers(SLUICE_OK);
  client->resume(id);
  client->resume(id);
  EXPECT_EQ(answer.await(), SLUICE_OK) << answer.why;
  EXPECT_EQ(answer.body.size(), kBytes);

  Answer left;
  left.data_answers = SLUICE_PAUSE;
  ASSERT_EQ(send(*client, {.url = server.url(), .body_bytes_max = UINT64_MAX}, left, &id),
            SLUICE_OK);
  ASSERT_TRUE(left.await_bytes(1));
  client->cancel(id);
  EXPECT_EQ(left.await(), SLUICE_E_CANCELLED) << "one that is paused can be given up";
}

TEST(Outgoing, BoundsWhatIsInFlightAndEndsItAllWhenItStops) {
  const auto client = make_client({.ca_file = {}, .in_flight_max = 2});
  PlainServer server([&](tcp::socket& socket, int) { wait_for_close(socket); });
  Answer first, second, third;
  ASSERT_EQ(send(*client, {.url = server.url()}, first), SLUICE_OK);
  ASSERT_EQ(send(*client, {.url = server.url()}, second), SLUICE_OK);
  EXPECT_EQ(send(*client, {.url = server.url()}, third), SLUICE_E_BUSY);
  client->stop();
  EXPECT_EQ(first.await(), SLUICE_E_CANCELLED);
  EXPECT_EQ(second.await(), SLUICE_E_CANCELLED);
  EXPECT_EQ(send(*client, {.url = server.url()}, third), SLUICE_E_CANCELLED) << "who waits is told";
  EXPECT_EQ(third.ends, 0);
}

// ---- TLS

struct Certificate {
  std::string certificate, key;  // PEM
};

// Self-signed, so it is its own authority.
Certificate make_certificate(const char* name, long from_s, long to_s) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const x509 = X509_new();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), from_s);
  X509_gmtime_adj(X509_getm_notAfter(x509), to_s);
  X509_set_pubkey(x509, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(x509));
  const std::string alternative = std::string("DNS:") + name;
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str());
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(x509, key, EVP_sha256());
  const auto to_text = [](auto write_to) {
    BIO* const bio = BIO_new(BIO_s_mem());
    write_to(bio);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  };
  Certificate made{to_text([&](BIO* bio) { PEM_write_bio_X509(bio, x509); }),
                   to_text([&](BIO* bio) {
                     PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
                   })};
  X509_free(x509);
  EVP_PKEY_free(key);
  return made;
}

TEST(Outgoing, VerifiesTheServersCertificateAndName) {
  using TlsServer = Server<asio::ssl::stream<tcp::socket>>;
  constexpr long kDayS = 86'400;
  const auto good = make_certificate("localhost", -kDayS, kDayS);
  const auto other_name = make_certificate("other.example", -kDayS, kDayS);
  const auto expired = make_certificate("localhost", -2 * kDayS, -kDayS);
  const auto stranger = make_certificate("localhost", -kDayS, kDayS);
  const auto ca_file = std::filesystem::path(testing::TempDir()) /
                       ("sluice-ca-" + std::to_string(::getpid()) + ".pem");
  std::ofstream(ca_file) << good.certificate << other_name.certificate << expired.certificate;
  const auto client = make_client({.ca_file = ca_file});
  const struct {
    const char* name;
    const Certificate& certificate;
    Status end;
  } cases[] = {{"good", good, SLUICE_OK},
               {"another name", other_name, SLUICE_E_UNAVAILABLE},
               {"expired", expired, SLUICE_E_UNAVAILABLE},
               {"of an unknown authority", stranger, SLUICE_E_UNAVAILABLE}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    asio::ssl::context tls(asio::ssl::context::tls_server);
    tls.use_certificate(asio::buffer(c.certificate.certificate), asio::ssl::context::pem);
    tls.use_private_key(asio::buffer(c.certificate.key), asio::ssl::context::pem);
    TlsServer server(
        [](auto& stream, int) {
          read_request(stream);
          write(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        },
        &tls);
    Answer answer;
    ASSERT_EQ(send(*client, {.url = server.url("/", "localhost")}, answer), SLUICE_OK);
    EXPECT_EQ(answer.await(), c.end) << answer.why;
    EXPECT_EQ(answer.body, c.end == SLUICE_OK ? "ok" : "");
  }
  std::filesystem::remove(ca_file);
  EXPECT_FALSE(OutgoingClient::make({.ca_file = "/nowhere/ca.pem"}));
}

}  // namespace
}  // namespace sluice::http
