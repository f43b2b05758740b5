// SPDX-License-Identifier: Apache-2.0
#pragma once
// ${env:NAME} and ${file:PATH} in the strings of a file, so that secrets need not stand in it.
// Other
// ${...} are left alone: scripts use them for parameters. "$${env:" means the text "${env:".

#include "config/yaml_tree.hpp"

#include <filesystem>

namespace sluice::config {

// Replaces every reference in the scalars of `node`; relative paths start at `folder`. A missing
// variable or file is a fault that names it, never its content.
void resolve_references(YamlNode& node, const std::filesystem::path& folder, Faults& faults);

}  // namespace sluice::config
