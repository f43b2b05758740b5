// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text of the service's dialect to tokens. String literals know backslashes only: '' is no quote.

#include <string>
#include <vector>

#include "sql_ast.hpp"

namespace emulator::sql {

enum class TokenKind { kWord, kQuotedName, kString, kNumber, kSymbol, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;    // decoded; of a number: its digits
  std::string suffix;  // of a number: l, s, y, bd, d, f
  Place place;
  std::size_t start = 0;  // bytes into the text
  std::size_t end = 0;
};

std::vector<Token> tokenize(const std::string& text);

}  // namespace emulator::sql
