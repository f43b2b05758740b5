// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parameters of a JSON body: an object whose members are scalars or arrays of scalars.

#include "call/arena.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace sluice::dataservice {

enum class Part {
  kWhole,    // a member's only value
  kItem,     // one value of its array
  kNoItems,  // its array was empty; no text
};

// visit(name, text, part) for each value; numbers and booleans as their JSON text. A member that is
// null is not there; in an array null is refused. The views hold as long as the arena. An answer is
// what is wrong with the body. A repeated member is refused: two readers could take different ones.
// [run]
std::optional<std::string_view> parse_json_object(
    std::string_view body, call::Arena& arena,
    const std::function<void(std::string_view name, std::string_view text, Part part)>& visit);

}  // namespace sluice::dataservice
