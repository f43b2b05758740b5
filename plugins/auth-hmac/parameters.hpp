// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parameters of a request as a signature covers them: decoded, the first value of each name,
// sorted by name (auth.md 4.2). Of the two ways to read them, M1 is that of the documentation and
// the SDKs, M2 that of open-source Higress (auth.md 4.3).

#include "scratch.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::hmac {

inline constexpr std::size_t kParametersMax = 1000;  // query and form together (auth.md 1.7)

enum class Reading {
  kM1,  // '+' is a space; a form's value wins over the query's
  kM2,  // '+' is a plus; the query's value wins over a form's
};

struct Parameter {
  std::string_view name, value;
  std::uint32_t place;  // in the order of preference, which decides between equal names
};

enum class ParametersFault { kNone, kMalformed, kTooMany, kNoMemory };

struct Parameters {
  ParametersFault fault = ParametersFault::kNone;
  std::span<Parameter> sorted = {};  // no name twice; views into the texts given or the scratch
};

// `form` is empty when the body is none. [run]
Parameters parse_parameters(Reading reading, std::string_view query, std::string_view form,
                            const Scratch& scratch);

// Is that the media type of a form, whatever parameters and letter case it has? [any]
bool is_form(std::string_view content_type) noexcept;

}  // namespace sluice::hmac
