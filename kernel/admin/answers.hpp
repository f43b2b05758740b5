// SPDX-License-Identifier: Apache-2.0
#pragma once
// Answers of the management API, and what an Error looks like in one:
//   {"error": {"code", "message", "pointer"?, "rule"?, "remedy"?, "faults"?: [...]}}
// Inside this room only.

#include "admin/admin_api.hpp"
#include "admin/shapes.hpp"

namespace sluice::admin {

AdminResponse make_answer(int status, const Json& body);
AdminResponse make_empty_answer();  // 204

// A refusal that no Error stands behind: routing, tokens, bounds.
AdminResponse make_refusal(int status, std::string_view code, std::string message,
                           std::string remedy);

// What an Error is as JSON; its `internal` text stays here.
Json make_error_json(const Error& error);
// `prefix` goes before Error::where when that is a pointer: "/documents/3".
AdminResponse make_error_answer(const Error& error, const std::string& prefix = {});

// Each of them as {"message", "pointer", "rule"?, "remedy"?}.
Json make_faults_json(const model::Faults& faults);

// 400 with every fault; the first one is told in the error itself. At least one.
AdminResponse make_faults_answer(const model::Faults& faults);

}  // namespace sluice::admin
