// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parameters of a request body: a JSON object with scalar members, or a form.

#include "call/arena.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace sluice::dataservice {

// visit(name, text) for each scalar member; numbers and booleans as their JSON text, null not at
// all. The views hold as long as the arena. An answer is what is wrong with the body. A repeated
// member is refused: two readers could take different ones. [run]
std::optional<std::string_view> parse_json_object(
    std::string_view body, call::Arena& arena,
    const std::function<void(std::string_view name, std::string_view text)>& visit);

}  // namespace sluice::dataservice
