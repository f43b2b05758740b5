// SPDX-License-Identifier: Apache-2.0
#pragma once
// JSON values as YAML text for people: what documents.hpp reads back as the same values. The same
// JSON is the same text, so that two exports can be compared. Called by the command line's export.
// [any]

#include <sluice/result.hpp>

#include <string>
#include <string_view>

namespace sluice::config {

// One document: an object as JSON text. Members stand in its order. What looks like a reference
// (${env:NAME}) is escaped. An Error: it is no JSON object.
Result<std::string> make_yaml_document(std::string_view json);

}  // namespace sluice::config
