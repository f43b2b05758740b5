// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bind: text of a request -> typed cells, all faults of a call in one message. Of a repeated name
// the first value counts, as for signed requests (auth.md 4.2); unknown names are ignored.

#include "call/arena.hpp"
#include "model/validation.hpp"

#include <sluice/result.hpp>
#include <sluice/rows.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::dataservice {

// Decodes a component of a query or form once: %XX is a byte, + a space. Without escapes the view
// itself comes back; otherwise a copy in the arena. nullopt: a malformed escape, or no memory.
std::optional<std::string_view> decode_component(std::string_view raw, call::Arena& arena);

// visit(name, value) for each part of "a=1&b=2", decoded. False: a malformed escape.
template <class Visit>
bool for_each_pair(std::string_view text, call::Arena& arena, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto name = decode_component(part.substr(0, equals), arena);
    const auto value = equals == std::string_view::npos
                           ? std::optional<std::string_view>{""}
                           : decode_component(part.substr(equals + 1), arena);
    if (!name || !value) return false;
    visit(*name, *value);
  }
  return true;
}

using model::parse_value;

// "a whole number from -2147483648 to 2147483647": what the type wants, for an error.
std::string_view describe(model::ParameterType type);

// What was wrong with the parameters of one call; the first fault decides the code, all are told.
class Faults {
 public:
  bool empty() const noexcept { return detail_.empty(); }
  void add_missing(std::string_view name) { add(kMissing, name, "is required and missing"); }
  void add_format(std::string_view name, std::string_view what) { add(kFormat, name, what); }
  void add_value(std::string_view name, std::string_view what) { add(kValue, name, what); }
  void add_body(std::string_view what) { add(kFormat, "body", what); }
  Error to_error() const;

 private:
  enum Severity { kNone, kValue, kFormat, kMissing };
  void add(Severity severity, std::string_view name, std::string_view what);
  Severity worst_ = kNone;
  std::string detail_;
};

}  // namespace sluice::dataservice
