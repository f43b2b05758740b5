// SPDX-License-Identifier: Apache-2.0
#include "server.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "text.hpp"

namespace emulator {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t kHeaderBytesMax = 65536;
constexpr std::uint64_t kBodyBytesMax = 128ULL << 20;
constexpr std::chrono::seconds kIdleMax{300};
constexpr std::chrono::milliseconds kLaterStep{5};

std::string_view reason_of(int status) {
  const auto text = http::obsolete_reason(static_cast<http::status>(status));
  return {text.data(), text.size()};
}

std::string make_head(const Response& response, bool chunked, bool close) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += reason_of(response.status);
  head += "\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  head += "Date: " + format_http_date(std::chrono::system_clock::now()) + "\r\n";
  head += "Server: maxcompute-emulator\r\n";
  if (chunked)
    head += "Transfer-Encoding: chunked\r\n";
  else
    head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  if (close) head += "Connection: close\r\n";
  return head + "\r\n";
}

std::string make_chunk(std::string_view piece) {
  std::string chunk;
  std::size_t size = piece.size();
  do {
    chunk.insert(0, 1, "0123456789abcdef"[size & 15]);
    size >>= 4;
  } while (size > 0);
  chunk += "\r\n";
  chunk += piece;
  chunk += "\r\n";
  return chunk;
}

}  // namespace

struct Server::State {
  State(const std::string& address, std::uint16_t port, Handler made)
      : acceptor(io), handler(std::move(made)) {
    const tcp::endpoint endpoint(asio::ip::make_address(address), port);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(1024);
  }

  asio::awaitable<void> accept() {
    while (true) {
      beast::error_code error;
      tcp::socket socket(asio::make_strand(io));
      co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        asio::steady_timer pause(io, std::chrono::milliseconds(50));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      const auto executor = socket.get_executor();
      asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> sleep(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    beast::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    ++open;
    beast::tcp_stream stream(std::move(socket));
    stream.socket().set_option(tcp::no_delay(true));
    try {
      beast::flat_buffer buffer(kHeaderBytesMax + (1 << 20));
      while (co_await serve_one(stream, buffer)) {
      }
    } catch (const std::exception&) {
      // The peer is gone, or what it sent is no HTTP: nothing to answer.
    }
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
    --open;
  }

  // One request; false when the connection is to end.
  asio::awaitable<bool> serve_one(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(kBodyBytesMax);
    stream.expires_after(kIdleMax);
    co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream, asio::buffer(go_on), asio::use_awaitable);
    }
    co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
    stream.expires_never();

    auto message = parser.release();
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message) {
      request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    request.body = std::move(message.body());
    const bool head_only = message.method() == http::verb::head;
    const bool keep = message.keep_alive();

    Response response = handler(std::move(request));
    while (response.later) {
      if (auto done = response.later()) {
        response = std::move(*done);
        break;
      }
      co_await sleep(kLaterStep);
    }
    if (response.delay_ms > 0) co_await sleep(std::chrono::milliseconds(response.delay_ms));
    if (response.drop) co_return false;
    co_return co_await send(stream, response, head_only, keep);
  }

  asio::awaitable<bool> send(beast::tcp_stream& stream, Response& response, bool head_only,
                             bool keep) {
    const bool chunked = response.stream != nullptr;
    std::string out = make_head(response, chunked, !keep);
    if (head_only) {
      co_await asio::async_write(stream, asio::buffer(out), asio::use_awaitable);
      co_return keep;
    }
    if (!chunked) {
      if (response.cut_after && *response.cut_after < response.body.size()) {
        response.body.resize(*response.cut_after);
        keep = false;
      }
      out += response.body;
      co_await asio::async_write(stream, asio::buffer(out), asio::use_awaitable);
      co_return keep;
    }
    std::size_t left = response.cut_after.value_or(static_cast<std::size_t>(-1));
    std::string piece;
    while (response.stream->next(piece)) {
      const bool cut = piece.size() > left;
      if (cut) piece.resize(left);
      left -= piece.size();
      if (!piece.empty()) out += make_chunk(piece);
      co_await asio::async_write(stream, asio::buffer(out), asio::use_awaitable);
      out.clear();
      piece.clear();
      if (cut) co_return false;
    }
    if (response.cut_after && left == 0) co_return false;
    out += "0\r\n\r\n";
    co_await asio::async_write(stream, asio::buffer(out), asio::use_awaitable);
    co_return keep;
  }

  asio::io_context io;
  tcp::acceptor acceptor;
  Handler handler;
  std::atomic<std::int64_t> open{0};
  std::vector<std::jthread> threads;
};

Server::Server(const std::string& address, std::uint16_t port, Handler handler)
    : state_(std::make_unique<State>(address, port, std::move(handler))) {}

Server::~Server() { stop(); }

std::uint16_t Server::port() const { return state_->acceptor.local_endpoint().port(); }

std::int64_t Server::connections() const { return state_->open.load(); }

void Server::start(int threads) {
  asio::co_spawn(state_->io, state_->accept(), asio::detached);
  for (int i = 0; i < threads; ++i) {
    state_->threads.emplace_back([this] { state_->io.run(); });
  }
}

void Server::stop() {
  state_->io.stop();
  state_->threads.clear();
}

}  // namespace emulator
