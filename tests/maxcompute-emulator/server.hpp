// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes to requests and back: HTTP/1.1 on one port, many connections on a few threads. A handler
// must not block for long; what takes time is a Response with `later` or `stream`.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "message.hpp"

namespace emulator {

using Handler = std::function<Response(Request)>;

class Server {
 public:
  // Binds at once; throws std::system_error when the port is taken.
  Server(const std::string& address, std::uint16_t port, Handler handler);
  ~Server();

  std::uint16_t port() const;
  std::int64_t connections() const;
  void start(int threads);
  // Ends every connection and joins the threads.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace emulator
