// SPDX-License-Identifier: Apache-2.0
#include "http/outgoing.hpp"

#include "http/clock.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPieceBytes = 16'384;

// ------------------------------------------------------------------------------------- the guard

struct Range4 {
  std::array<std::uint8_t, 4> from;
  unsigned bits;
};
// IANA IPv4 Special-Purpose Address Registry, and multicast.
constexpr Range4 kNotPublic4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4}};

std::uint32_t to_number(const std::uint8_t* b) {
  return static_cast<std::uint32_t>(b[0]) << 24 | static_cast<std::uint32_t>(b[1]) << 16 |
         static_cast<std::uint32_t>(b[2]) << 8 | b[3];
}

bool is_public4(const std::uint8_t* bytes) {
  const std::uint32_t address = to_number(bytes);
  return std::ranges::none_of(kNotPublic4, [&](const Range4& range) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - range.bits);
    return (address & mask) == to_number(range.from.data());
  });
}

struct Range6 {
  std::array<std::uint8_t, 8> from;  // the rest is zero
  unsigned bits;
};
constexpr Range6 kNotPublic6[] = {
    {{0x01, 0x00}, 64},              // discard only
    {{0x20, 0x01, 0x00, 0x00}, 23},  // protocol assignments, Teredo among them
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x3f, 0xff}, 20},              // documentation
    {{0x5f, 0x00}, 16},              // segment routing
    {{0xfc, 0x00}, 7},               // unique local
    {{0xfe, 0x80}, 10},              // link local
    {{0xfe, 0xc0}, 10},              // site local, once
    {{0xff, 0x00}, 8},               // multicast
};

bool starts_with_bits(const std::array<std::uint8_t, 16>& address, const std::uint8_t* prefix,
                      unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned mask = 0x80u >> (i % 8);
    if ((address[i / 8] & mask) != (prefix[i / 8] & mask)) return false;
  }
  return true;
}

bool is_public(const asio::ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return is_public4(bytes.data());
  }
  const auto bytes = address.to_v6().to_bytes();
  constexpr std::array<std::uint8_t, 12> kZero{};
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> kNat64{0, 0x64, 0xff, 0x9b};
  constexpr std::array<std::uint8_t, 6> kLocalNat64{0, 0x64, 0xff, 0x9b, 0, 1};
  constexpr std::array<std::uint8_t, 2> k6to4{0x20, 0x02};
  // An IPv4 address in other clothes is judged as what it is; ::1 and :: among them.
  if (starts_with_bits(bytes, kZero.data(), 96) || starts_with_bits(bytes, kMapped.data(), 96) ||
      starts_with_bits(bytes, kNat64.data(), 96)) {
    return is_public4(bytes.data() + 12);
  }
  if (starts_with_bits(bytes, kLocalNat64.data(), 48)) return false;
  if (starts_with_bits(bytes, k6to4.data(), 16)) return is_public4(bytes.data() + 2);
  return std::ranges::none_of(kNotPublic6, [&](const Range6& range) {
    return starts_with_bits(bytes, range.from.data(), range.bits);
  });
}

// --------------------------------------------------------------------------------------- requests

struct Place {  // who is spoken to; connections are kept by it
  bool is_tls = false, allows_private = false;
  std::string host, port;
  auto operator<=>(const Place&) const = default;
  std::string told() const { return host + ":" + port; }
};

bool is_token(std::string_view text) {
  constexpr std::string_view kToken =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !text.empty() && text.find_first_not_of(kToken) == text.npos;
}
bool may_be_private(const OutgoingOptions& options, std::string host) {
  if (!options.private_hosts) return true;
  for (auto& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return std::ranges::find(*options.private_hosts, host) != options.private_hosts->end();
}
bool can_be_a_value(std::string_view text) {
  using namespace std::string_view_literals;
  return text.find_first_of("\0\r\n"sv) == text.npos;
}

struct Connection {
  explicit Connection(asio::io_context& context) : plain(std::in_place, context) {}
  Connection(asio::io_context& context, asio::ssl::context& tls_context)
      : tls(std::in_place, context, tls_context) {}

  beast::tcp_stream& lowest() { return tls ? tls->next_layer() : *plain; }

  std::optional<beast::tcp_stream> plain;
  std::optional<beast::ssl_stream<beast::tcp_stream>> tls;
  beast::flat_buffer buffer{kOutgoingHeadBytesMax};
};

struct Idle {
  std::unique_ptr<Connection> connection;
  std::uint64_t since_ns = 0;
};

// One request, from send() to end().
struct Job {
  Job(asio::io_context& context, std::uint64_t number)
      : id(number), deadline(context), pause(context), resolver(context) {}

  // end(), once, whoever comes first. [out thread]
  void finish(Status status, const std::string& why) {
    if (std::exchange(is_ended, true)) return;
    deadline.cancel();
    pause.cancel();
    resolver.cancel();
    if (connection) connection->lowest().close();
    events.end(user, status, to_str(why));
  }

  const std::uint64_t id;
  Place place;
  bhttp::request<bhttp::string_body> message;
  bool is_idempotent = false, is_head = false;
  std::uint64_t body_bytes_max = 0, deadline_ns = UINT64_MAX;
  sluice_http_events events{};
  void* user = nullptr;

  asio::steady_timer deadline;
  asio::steady_timer pause;  // never fires: it is cancelled when the answer is to be read on
  bool has_resumed = false;
  tcp::resolver resolver;
  std::unique_ptr<Connection> connection;
  bool is_ended = false;
  bool has_answer_begun = false;
};

struct Fault {
  Status status;
  std::string why;
};

Fault unavailable(const Place& place, const char* what, const error_code& ec) {
  return {SLUICE_E_UNAVAILABLE, place.told() + " " + what + ": " + ec.message()};
}

}  // namespace

bool is_public_address(std::string_view text) {
  error_code ec;
  const auto address = asio::ip::make_address(text, ec);
  return !ec && is_public(address);
}

struct OutgoingClient::Parts {
  explicit Parts(const OutgoingOptions& wanted)
      : options(wanted), context(1), work(asio::make_work_guard(context)) {}

  // ---- on the thread

  void start(const std::shared_ptr<Job>& job) {
    if (is_stopped) return end(job, SLUICE_E_CANCELLED, "the gateway stops");
    jobs.emplace(job->id, job);
    if (job->deadline_ns != UINT64_MAX) {
      const std::uint64_t now = monotonic_ns();
      job->deadline.expires_after(
          std::chrono::nanoseconds(job->deadline_ns > now ? job->deadline_ns - now : 0));
      job->deadline.async_wait([this, job](error_code ec) {
        if (!ec) end(job, SLUICE_E_TIMEOUT, job->place.told() + " did not answer in time");
      });
    }
    asio::co_spawn(context, run(job), asio::detached);
  }

  void end(const std::shared_ptr<Job>& job, Status status, const std::string& why) {
    if (job->is_ended) return;
    jobs.erase(job->id);
    in_flight.fetch_sub(1, std::memory_order_relaxed);
    job->finish(status, why);
  }

  asio::awaitable<void> run(std::shared_ptr<Job> job) {
    std::optional<Fault> fault;
    try {
      fault = co_await exchange(*job);
    } catch (const std::exception& e) {
      fault = Fault{SLUICE_E_INTERNAL, e.what()};
    }
    end(job, fault ? fault->status : SLUICE_OK, fault ? fault->why : std::string());
  }

  // nullopt: the whole answer was handed on.
  asio::awaitable<std::optional<Fault>> exchange(Job& job) {
    if ((job.connection = take_idle(job.place))) {
      auto fault = co_await talk(job);
      // A kept connection that the server had closed meanwhile: asked once more on a new one.
      const bool is_stale = fault && fault->status == SLUICE_E_UNAVAILABLE &&
                            !job.has_answer_begun && job.is_idempotent && !job.is_ended;
      if (!is_stale) co_return fault;
    }
    if (auto fault = co_await connect(job)) co_return fault;
    co_return co_await talk(job);
  }

  asio::awaitable<std::optional<Fault>> connect(Job& job) {
    const Place& place = job.place;
    auto [resolve_ec, endpoints] =
        co_await job.resolver.async_resolve(place.host, place.port, kTuple);
    if (job.is_ended) co_return Fault{SLUICE_E_CANCELLED, {}};
    if (resolve_ec) co_return unavailable(place, "cannot be resolved", resolve_ec);
    job.connection = place.is_tls ? std::make_unique<Connection>(context, *tls)
                                  : std::make_unique<Connection>(context);
    error_code connect_ec = asio::error::host_not_found;
    bool has_refused = false, has_tried = false;
    for (const auto& endpoint : endpoints) {
      // The address that is connected to is judged, not the name: a name can change its mind.
      if (!place.allows_private && !is_public(endpoint.endpoint().address())) {
        has_refused = true;
        continue;
      }
      has_tried = true;
      std::tie(connect_ec) =
          co_await job.connection->lowest().async_connect(endpoint.endpoint(), kTuple);
      if (job.is_ended) co_return Fault{SLUICE_E_CANCELLED, {}};
      if (!connect_ec) break;
    }
    if (!has_tried && has_refused) {
      co_return Fault{SLUICE_E_FORBIDDEN,
                      place.told() + " has no public address: a private one must be allowed"};
    }
    if (connect_ec) co_return unavailable(place, "cannot be reached", connect_ec);
    error_code ignored;
    job.connection->lowest().socket().set_option(tcp::no_delay(true), ignored);
    if (!place.is_tls) co_return std::nullopt;

    auto& stream = *job.connection->tls;
    if (SSL_set_tlsext_host_name(stream.native_handle(), place.host.c_str()) != 1) {
      co_return Fault{SLUICE_E_INTERNAL, "no server name could be set for TLS"};
    }
    stream.set_verify_callback(asio::ssl::host_name_verification(place.host), ignored);
    const auto [tls_ec] = co_await stream.async_handshake(asio::ssl::stream_base::client, kTuple);
    if (job.is_ended) co_return Fault{SLUICE_E_CANCELLED, {}};
    if (tls_ec) co_return unavailable(place, "does not prove to be who it should be", tls_ec);
    co_return std::nullopt;
  }

  asio::awaitable<std::optional<Fault>> talk(Job& job) {
    if (job.connection->tls) co_return co_await talk_over(job, *job.connection->tls);
    co_return co_await talk_over(job, *job.connection->plain);
  }

  template <class Stream>
  asio::awaitable<std::optional<Fault>> talk_over(Job& job, Stream& stream) {
    const Place& place = job.place;
    const auto [write_ec, written] = co_await bhttp::async_write(stream, job.message, kTuple);
    if (job.is_ended) co_return Fault{SLUICE_E_CANCELLED, {}};
    if (write_ec) co_return unavailable(place, "closed the connection", write_ec);

    auto& buffer = job.connection->buffer;
    for (;;) {
      bhttp::response_parser<bhttp::buffer_body> parser;
      parser.header_limit(kOutgoingHeadBytesMax);
      parser.body_limit(boost::none);  // counted below, decoded
      parser.skip(job.is_head);
      const auto [head_ec, head_bytes] =
          co_await bhttp::async_read_header(stream, buffer, parser, kTuple);
      if (job.is_ended) co_return Fault{SLUICE_E_CANCELLED, {}};
      if (head_ec == bhttp::error::header_limit || head_ec == bhttp::error::buffer_overflow) {
        co_return Fault{SLUICE_E_TOO_LARGE, place.told() + " answered with too large a head"};
      }
      if (head_ec) co_return unavailable(place, "gave no answer", head_ec);
      job.has_answer_begun = true;
      const int status = parser.get().result_int();
      if (status / 100 == 1 && status != 101) continue;  // an interim answer

      std::vector<sluice_pair> headers;
      for (const auto& field : parser.get()) {
        headers.push_back({to_str({field.name_string().data(), field.name_string().size()}),
                           to_str({field.value().data(), field.value().size()})});
      }
      job.events.head(job.user, status, headers.data(), headers.size());
      if (auto fault = co_await read_body(job, stream, parser)) co_return fault;
      if (parser.keep_alive() && status != 101) keep(job);
      co_return std::nullopt;
    }
  }

  template <class Stream>
  asio::awaitable<std::optional<Fault>> read_body(
      Job& job, Stream& stream, bhttp::response_parser<bhttp::buffer_body>& parser) {
    std::array<char, kPieceBytes> piece;
    std::uint64_t taken = 0;
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      auto [ec, bytes] = co_await bhttp::async_read(stream, job.connection->buffer, parser, kTuple);
      if (job.is_ended) co_return Fault{SLUICE_E_CANCELLED, {}};
      if (ec == bhttp::error::need_buffer) ec = {};
      const std::size_t size = piece.size() - body.size;
      taken += size;
      if (taken > job.body_bytes_max) {
        co_return Fault{SLUICE_E_TOO_LARGE, job.place.told() + " answered with more than " +
                                                std::to_string(job.body_bytes_max) + " bytes"};
      }
      if (size > 0) {
        const Status status = job.events.data(job.user, piece.data(), size);
        if (status != SLUICE_OK && status != SLUICE_PAUSE) {
          co_return Fault{status, "the answer was given up"};
        }
        while (status == SLUICE_PAUSE && !job.has_resumed && !job.is_ended) {
          job.pause.expires_at(asio::steady_timer::time_point::max());
          co_await job.pause.async_wait(kTuple);
        }
        job.has_resumed = false;
        if (job.is_ended) co_return Fault{SLUICE_E_CANCELLED, {}};
      }
      if (ec) co_return unavailable(job.place, "cut its answer short", ec);
    }
    co_return std::nullopt;
  }

  std::unique_ptr<Connection> take_idle(const Place& place) {
    const auto found = idle.find(place);
    if (found == idle.end()) return nullptr;
    const std::uint64_t now = monotonic_ns();
    auto& kept = found->second;
    std::unique_ptr<Connection> taken;
    while (!kept.empty() && !taken) {
      if (now - kept.back().since_ns < kIdleNs) taken = std::move(kept.back().connection);
      kept.pop_back();
      --idle_count;
    }
    if (kept.empty()) idle.erase(found);
    return taken;
  }

  void keep(Job& job) {
    // What is left of an answer that was longer than it said is nobody's.
    if (job.connection->buffer.size() != 0) return;
    if (idle_count >= kIdleMax) {
      idle.clear();
      idle_count = 0;
    }
    auto& kept = idle[job.place];
    if (kept.size() >= kIdlePerPlaceMax) {
      kept.pop_front();
      --idle_count;
    }
    kept.push_back({std::move(job.connection), monotonic_ns()});
    ++idle_count;
  }

  const OutgoingOptions options;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::optional<asio::ssl::context> tls;
  std::map<std::uint64_t, std::shared_ptr<Job>> jobs;
  std::map<Place, std::deque<Idle>> idle;  // newest last
  std::size_t idle_count = 0;
  bool is_stopped = false;
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::uint64_t> last_id{0};
  std::mutex gate;         // a send and the stop, one after the other
  bool is_closed = false;  // guarded by it
  std::jthread thread;
};

OutgoingClient::OutgoingClient(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
OutgoingClient::~OutgoingClient() { stop(); }

Result<std::unique_ptr<OutgoingClient>> OutgoingClient::make(const OutgoingOptions& options) {
  auto parts = std::make_unique<Parts>(options);
  auto& tls = parts->tls.emplace(asio::ssl::context::tls_client);
  error_code ec;
  tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1,
                  ec);
  tls.set_verify_mode(asio::ssl::verify_peer, ec);
  tls.set_default_verify_paths(ec);
  if (!options.ca_file.empty()) {
    tls.load_verify_file(options.ca_file.string(), ec);
    if (ec) {
      return Error{SLUICE_E_CONFIG,
                   options.ca_file.string() +
                       " holds no certificates of authorities in PEM: " + ec.message(),
                   {},
                   "outgoing.ca_file"};
    }
  }
  Parts& running = *parts;
  parts->thread = std::jthread([&running] { running.context.run(); });
  return std::unique_ptr<OutgoingClient>(new OutgoingClient(std::move(parts)));
}

Status OutgoingClient::send(const sluice_http_request& request, std::uint64_t deadline_ns,
                            const sluice_http_events& events, void* user, std::uint64_t* id) {
  const auto url_text = to_view(request.url), method = to_view(request.method);
  if (url_text.size() > kOutgoingUrlBytesMax || !is_token(method)) return SLUICE_E_ARGUMENT;
  const auto url = boost::urls::parse_uri({url_text.data(), url_text.size()});
  if (!url || url->host().empty() || url->has_userinfo()) return SLUICE_E_ARGUMENT;
  const bool is_tls = url->scheme() == "https";
  if (!is_tls && url->scheme() != "http") return SLUICE_E_ARGUMENT;

  if (parts_->in_flight.fetch_add(1, std::memory_order_relaxed) >= parts_->options.in_flight_max) {
    parts_->in_flight.fetch_sub(1, std::memory_order_relaxed);
    return SLUICE_E_BUSY;
  }
  auto job = std::make_shared<Job>(parts_->context, ++parts_->last_id);
  job->place = {
      .is_tls = is_tls,
      .allows_private = (request.flags & SLUICE_HTTP_ALLOW_PRIVATE) != 0 &&
                        may_be_private(parts_->options, url->host_address()),
      .host = std::string(url->host_address()),
      .port = url->port().empty() ? std::string(is_tls ? "443" : "80") : std::string(url->port())};
  job->body_bytes_max = request.body_bytes_max;
  job->deadline_ns = std::min(deadline_ns, request.deadline_ns ? request.deadline_ns : UINT64_MAX);
  job->events = events;
  job->user = user;
  job->is_head = method == "HEAD";
  constexpr std::array<std::string_view, 5> kIdempotent{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
  job->is_idempotent = std::ranges::find(kIdempotent, method) != kIdempotent.end();

  auto& message = job->message;
  message.version(11);
  message.method_string({method.data(), method.size()});
  std::string target(url->encoded_target());
  message.target(target.starts_with('/') ? target : "/" + target);
  bool is_sendable = true;
  for (std::size_t i = 0; i < request.header_count; ++i) {
    const auto name = to_view(request.headers[i].name), value = to_view(request.headers[i].value);
    is_sendable = is_sendable && is_token(name) && can_be_a_value(value);
    if (is_sendable) {
      message.insert(std::string(name), std::string(value));
    }
  }
  if (!is_sendable) {
    parts_->in_flight.fetch_sub(1, std::memory_order_relaxed);
    return SLUICE_E_ARGUMENT;
  }
  message.set(bhttp::field::host, std::string(url->encoded_host_and_port()));
  if (message.find(bhttp::field::user_agent) == message.end()) {
    message.set(bhttp::field::user_agent, "sluice");
  }
  message.erase(bhttp::field::transfer_encoding);
  message.body() = to_view(request.body);
  message.prepare_payload();
  *id = job->id;
  // What is begun before stop() is ended by it; nothing is left behind for a thread that is gone.
  const std::lock_guard lock(parts_->gate);
  if (parts_->is_closed) {
    parts_->in_flight.fetch_sub(1, std::memory_order_relaxed);
    return SLUICE_E_CANCELLED;
  }
  asio::post(parts_->context, [parts = parts_.get(), job] { parts->start(job); });
  return SLUICE_OK;
}

void OutgoingClient::cancel(std::uint64_t id) {
  asio::post(parts_->context, [parts = parts_.get(), id] {
    const auto found = parts->jobs.find(id);
    if (found == parts->jobs.end()) return;
    const auto job = found->second;
    parts->end(job, SLUICE_E_CANCELLED, "cancelled");
  });
}

void OutgoingClient::resume(std::uint64_t id) {
  asio::post(parts_->context, [parts = parts_.get(), id] {
    const auto found = parts->jobs.find(id);
    if (found == parts->jobs.end()) return;
    found->second->has_resumed = true;
    found->second->pause.cancel();
  });
}

void OutgoingClient::stop() {
  if (!parts_->thread.joinable()) return;
  {
    const std::lock_guard lock(parts_->gate);
    parts_->is_closed = true;
  }
  asio::post(parts_->context, [parts = parts_.get()] {
    parts->is_stopped = true;
    while (!parts->jobs.empty()) {
      const auto job = parts->jobs.begin()->second;
      parts->end(job, SLUICE_E_CANCELLED, "the gateway stops");
    }
    parts->idle.clear();
    parts->idle_count = 0;
    parts->context.stop();
  });
  parts_->thread.join();
}

}  // namespace sluice::http
