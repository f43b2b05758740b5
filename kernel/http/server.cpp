// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include "http/clock.hpp"
#include "problem/problem.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

namespace sluice::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

constexpr std::size_t kReceiveBytesFirst = 4096;  // grows while one request does not fit
constexpr std::size_t kReceiveBytesSpare = 2048;  // least room offered to a read
constexpr std::size_t kPipelinedOutBytesMax =
    262144;                                        // then the answers are sent before more is read
constexpr std::size_t kPassTasksMax = 256;         // shared works of one pass
constexpr std::size_t kLingerBytesMax = 1u << 20;  // read and dropped after a refusal
constexpr std::uint64_t kLingerMs = 2000;
constexpr std::uint64_t kTickMs = 250;  // resolution of connection time-outs
constexpr int kBacklog = 1024;

std::string_view to_sv(boost::beast::string_view s) { return {s.data(), s.size()}; }

bool equals_ignoring_case(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] | 0x20) : a[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// ------------------------------------------------------------------------------------- event loop

class Loop final : public IoThread {
 public:
  explicit Loop(unsigned index) : index_(index) { seed_request_ids(); }

  void run() {
    current_ = this;
    const auto guard = asio::make_work_guard(context);
    context.run();
    current_ = nullptr;
  }

  void post(Task task, void* user) override {
    asio::post(context, [task, user] { task(user); });
  }

  std::uint64_t start_timer(std::uint64_t delay_ns, Task task, void* user) override {
    const std::uint64_t id = ++last_timer_;
    auto& timer = timers_.try_emplace(id, context).first->second;
    timer.expires_after(std::chrono::nanoseconds(delay_ns));
    timer.async_wait([this, id, task, user](error_code) {
      // Erased means cancelled, even when it had already expired.
      if (timers_.erase(id)) task(user);
    });
    return id;
  }
  void cancel_timer(std::uint64_t id) override { timers_.erase(id); }

  bool run_at_pass_end(Task task, void* user) override {
    if (pass_tasks_used_ == pass_tasks_.size()) return false;
    pass_tasks_[pass_tasks_used_++] = {task, user};
    // What is queued behind us belongs to this pass; this handler stands after it.
    if (pass_tasks_used_ == 1) asio::post(context, [this] { end_pass(); });
    return true;
  }

  unsigned index() const noexcept override { return index_; }
  static Loop* current() noexcept { return current_; }

  void make_request_id(std::array<char, 32>& id) noexcept {
    constexpr std::string_view kHex = "0123456789abcdef";
    for (int half = 0; half < 2; ++half) {
      std::uint64_t bits = next_random();
      for (int i = 0; i < 16; ++i, bits >>= 4) id[half * 16 + i] = kHex[bits & 15];
    }
  }

  // "Date: …\r\n", made once a second.
  std::string_view date_line() noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != date_second_) {
      date_second_ = now.tv_sec;
      tm utc{};
      gmtime_r(&date_second_, &utc);
      constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
      constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
      const int n =
          std::snprintf(date_, sizeof date_, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                        kDays[utc.tm_wday % 7], utc.tm_mday, kMonths[utc.tm_mon % 12],
                        utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
      date_bytes_ = static_cast<std::size_t>(n);
    }
    return {date_, date_bytes_};
  }

  asio::io_context context{1};
  std::string out;  // answers of the connection being served, until they are handed to the kernel

 private:
  void end_pass() {
    // A task may ask for the next pass's end: it goes to a fresh list.
    const std::size_t used = std::exchange(pass_tasks_used_, 0);
    const auto tasks = pass_tasks_;
    for (std::size_t i = 0; i < used; ++i) tasks[i].task(tasks[i].user);
  }
  void seed_request_ids() {
    if (getrandom(random_, sizeof random_, 0) != sizeof random_ || !(random_[0] | random_[1])) {
      random_[0] = monotonic_ns();
      random_[1] = reinterpret_cast<std::uintptr_t>(this) | 1;
    }
  }
  std::uint64_t next_random() noexcept {  // xoroshiro128+: unique, not secret
    const std::uint64_t a = random_[0], sum = a + random_[1], b = random_[1] ^ a;
    random_[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    random_[1] = (b << 37) | (b >> 27);
    return sum;
  }

  struct PassTask {
    Task task;
    void* user;
  };
  static thread_local constinit Loop* current_;

  unsigned index_;
  std::unordered_map<std::uint64_t, asio::steady_timer> timers_;
  std::uint64_t last_timer_ = 0;
  std::array<PassTask, kPassTasksMax> pass_tasks_{};
  std::size_t pass_tasks_used_ = 0;
  std::uint64_t random_[2] = {0, 0};
  time_t date_second_ = 0;
  char date_[64] = {};
  std::size_t date_bytes_ = 0;
};
thread_local constinit Loop* Loop::current_ = nullptr;

// ----------------------------------------------------------------------------------------- parser

// Beast's parser over our own buffer: it keeps places, not text, because the buffer may move while
// a request is incomplete.
class Parser final : public beast_http::basic_parser<true> {
 public:
  struct Place {
    std::uint32_t at = 0, bytes = 0;
  };
  struct Field {
    Place name, value;
  };

  Parser(const Limits& limits, std::vector<Field>& fields, std::string& body)
      : limits_(limits), fields_(fields), body_(body) {
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    body_limit(limits.body_bytes);
    eager(true);
    fields_.clear();
  }

  // What the request is refused with; SLUICE_OK while nothing is wrong.
  Status fault() const noexcept { return fault_; }
  std::string_view fault_detail() const noexcept { return fault_detail_; }
  void set_fault(Status status, std::string_view detail) noexcept {
    fault_ = status;
    fault_detail_ = detail;
  }
  void set_base(const char* base, std::size_t bytes) noexcept {
    base_ = base;
    base_bytes_ = bytes;
  }
  Place method() const noexcept { return method_; }
  Place target() const noexcept { return target_; }
  Place host() const noexcept { return host_; }
  bool has_host() const noexcept { return hosts_ == 1; }
  bool expects_continue() const noexcept { return expects_continue_; }
  bool is_http10() const noexcept { return is_http10_; }

 private:
  bool locate(boost::beast::string_view text, Place& place) {
    if (text.empty()) return true;
    const auto at = text.data() - base_;
    // Beast copies a folded header value (obs-fold) elsewhere; RFC 9112 5.2 lets us refuse it.
    if (at < 0 || static_cast<std::size_t>(at) + text.size() > base_bytes_) return false;
    place = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(text.size())};
    return true;
  }
  void refuse(Status status, std::string_view detail, error_code& ec) {
    set_fault(status, detail);
    ec = beast_http::error::bad_field;
  }

  void on_request_impl(beast_http::verb, boost::beast::string_view method,
                       boost::beast::string_view target, int version, error_code& ec) override {
    if (!locate(method, method_) || !locate(target, target_)) {
      return refuse(problem::kBadRequest, "the request line is malformed", ec);
    }
    if (method.size() + target.size() + 11 > limits_.request_line_bytes) {
      return refuse(problem::kUriTooLong, "the request line is too long", ec);
    }
    if (version != 10 && version != 11) {
      return refuse(problem::kVersionNotSupported, "speak HTTP/1.1", ec);
    }
    is_http10_ = version == 10;
  }

  void on_field_impl(beast_http::field name, boost::beast::string_view name_text,
                     boost::beast::string_view value, error_code& ec) override {
    if (header_done_) return;  // a trailer: read over
    if (fields_.size() == limits_.header_count) {
      return refuse(problem::kHeadersTooLarge, "too many header fields", ec);
    }
    Field field;
    if (!locate(name_text, field.name) || !locate(value, field.value)) {
      return refuse(problem::kBadRequest, "a header field is folded over several lines", ec);
    }
    fields_.push_back(field);
    switch (name) {
      case beast_http::field::host:
        host_ = field.value;
        if (++hosts_ > 1) refuse(problem::kBadRequest, "more than one Host header", ec);
        break;
      case beast_http::field::content_length:
        ++lengths_;
        break;
      case beast_http::field::transfer_encoding:
        ++codings_;
        if (!equals_ignoring_case(to_sv(value), "chunked")) {
          refuse(problem::kNotImplemented, "the only transfer coding understood is chunked", ec);
        }
        break;
      case beast_http::field::expect:
        expects_continue_ = equals_ignoring_case(to_sv(value), "100-continue");
        if (!expects_continue_) {
          refuse(problem::kExpectationFailed, "the only expectation understood is 100-continue",
                 ec);
        }
        break;
      default:
        break;
    }
  }

  void on_header_impl(error_code& ec) override {
    header_done_ = true;
    // RFC 9112 6.3 and 3.2: what could be read in two ways is how requests are smuggled.
    if (codings_ && (lengths_ || codings_ > 1 || is_http10_)) {
      refuse(problem::kBadRequest, "Transfer-Encoding together with another body length", ec);
    } else if (!is_http10_ && !hosts_) {
      refuse(problem::kBadRequest, "the Host header is missing", ec);
    }
  }

  void on_body_init_impl(boost::optional<std::uint64_t> const& length, error_code&) override {
    body_.clear();
    if (length && *length <= limits_.body_bytes) body_.reserve(static_cast<std::size_t>(*length));
  }
  std::size_t on_body_impl(boost::beast::string_view piece, error_code&) override {
    body_.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view piece,
                                 error_code& ec) override {
    if (body_.size() + piece.size() > limits_.body_bytes) {
      refuse(problem::kBodyTooLarge, "the body is too large", ec);
      return 0;
    }
    return on_body_impl(piece, ec);
  }
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}

  const Limits& limits_;
  std::vector<Field>& fields_;
  std::string& body_;
  const char* base_ = nullptr;
  std::size_t base_bytes_ = 0;
  Place method_, target_, host_;
  unsigned hosts_ = 0, lengths_ = 0, codings_ = 0;
  bool header_done_ = false, expects_continue_ = false, is_http10_ = false;
  Status fault_ = SLUICE_OK;
  std::string_view fault_detail_;
};

struct Shared;  // of one Server, by all its shards
class Shard;

// ------------------------------------------------------------------------------------- connection

// One client. Lives on one I/O thread; nobody else touches it, so its count is a plain integer.
class Connection final : public Exchange,
                         public boost::intrusive::list_base_hook<
                             boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Connection(Loop& loop, std::shared_ptr<Shared> shared, tcp::socket socket, std::string peer)
      : loop_(loop),
        shared_(std::move(shared)),
        socket_(std::move(socket)),
        peer_(std::move(peer)) {
    in_.resize(kReceiveBytesFirst);
  }
  ~Connection();

  void start() {
    phase_ = Phase::kIdle;
    set_deadline();
    read();
  }
  void check_deadline(std::uint64_t now_ns);
  void drain(bool cut);

  // Exchange
  const Request& request() const noexcept override { return request_; }
  IoThread& io() noexcept override { return loop_; }
  void send(const ResponseHead& head, std::string_view body) override;
  void begin_stream(const ResponseHead& head) override;
  void write_piece(std::string_view piece, Written written, void* user) override;
  void end_stream() override;
  void abort_stream() override;
  void suspend(ClientGoneListener& listener) override;
  void abandon(const ResponseHead* head, std::string_view body) override;

  friend void intrusive_ptr_add_ref(Connection* c) noexcept { ++c->references_; }
  friend void intrusive_ptr_release(Connection* c) noexcept {
    if (--c->references_ == 0) delete c;
  }

 private:
  using Self = boost::intrusive_ptr<Connection>;
  enum class Phase {
    kIdle,    // between requests
    kHeader,  // some bytes of a request are here
    kBody,    // headers are complete
    kCall,    // the handler has it
    kStream,  // the answer is being streamed
    kLinger,  // refused or told to close: what the client still sends is dropped
    kClosed,
  };

  void read();
  void on_read(error_code ec, std::size_t bytes);
  void process();
  bool parse();
  void dispatch();
  void refuse(Status status, std::string_view detail);
  void append_head(const ResponseHead& head, std::optional<std::size_t> length);
  void end_exchange();
  void flush();
  void write_unsent();
  void start_piece();
  void continue_after_write();
  void linger();
  void close();
  void set_deadline();
  std::string_view text_at(Parser::Place p) const { return {in_.data() + begin_ + p.at, p.bytes}; }

  Loop& loop_;
  const std::shared_ptr<Shared> shared_;  // outlives the Server when a call does
  tcp::socket socket_;
  const std::string peer_;
  unsigned references_ = 0;
  Phase phase_ = Phase::kIdle;
  std::uint64_t deadline_ns_ = 0;  // CLOCK_MONOTONIC; 0 = none

  std::vector<char> in_;  // [begin_, begin_ + parsed_) belongs to the request, up to end_ received
  std::size_t begin_ = 0, parsed_ = 0, end_ = 0;
  std::optional<Parser> parser_;
  std::vector<Parser::Field> fields_;
  std::string body_;
  std::vector<Header> headers_;
  Request request_;
  std::array<char, 32> request_id_{};

  bool processing_ = false, reading_ = false, keep_alive_ = true, linger_after_write_ = false;
  bool is_http10_ = false, said_continue_ = false;

  std::string unsent_, unsent_next_;  // what the kernel did not take at once
  bool writing_ = false;

  std::string_view piece_;
  Written written_ = nullptr;
  void* written_user_ = nullptr;
  std::array<char, 20> piece_head_{};
  bool stream_chunked_ = false;

  ClientGoneListener* listener_ = nullptr;
  Self suspended_;  // a suspended exchange holds its connection until it is ended, closed or not
  bool watching_ = false;
  std::size_t lingered_ = 0;
};

using ConnectionList =
    boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

struct Shared {
  Limits limits;
  Handler* handler = nullptr;
  std::uint16_t port = 0;
  std::atomic<std::size_t> open{0};
  std::atomic<std::uint64_t> accepted{0}, refused{0};
  std::atomic<bool> draining{false};
  std::mutex mutex;
  std::condition_variable changed;

  void connection_gone() {
    open.fetch_sub(1);
    if (draining.load()) {
      const std::lock_guard lock(mutex);
      changed.notify_all();
    }
  }
};

// A listener's part on one I/O thread.
class Shard {
 public:
  Shard(Loop& loop, std::shared_ptr<Shared> shared, tcp::acceptor acceptor)
      : loop_(loop),
        shared_(std::move(shared)),
        acceptor_(std::move(acceptor)),
        tick_(loop.context) {}

  void start() {
    accept();
    tick();
  }
  void stop_accepting() {
    if (!acceptor_.is_open()) return;
    // The kernel has finished the handshake of what stands in the backlog: those are ours.
    error_code ec;
    acceptor_.non_blocking(true, ec);
    for (;;) {
      tcp::socket socket(loop_.context);
      acceptor_.accept(socket, ec);
      if (ec) break;
      take(std::move(socket));
    }
    acceptor_.close(ec);
  }
  void drain_connections(bool cut) {
    for (auto it = connections_.begin(); it != connections_.end();) {
      Connection& connection = *it++;
      connection.drain(cut);
    }
  }
  void stop() {
    stop_accepting();
    drain_connections(true);
    tick_.cancel();
    stopped_ = true;
  }

 private:
  void accept() {
    acceptor_.async_accept(loop_.context, [this](error_code ec, tcp::socket socket) {
      if (ec == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (!ec) take(std::move(socket));
      if (ec && ec != asio::error::connection_aborted) {
        // Out of descriptors or memory: accepting at once again would spin.
        retry_.emplace(loop_.context, std::chrono::milliseconds(50));
        retry_->async_wait([this](error_code waited) {
          if (!waited && acceptor_.is_open()) accept();
        });
        return;
      }
      accept();
    });
  }
  void take(tcp::socket socket) {
    error_code ec;
    socket.non_blocking(true, ec);
    socket.set_option(tcp::no_delay(true), ec);
    const auto remote = socket.remote_endpoint(ec);
    if (ec) return;
    shared_->accepted.fetch_add(1, std::memory_order_relaxed);
    if (shared_->open.fetch_add(1) >= shared_->limits.connections) {
      shared_->refused.fetch_add(1, std::memory_order_relaxed);
      const auto problem = problem::to_problem(problem::kOverloaded);
      const std::string body = problem::make_body(problem, "too many connections", "");
      const std::string answer =
          "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
          "Connection: close\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body;
      socket.write_some(asio::buffer(answer), ec);
      shared_->connection_gone();
      return;
    }
    auto* connection =
        new Connection(loop_, shared_, std::move(socket), remote.address().to_string());
    connections_.push_back(*connection);
    boost::intrusive_ptr<Connection>(connection)->start();
  }
  void tick() {
    tick_.expires_after(std::chrono::milliseconds(kTickMs));
    tick_.async_wait([this](error_code ec) {
      if (ec || stopped_) return;
      const std::uint64_t now = monotonic_ns();
      for (auto it = connections_.begin(); it != connections_.end();) {
        Connection& connection = *it++;
        connection.check_deadline(now);
      }
      tick();
    });
  }

  Loop& loop_;
  const std::shared_ptr<Shared> shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer tick_;
  std::optional<asio::steady_timer> retry_;
  ConnectionList connections_;
  bool stopped_ = false;
};

Connection::~Connection() { shared_->connection_gone(); }

void Connection::set_deadline() {
  const Limits& limits = shared_->limits;
  const auto in_ms = [](std::uint64_t ms) { return monotonic_ns() + ms * 1'000'000; };
  switch (phase_) {
    case Phase::kIdle:
      deadline_ns_ = in_ms(limits.idle_timeout_ms);
      break;
    case Phase::kHeader:
      deadline_ns_ = in_ms(limits.header_timeout_ms);
      break;
    case Phase::kBody:
      deadline_ns_ = in_ms(limits.body_timeout_ms);
      break;
    case Phase::kStream:
      deadline_ns_ = in_ms(limits.idle_timeout_ms);
      break;
    case Phase::kLinger:
      deadline_ns_ = in_ms(kLingerMs);
      break;
    case Phase::kCall:
    case Phase::kClosed:
      deadline_ns_ = 0;
      break;
  }
}

void Connection::check_deadline(std::uint64_t now_ns) {
  if (!deadline_ns_ || now_ns < deadline_ns_) return;
  if ((phase_ == Phase::kHeader || phase_ == Phase::kBody) && !writing_) {
    refuse(problem::kRequestTimeout,
           phase_ == Phase::kHeader ? "the headers took too long" : "the body took too long");
    flush();
    return;
  }
  close();
}

void Connection::drain(bool cut) {
  if (cut) return close();
  // Asked once the grace is over: whoever is between requests and has sent nothing may go.
  error_code ec;
  if (phase_ == Phase::kIdle && !writing_ && end_ == begin_ && socket_.available(ec) == 0) close();
}

void Connection::read() {
  if (reading_) return;
  reading_ = true;
  if (in_.size() - end_ < kReceiveBytesSpare) {
    if (begin_ > 0) {
      std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    // The parser refuses a header block over its limit, so this growth is bounded.
    if (in_.size() - end_ < kReceiveBytesSpare) in_.resize(in_.size() * 2);
  }
  socket_.async_read_some(
      asio::buffer(in_.data() + end_, in_.size() - end_),
      [self = Self(this)](error_code ec, std::size_t bytes) { self->on_read(ec, bytes); });
}

void Connection::on_read(error_code ec, std::size_t bytes) {
  reading_ = false;
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kLinger) {
    lingered_ += bytes;
    if (ec || lingered_ > kLingerBytesMax) return close();
    end_ = begin_;
    return read();
  }
  if (ec) return close();
  end_ += bytes;
  process();
}

void Connection::process() {
  const Self keep(this);
  processing_ = true;
  while (phase_ <= Phase::kBody && loop_.out.size() < kPipelinedOutBytesMax) {
    if (!parse()) break;
    dispatch();
  }
  processing_ = false;
  flush();
}

// True when a whole request stands ready. False: more bytes are needed, or it was refused.
bool Connection::parse() {
  if (begin_ + parsed_ == end_) {
    if (!parser_) begin_ = end_ = 0;
    return false;
  }
  if (!parser_) {
    parser_.emplace(shared_->limits, fields_, body_);
    parsed_ = 0;
  }
  error_code ec;
  while (begin_ + parsed_ < end_ && !parser_->is_done()) {
    parser_->set_base(in_.data() + begin_, end_ - begin_);
    const std::size_t used = parser_->put(
        asio::const_buffer(in_.data() + begin_ + parsed_, end_ - begin_ - parsed_), ec);
    parsed_ += used;
    if (ec || !used) break;
  }
  if (parser_->is_done() && !ec) return true;

  if (ec && ec != beast_http::error::need_more) {
    Status status = parser_->fault();
    std::string_view detail = parser_->fault_detail();
    if (status == SLUICE_OK) {
      status = problem::kBadRequest;
      detail = "the request is malformed";
      if (ec == beast_http::error::header_limit) {
        status = problem::kHeadersTooLarge;
        detail = "the header block is too large";
      } else if (ec == beast_http::error::body_limit) {
        status = problem::kBodyTooLarge;
        detail = "the body is too large";
      } else if (ec == beast_http::error::bad_version) {
        status = problem::kVersionNotSupported;
        detail = "speak HTTP/1.1";
      }
    }
    refuse(status, detail);
    return false;
  }
  if (!parser_->is_header_done()) {
    const std::string_view seen(in_.data() + begin_, end_ - begin_);
    const auto line_end = seen.substr(0, shared_->limits.request_line_bytes + 1).find('\n');
    if (line_end == std::string_view::npos && seen.size() > shared_->limits.request_line_bytes) {
      refuse(problem::kUriTooLong, "the request line is too long");
      return false;
    }
    if (phase_ == Phase::kIdle) {
      phase_ = Phase::kHeader;
      set_deadline();
    }
    return false;
  }
  if (end_ - begin_ - parsed_ > shared_->limits.header_bytes) {
    refuse(problem::kHeadersTooLarge, "a chunk header or trailer is too large");
    return false;
  }
  if (phase_ != Phase::kBody) {
    phase_ = Phase::kBody;
    set_deadline();
    if (parser_->expects_continue() && !said_continue_) {
      said_continue_ = true;
      loop_.out += "HTTP/1.1 100 Continue\r\n\r\n";
    }
  }
  // Body bytes were copied out: the place behind the headers is free again.
  if (begin_ + parsed_ == end_ && parser_->is_header_done()) {
    const std::size_t header_end = fields_.empty() ? parsed_ : [&] {
      const auto& last = fields_.back().value;
      return std::max<std::size_t>(last.at + last.bytes,
                                   fields_.back().name.at + fields_.back().name.bytes);
    }();
    if (parsed_ > header_end) {
      parsed_ = header_end;
      end_ = begin_ + parsed_;
    }
  }
  return false;
}

void Connection::dispatch() {
  const std::string_view target = text_at(parser_->target());
  loop_.make_request_id(request_id_);
  keep_alive_ = parser_->keep_alive() && !shared_->draining.load(std::memory_order_relaxed);
  is_http10_ = parser_->is_http10();

  headers_.clear();
  for (const auto& field : fields_) headers_.push_back({text_at(field.name), text_at(field.value)});
  request_ = Request{};
  request_.method = text_at(parser_->method());
  // The absolute form (RFC 9112 3.2.2) is what a proxy is sent; the path begins after its
  // authority.
  std::string_view origin = target;
  if (!origin.starts_with('/')) {
    const auto scheme = origin.find("://");
    const auto slash = scheme == std::string_view::npos ? scheme : origin.find('/', scheme + 3);
    if (slash == std::string_view::npos) {
      refuse(problem::kBadRequest, "the request target must begin with /");
      return;
    }
    origin.remove_prefix(slash);
  }
  const auto mark = origin.find('?');
  request_.path = origin.substr(0, mark);
  request_.query = mark == std::string_view::npos ? std::string_view{} : origin.substr(mark + 1);
  request_.authority = parser_->has_host() ? text_at(parser_->host()) : std::string_view{};
  request_.peer = peer_;
  request_.request_id = {request_id_.data(), request_id_.size()};
  request_.headers = headers_;
  request_.body = body_;
  request_.is_head = request_.method == "HEAD";
  request_.received_ns = monotonic_ns();

  phase_ = Phase::kCall;
  deadline_ns_ = 0;
  shared_->handler->handle(*this);
}

// Answers a request that never became one, and closes.
void Connection::refuse(Status status, std::string_view detail) {
  loop_.make_request_id(request_id_);
  const auto problem = problem::to_problem(status);
  const std::string id(request_id_.data(), request_id_.size());
  const std::string body = problem::make_body(problem, detail, id);
  const std::array headers{Header{"X-Ca-Error-Code", problem.gateway_code},
                           Header{"X-Ca-Error-Message", problem.err_msg}};
  keep_alive_ = false;
  request_.is_head = false;
  append_head({.status = problem.http_status, .headers = headers}, body.size());
  loop_.out += body;
  linger_after_write_ = true;
  phase_ = Phase::kLinger;
  set_deadline();
}

// Written with one check for room: piece by piece a head took 900 instructions.
void Connection::append_head(const ResponseHead& head, std::optional<std::size_t> length) {
  constexpr std::size_t kFixedBytesMax = 512;  // everything but what the caller gives
  std::size_t bytes_max = kFixedBytesMax + head.content_type.size();
  for (const auto& header : head.headers) bytes_max += header.name.size() + header.value.size() + 4;
  std::string& out = loop_.out;
  const std::size_t start = out.size();
  out.resize(start + bytes_max);
  char* at = out.data() + start;
  const auto put = [&at](std::string_view text) {
    at = std::copy_n(text.data(), text.size(), at);  // memcpy may not be given a null pointer
  };
  const auto put_number = [&at](std::size_t number) {
    at = std::to_chars(at, at + 20, number).ptr;
  };

  if (head.status == 200) {
    put("HTTP/1.1 200 OK\r\n");
  } else {
    put("HTTP/1.1 ");
    put_number(static_cast<std::size_t>(head.status));
    put(" ");
    put(problem::reason_phrase(head.status));
    put("\r\n");
  }
  put(loop_.date_line());
  if (!head.content_type.empty()) {
    put("Content-Type: ");
    put(head.content_type);
    put("\r\n");
  }
  put("X-Ca-Request-Id: ");
  put({request_id_.data(), request_id_.size()});
  if (length) {
    put("\r\nContent-Length: ");
    put_number(*length);
  } else if (stream_chunked_) {
    put("\r\nTransfer-Encoding: chunked");
  }
  for (const auto& header : head.headers) {
    put("\r\n");
    put(header.name);
    put(": ");
    put(header.value);
  }
  if (!keep_alive_) {
    put("\r\nConnection: close");
  } else if (is_http10_) {
    put("\r\nConnection: keep-alive");
  }
  put("\r\n\r\n");
  out.resize(static_cast<std::size_t>(at - out.data()));
}

void Connection::send(const ResponseHead& head, std::string_view body) {
  const Self keep = std::move(suspended_);
  if (phase_ != Phase::kCall) return;  // the client is gone
  if (shared_->draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  append_head(head, body.size());
  if (!request_.is_head) loop_.out += body;
  end_exchange();
}

// The request is answered: what it occupied is free, the next one may be read.
void Connection::end_exchange() {
  listener_ = nullptr;
  begin_ += parsed_;
  parsed_ = 0;
  parser_.reset();
  said_continue_ = false;
  if (body_.capacity() > kReceiveBytesFirst) body_ = {};
  body_.clear();
  if (keep_alive_) {
    phase_ = Phase::kIdle;
    set_deadline();
  } else {
    phase_ = Phase::kLinger;
    set_deadline();
  }
  if (!processing_) process();
}

void Connection::flush() {
  std::string& out = loop_.out;
  if (phase_ == Phase::kClosed) {
    out.clear();
    return;
  }
  if (!out.empty()) {
    if (writing_) {
      unsent_next_ += out;
      out.clear();
      return;
    }
    error_code ec;
    const std::size_t sent = socket_.write_some(asio::buffer(out), ec);
    if (ec && ec != asio::error::would_block && ec != asio::error::try_again) {
      out.clear();
      return close();
    }
    if (sent < out.size()) unsent_.assign(out, sent);
    out.clear();
    if (out.capacity() > 4 * kPipelinedOutBytesMax) out.shrink_to_fit();
    if (!unsent_.empty()) return write_unsent();
  }
  if (!writing_) continue_after_write();
}

void Connection::write_unsent() {
  writing_ = true;
  if (!deadline_ns_) deadline_ns_ = monotonic_ns() + shared_->limits.idle_timeout_ms * 1'000'000;
  asio::async_write(socket_, asio::buffer(unsent_),
                    [self = Self(this)](error_code ec, std::size_t) {
                      self->writing_ = false;
                      self->unsent_ = {};
                      if (self->phase_ == Phase::kClosed) return;
                      if (ec) return self->close();
                      if (self->phase_ == Phase::kCall) self->deadline_ns_ = 0;
                      if (!self->unsent_next_.empty()) {
                        self->unsent_.swap(self->unsent_next_);
                        return self->write_unsent();
                      }
                      self->continue_after_write();
                    });
}

void Connection::continue_after_write() {
  switch (phase_) {
    case Phase::kIdle:
    case Phase::kHeader:
    case Phase::kBody:
      // Pipelined requests that waited for the answers before them to leave.
      if (phase_ == Phase::kIdle && begin_ < end_ && !parser_) return process();
      return read();
    case Phase::kStream:
      return start_piece();
    case Phase::kLinger:
      return linger_after_write_ || begin_ < end_ ? linger() : close();
    case Phase::kCall:
    case Phase::kClosed:
      return;
  }
}

void Connection::linger() {
  // Closing with unread bytes would make the kernel send a reset that can overtake our answer.
  error_code ec;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  begin_ = end_ = parsed_ = 0;
  read();
}

void Connection::close() {
  if (phase_ == Phase::kClosed) return;
  const Self keep(this);
  phase_ = Phase::kClosed;
  deadline_ns_ = 0;
  unlink();
  error_code ec;
  socket_.close(ec);
  if (auto* listener = std::exchange(listener_, nullptr)) listener->client_gone();
  if (!writing_ && written_) {
    std::exchange(written_, nullptr)(written_user_, false);
  }
}

void Connection::begin_stream(const ResponseHead& head) {
  if (phase_ != Phase::kCall) return;
  if (is_http10_ || shared_->draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  stream_chunked_ = !is_http10_;
  append_head(head, std::nullopt);
  phase_ = Phase::kStream;
  set_deadline();
  if (!processing_) flush();
}

void Connection::write_piece(std::string_view piece, Written written, void* user) {
  piece_ = piece;
  written_ = written;
  written_user_ = user;
  if (phase_ != Phase::kStream) {
    std::exchange(written_, nullptr)(written_user_, false);
    return;
  }
  set_deadline();
  if (!writing_ && !processing_) start_piece();
}

void Connection::start_piece() {
  if (!written_) return;
  if (piece_.empty() || request_.is_head) {
    std::exchange(written_, nullptr)(written_user_, true);
    return;
  }
  writing_ = true;
  std::size_t head_bytes = 0;
  std::string_view tail;
  if (stream_chunked_) {
    head_bytes = static_cast<std::size_t>(
        std::snprintf(piece_head_.data(), piece_head_.size(), "%zx\r\n", piece_.size()));
    tail = "\r\n";
  }
  const std::array<asio::const_buffer, 3> parts{asio::buffer(piece_head_.data(), head_bytes),
                                                asio::buffer(piece_.data(), piece_.size()),
                                                asio::buffer(tail.data(), tail.size())};
  asio::async_write(socket_, parts, [self = Self(this)](error_code ec, std::size_t) {
    self->writing_ = false;
    const auto written = std::exchange(self->written_, nullptr);
    if (ec) self->close();
    if (written) written(self->written_user_, !ec && self->phase_ == Phase::kStream);
    if (self->phase_ == Phase::kStream && !self->writing_) self->start_piece();
  });
}

void Connection::end_stream() {
  const Self keep = std::move(suspended_);
  if (phase_ != Phase::kStream) return;
  if (stream_chunked_ && !request_.is_head) loop_.out += "0\r\n\r\n";
  stream_chunked_ = false;
  end_exchange();
}

void Connection::abort_stream() {
  const Self keep = std::move(suspended_);
  listener_ = nullptr;
  if (phase_ == Phase::kStream || phase_ == Phase::kCall) close();
}

void Connection::abandon(const ResponseHead* head, std::string_view body) {
  listener_ = nullptr;
  if (head && phase_ == Phase::kCall && !writing_) {
    keep_alive_ = false;
    append_head(*head, body.size());
    if (!request_.is_head) loop_.out += body;
    error_code ec;
    // What the kernel does not take at once of this small answer is not worth a waiting client.
    socket_.write_some(asio::buffer(loop_.out), ec);
    loop_.out.clear();
  }
  close();
}

void Connection::suspend(ClientGoneListener& listener) {
  listener_ = &listener;
  suspended_ = Self(this);
  if (watching_ || phase_ == Phase::kClosed) return;
  watching_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = Self(this)](error_code ec) {
    self->watching_ = false;
    if (ec || !self->listener_) return;
    char byte = 0;
    const auto seen = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    // A pipelined request behind this one hides the end of the connection; it is found when the
    // answer is written.
    if (seen > 0 || (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))) return;
    self->close();
  });
}

}  // namespace

// -------------------------------------------------------------------------------- IoThreads,
// Server

struct IoThreads::Impl {
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::jthread> threads;
};

IoThreads::IoThreads(unsigned threads) : impl_(std::make_unique<Impl>()) {
  for (unsigned i = 0; i < std::max(1u, threads); ++i) {
    impl_->loops.push_back(std::make_unique<Loop>(i));
  }
}
IoThreads::~IoThreads() { stop(); }

void IoThreads::start() {
  for (auto& loop : impl_->loops) {
    impl_->threads.emplace_back([loop = loop.get()] { loop->run(); });
  }
}
void IoThreads::stop() {
  for (auto& loop : impl_->loops) loop->context.stop();
  impl_->threads.clear();
}
unsigned IoThreads::size() const noexcept { return static_cast<unsigned>(impl_->loops.size()); }
IoThread& IoThreads::at(unsigned index) noexcept { return *impl_->loops[index]; }
IoThread* IoThreads::current() noexcept { return Loop::current(); }

struct Server::Impl : Shared {
  std::vector<std::pair<Loop*, std::unique_ptr<Shard>>> shards;

  // Runs `step` for each shard on its own thread, one after the other.
  template <class Step>
  void on_every_shard(Step step) {
    for (auto& [loop, shard] : shards) {
      auto done = std::make_shared<std::promise<void>>();
      auto finished = done->get_future();
      asio::post(loop->context, [done, &step, &held = shard] {
        step(held);
        done->set_value();
      });
      finished.wait();
    }
  }
};

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Server>> Server::listen(IoThreads& threads, const std::string& host,
                                               std::uint16_t port, const Limits& limits,
                                               Handler& handler) {
  const auto where = host + ":" + std::to_string(port);
  const auto cannot = [&](const error_code& ec) {
    return Error{SLUICE_E_UNAVAILABLE,
                 "cannot listen on " + where + ": " + ec.message() +
                     ". Is another process on that port? Choose another one.",
                 {},
                 {}};
  };
  error_code ec;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, ec);
  if (ec) {
    return Error{SLUICE_E_CONFIG,
                 "cannot listen on " + where + ": '" + host +
                     "' is not an address; write one such as 127.0.0.1 or [::]",
                 {},
                 {}};
  }
  auto impl = std::make_shared<Impl>();
  impl->limits = limits;
  impl->handler = &handler;
  impl->port = port;
  if (port != 0) {
    // SO_REUSEPORT would silently share a port with a process that set it too: ask without it
    // first.
    tcp::acceptor probe(threads.impl_->loops[0]->context);
    probe.open(tcp::endpoint(address, port).protocol(), ec);
    if (!ec) probe.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) probe.bind({address, port}, ec);
    if (ec) return cannot(ec);
  }
  for (auto& loop : threads.impl_->loops) {
    const tcp::endpoint endpoint(address, impl->port);
    tcp::acceptor acceptor(loop->context);
    const asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT> reuse_port(true);
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor.set_option(reuse_port, ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(kBacklog, ec);
    if (ec) return cannot(ec);
    if (impl->port == 0) impl->port = acceptor.local_endpoint(ec).port();
    impl->shards.emplace_back(loop.get(),
                              std::make_unique<Shard>(*loop, impl, std::move(acceptor)));
  }
  for (auto& [loop, shard] : impl->shards) {
    asio::post(loop->context, [shard = shard.get()] { shard->start(); });
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::~Server() { drain(0, 0); }

std::uint16_t Server::port() const noexcept { return impl_->port; }

bool Server::drain(std::uint64_t grace_ms, std::uint64_t timeout_ms) {
  using namespace std::chrono;
  if (impl_->shards.empty()) return true;
  impl_->draining = true;
  impl_->on_every_shard([](std::unique_ptr<Shard>& shard) { shard->stop_accepting(); });
  const auto start = steady_clock::now();
  const auto is_idle = [&] { return impl_->open.load() == 0; };
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_until(lock, start + milliseconds(grace_ms), is_idle);
  bool idle = is_idle();
  while (!idle && steady_clock::now() < start + milliseconds(timeout_ms)) {
    lock.unlock();
    impl_->on_every_shard([](std::unique_ptr<Shard>& shard) { shard->drain_connections(false); });
    lock.lock();
    impl_->changed.wait_for(lock, milliseconds(20), is_idle);
    idle = is_idle();
  }
  lock.unlock();
  impl_->on_every_shard([](std::unique_ptr<Shard>& shard) { shard->stop(); });
  // Cut connections end their calls through client_gone(); each still holds its connection.
  lock.lock();
  impl_->changed.wait_for(lock, seconds(5), is_idle);
  lock.unlock();
  // On their own threads, behind the handlers that the stop cancelled.
  impl_->on_every_shard([](std::unique_ptr<Shard>& shard) { shard.reset(); });
  impl_->shards.clear();
  return idle;
}

ServerCounters Server::counters() const noexcept {
  return {impl_->open.load(), impl_->accepted.load(), impl_->refused.load()};
}

}  // namespace sluice::http
