// SPDX-License-Identifier: Apache-2.0
#pragma once
// A call without a socket: the studio's test of a draft and the tests of the lower floor walk
// through the same code as a client's request. The thread that runs it is the call's I/O thread.

#include "http/exchange.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::call {

struct InProcessRequest {
  std::string method = "GET";
  std::string path;
  std::string query;
  std::string authority = "localhost";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::uint64_t unix_ns = 0;  // the call's clock; 0 = now
};

struct InProcessResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // Content-Type first
  std::string body;
  bool was_cut = false;    // aborted after it had begun
  std::size_t pieces = 0;  // of a streamed answer
};

// Runs one request through a handler and waits for its answer. The handler's per-thread state is
// that of I/O thread `io_thread`, which nobody else may be running.
InProcessResponse run_in_process(http::Handler& handler, const InProcessRequest& request,
                                 unsigned io_thread = 0);

}  // namespace sluice::call
