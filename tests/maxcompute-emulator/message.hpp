// SPDX-License-Identifier: Apache-2.0
#pragma once

// Requests and responses as the emulator's parts hand them to each other, free of the HTTP library.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emulator {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string target;      // as sent
  std::string path;        // percent-decoded, without the endpoint's own /api
  bool below_api = false;  // the target began with /api
  Headers headers;         // in the order received
  Headers parameters;      // decoded, in the order received
  std::string body;

  // The first header of this name, whatever its case.
  std::optional<std::string_view> header(std::string_view name) const;
  // The last value of a parameter; a sub-resource ("?downloads") has an empty one.
  std::optional<std::string_view> parameter(std::string_view name) const;
  bool has(std::string_view name) const { return parameter(name).has_value(); }
};

// Splits and decodes the target; false when it is none that a client of the service sends.
bool parse_target(Request& request);

// A body that is made while it is sent.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // Appends the next piece and returns true, or returns false at the end.
  virtual bool next(std::string& piece) = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::unique_ptr<BodyStream> stream;  // instead of body

  // Set: there is no answer yet. The server calls it every few milliseconds until it gives one.
  std::function<std::optional<Response>()> later;

  // Faults that concern the bytes on the wire.
  std::optional<std::size_t> cut_after;  // bytes of the body, then the connection ends
  int delay_ms = 0;
  bool drop = false;  // the connection ends without an answer

  std::string error_code;  // for the journal
};

Response make_text(int status, std::string_view content_type, std::string body);
Response make_xml(std::string body, int status = 200);
Response make_json(std::string body, int status = 200);

// What a client is told when it is refused; the dispatcher turns it into XML or JSON.
struct Refusal {
  int status = 400;
  std::string code;
  std::string message;
  std::optional<int> retry_after_s;
};

}  // namespace emulator
