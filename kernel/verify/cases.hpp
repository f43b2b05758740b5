// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cases of authentication as people write them down: consumers, one request, a clock, and what is
// expected. `sluice auth verify` reads a file of them; docs/auth-cases.md describes the form.

#include <sluice/result.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::verify {

// A request as it stood on the wire.
struct SentRequest {
  std::string method = "GET";
  std::string path;
  std::string query;  // without '?'
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct GivenConsumer {
  std::string name;
  bool enabled = true;
  std::vector<std::string> credentials;  // JSON for the authenticator's credential maker
};

struct Expectation {
  std::optional<bool> accept;
  std::optional<std::string> consumer;
  std::optional<std::map<std::string, std::string>> bind;
  std::optional<int> status;
};

struct Case {
  std::string name;
  std::string type;  // the authenticator component: "hmac", "jwt", "api-key" or another plugin's
  std::string settings_json;
  std::vector<GivenConsumer> consumers;           // in the configuration's order
  std::optional<std::vector<std::string>> allow;  // absent: all consumers
  std::vector<SentRequest> before;                // all must be accepted
  std::vector<SentRequest> before_rejected;       // none must be
  SentRequest request;
  std::uint64_t now_ns = 0;  // CLOCK_REALTIME of all requests of the case
  std::optional<Expectation> expect;
};

inline constexpr std::size_t kCasesMax = 100'000;

// The cases of a file's text. An Error says what is wrong and where, as a JSON pointer. [any]
Result<std::vector<Case>> parse_cases(std::string_view json);

}  // namespace sluice::verify
