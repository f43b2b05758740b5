// SPDX-License-Identifier: Apache-2.0
#pragma once
// The strings of corpus.txt as they are: for every test that wants to know whether a value stays
// one.

#include <string>
#include <vector>

namespace sluice::tests {

// Distinct, in the file's order; read once. Throws when the file is not as it says.
const std::vector<std::string>& corpus();

}  // namespace sluice::tests
