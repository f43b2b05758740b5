// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the management API tells of two documents that differ, for people.

#include "main/cli_node.hpp"

namespace sluice::cli {

// A line for each member that was removed, added or changed; of texts with several lines, those
// that differ.
std::string make_difference_text(const Json& difference, bool colour);

}  // namespace sluice::cli
