// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <chrono>

namespace sluice::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

struct Target {
  std::string host;       // without brackets, to resolve
  std::string port;       // "80"
  std::string authority;  // for Host:
  std::string path;       // with the query, at least "/"
};

Error wrong(std::string detail) { return {SLUICE_E_ARGUMENT, std::move(detail), {}, {}}; }

Result<Target> parse_target(const std::string& text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->host().empty()) {
    return wrong("'" + text + "' is no URL: write http://host:port/path");
  }
  const boost::urls::url_view& url = *parsed;
  if (url.scheme() == "https") {
    return wrong("'" + text +
                 "': https is not supported by this command yet; use an http:// "
                 "address, or curl");
  }
  if (url.scheme() != "http") {
    return wrong("'" + text + "': only http:// addresses can be called");
  }
  if (url.has_userinfo()) {
    return wrong("the URL carries a user name or password; send credentials as options instead");
  }
  Target target;
  target.host = url.host_address();
  target.port = url.port().empty() ? std::string("80") : std::string(url.port());
  target.authority = std::string(url.encoded_host_and_port());
  target.path = std::string(url.encoded_target());
  if (target.path.empty() || target.path.front() != '/') target.path.insert(0, "/");
  return target;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// A line end inside a value would begin another header.
bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

Result<bhttp::request<bhttp::string_body>> make_message(const ClientRequest& request,
                                                        const Target& target) {
  if (!is_token(request.method)) return wrong("'" + request.method + "' is no HTTP method");
  bhttp::request<bhttp::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(target.path);
  message.set(bhttp::field::host, target.authority);
  message.set(bhttp::field::connection, "close");
  message.set(bhttp::field::user_agent, "sluice");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return wrong("'" + name + "' is no header name");
    if (!is_header_value(value)) {
      return wrong("the value of header " + name + " holds a line end or another control byte");
    }
    // What frames the message is ours to say.
    if (beast::iequals(name, "Content-Length") || beast::iequals(name, "Transfer-Encoding") ||
        beast::iequals(name, "Connection")) {
      return wrong("header " + name + " is set by the client itself");
    }
    if (beast::iequals(name, "Host") || beast::iequals(name, "User-Agent")) {
      message.set(name, value);
    } else {
      message.insert(name, value);
    }
  }
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

// One connection with one deadline over all its steps. Every step is asynchronous, because only
// those end at the deadline; run() waits for one of them.
class Exchange {
 public:
  Exchange(const Target& target, std::int64_t timeout_ms)
      : target_(target),
        timeout_ms_(timeout_ms),
        deadline_(std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms)) {}

  Result<ClientResponse> run(const bhttp::request<bhttp::string_body>& message) {
    error_code failed;
    const auto endpoints = tcp::resolver(io_).resolve(target_.host, target_.port, failed);
    if (failed) {
      return unavailable("the host name '" + target_.host + "' is not known here", failed);
    }
    failed = wait([&](auto handler) {
      stream_.async_connect(
          endpoints, [handler](error_code e, const tcp::endpoint&) mutable { handler(e, 0); });
    });
    if (failed == asio::error::connection_refused) {
      return unavailable("nobody listens on " + target_.authority +
                             ": is the node running, and is this its address?",
                         failed);
    }
    if (failed) return trouble("no connection to " + target_.authority, failed);

    failed = wait([&](auto handler) { bhttp::async_write(stream_, message, handler); });
    // A server may answer and close before it has read all: what it said is worth reading.
    if (failed == beast::error::timeout) return trouble("", failed);

    beast::flat_buffer buffer;
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(kClientBodyBytesMax);
    parser.header_limit(static_cast<std::uint32_t>(kClientHeaderBytesMax));
    if (message.method() == bhttp::verb::head) parser.skip(true);
    failed = wait([&](auto handler) { bhttp::async_read(stream_, buffer, parser, handler); });
    if (failed) return trouble("", failed);
    return read_response(parser.release());
  }

 private:
  template <class Start>
  error_code wait(Start start) {
    error_code outcome = asio::error::operation_aborted;
    stream_.expires_at(deadline_);
    start([&outcome](error_code e, std::size_t) { outcome = e; });
    io_.restart();
    io_.run();
    return outcome;
  }

  static Error unavailable(std::string detail, error_code why) {
    return {SLUICE_E_UNAVAILABLE, std::move(detail), why.message(), {}};
  }

  Error trouble(const std::string& what, error_code why) const {
    if (why == beast::error::timeout) {
      return {SLUICE_E_TIMEOUT,
              target_.authority + " did not answer within " + std::to_string(timeout_ms_) + " ms",
              why.message(),
              {}};
    }
    if (why == bhttp::error::body_limit || why == bhttp::error::header_limit) {
      return {SLUICE_E_TOO_LARGE,
              "the answer of " + target_.authority + " is larger than " +
                  std::to_string(kClientBodyBytesMax >> 20) + " MiB, or its headers than " +
                  std::to_string(kClientHeaderBytesMax >> 10) + " KiB",
              why.message(),
              {}};
    }
    if (why == bhttp::error::partial_message) {
      return unavailable(
          "the answer of " + target_.authority + " was cut off: what came is not the whole answer",
          why);
    }
    if (why == bhttp::error::end_of_stream || why == asio::error::connection_reset ||
        why == asio::error::broken_pipe) {
      return unavailable(target_.authority + " closed the connection without an answer", why);
    }
    if (why.category() == bhttp::make_error_code(bhttp::error::bad_version).category()) {
      return unavailable(target_.authority + " does not speak HTTP/1.1: is this the right port?",
                         why);
    }
    return unavailable(
        (what.empty() ? "the exchange with " + target_.authority + " failed" : what) + ": " +
            why.message(),
        why);
  }

  static ClientResponse read_response(bhttp::response<bhttp::string_body> message) {
    ClientResponse response;
    response.status = static_cast<int>(message.result_int());
    for (const auto& field : message) {
      response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    response.body = std::move(message.body());
    return response;
  }

  const Target& target_;
  const std::int64_t timeout_ms_;
  const std::chrono::steady_clock::time_point deadline_;
  asio::io_context io_;
  beast::tcp_stream stream_{io_};
};

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers) {
    if (beast::iequals(key, name)) return value;
  }
  return {};
}

Result<ClientResponse> fetch(const ClientRequest& request) try {
  const auto target = parse_target(request.url);
  if (!target) return target.error();
  const auto message = make_message(request, *target);
  if (!message) return message.error();
  return Exchange(*target, request.timeout_ms).run(*message);
} catch (const std::exception& e) {
  return Error{SLUICE_E_INTERNAL, "the exchange failed", e.what(), {}};
}

}  // namespace sluice::http
