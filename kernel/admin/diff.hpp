// SPDX-License-Identifier: Apache-2.0
#pragma once
// What differs between two JSON documents of one form: two versions of an API, or what somebody
// else saved meanwhile. Pure. Inside this room only.

#include "admin/shapes.hpp"

#include <cstddef>

namespace sluice::admin {

inline constexpr std::size_t kDifferencesMax = 1000;  // told; "left_out" counts the rest

// {"equal": false,
//  "added":   [{"pointer", "label", "value"}],        pointers into `to`
//  "removed": [{"pointer", "label", "value"}],        pointers into `from`
//  "changed": [{"pointer", "label", "from", "to"}]}   pointers into `to`
//
// The items of a list are matched by their "name" where all of them have one, so that a parameter
// in the middle is one line and not all that follow it; another order of theirs is a change of the
// list, told as names. Any other list is one value. A label says the place in words:
// "request_parameters.user_id.required".
Json make_diff(const Json& from, const Json& to);

}  // namespace sluice::admin
