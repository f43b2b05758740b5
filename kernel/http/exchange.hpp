// SPDX-License-Identifier: Apache-2.0
#pragma once
// One request and its one response, as the rest of the gateway sees HTTP: no library type, no
// socket. The server implements it over a connection, InProcessExchange over memory.

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::http {

struct Header {
  std::string_view name, value;
};

// Views into the connection's receive buffer; they hold until the exchange has ended.
struct Request {
  std::string_view method;
  std::string_view path;   // raw: percent-encoding kept, nothing normalised
  std::string_view query;  // raw, without '?'
  std::string_view authority;
  std::string_view peer;  // address without port
  std::string_view request_id;
  std::span<const Header> headers;
  std::string_view body;
  bool is_head = false;
  std::uint64_t received_ns = 0;  // CLOCK_MONOTONIC
  std::uint64_t unix_ns = 0;      // CLOCK_REALTIME for every check of the call; 0 = read the clock
};

struct ResponseHead {
  int status = 200;
  std::string_view content_type = "application/json";
  std::span<const Header> headers = {};  // beside Date, Content-*, Connection, X-Ca-Request-Id
};

// The thread that a call lives on: one event loop, its clock and its passes.
class IoThread {
 public:
  using Task = void (*)(void* user);

  // Runs task(user) on this thread, later. Never refused: every suspended call needs its way back,
  // and calls in flight are what bounds the queue. [any]
  virtual void post(Task task, void* user) = 0;

  // Runs task(user) after `delay_ns` on this thread unless it is cancelled first. The id is never
  // 0. [io]
  virtual std::uint64_t start_timer(std::uint64_t delay_ns, Task task, void* user) = 0;
  virtual void cancel_timer(std::uint64_t id) = 0;  // [io]

  // Runs task(user) when the present pass of the event loop ends; false when the pass has no room.
  // [io]
  virtual bool run_at_pass_end(Task task, void* user) = 0;

  virtual unsigned index() const noexcept = 0;  // 0 .. threads-1 [any]

 protected:
  ~IoThread() = default;
};

// Told when the client leaves while its exchange is suspended. [io]
class ClientGoneListener {
 public:
  virtual void client_gone() = 0;

 protected:
  ~ClientGoneListener() = default;
};

// All functions on the exchange's I/O thread. [io]
class Exchange {
 public:
  virtual const Request& request() const noexcept = 0;
  virtual IoThread& io() noexcept = 0;

  // The whole answer; ends the exchange. The body of a HEAD is counted, not sent.
  virtual void send(const ResponseHead& head, std::string_view body) = 0;

  // An answer of unknown length. After begin: pieces, one at a time, each lent until `written` was
  // called, then end or abort. Abort cuts the connection, so that a broken body can't look whole.
  // `written(user, false)`: the client is gone.
  using Written = void (*)(void* user, bool ok);
  virtual void begin_stream(const ResponseHead& head) = 0;
  virtual void write_piece(std::string_view piece, Written written, void* user) = 0;
  virtual void end_stream() = 0;
  virtual void abort_stream() = 0;

  // handle() will return before the answer is there. Watches the client from now on. A suspended
  // exchange, and so its request, lives until send, end_stream or abort_stream, client or no
  // client.
  virtual void suspend(ClientGoneListener& listener) = 0;

  // Gives a last answer (no head: none) to the client of a suspended exchange whose work does not
  // come back, and cuts the connection. The request still lives until abort_stream.
  virtual void abandon(const ResponseHead* head, std::string_view body) = 0;

 protected:
  ~Exchange() = default;
};

// Where requests go. Many I/O threads call it at once. [io]
class Handler {
 public:
  virtual void handle(Exchange& exchange) = 0;

 protected:
  ~Handler() = default;
};

}  // namespace sluice::http
