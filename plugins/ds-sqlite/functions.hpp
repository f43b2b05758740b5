// SPDX-License-Identifier: Apache-2.0
#pragma once
// The functions of SQLite that a statement may call: those that compute from their arguments and
// from rows. A list of what is known, because SQLite is built with others that take or give
// addresses (fts3_tokenizer), load code, write, or tell of the process.

#include <string_view>

namespace sluice::sqlite {

// `name` as SQLite registers it: in lower case. [any]
bool is_known_function(std::string_view name);

}  // namespace sluice::sqlite
