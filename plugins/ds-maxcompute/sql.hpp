// SPDX-License-Identifier: Apache-2.0
#pragma once
// Statements as the service takes them: it has no bind parameters, so the placeholders ?1 ?2 ...
// become literals. The escaping here is the barrier against injection (maxcompute.md 11).

#include <sluice/rows.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::maxcompute {

inline constexpr std::size_t kStatementBytesMax = std::size_t{2} << 20;
inline constexpr std::size_t kArgumentsMax = 1000;

// What a placeholder without an argument is: a mistake, or NULL where only the statement's columns
// are asked for.
enum class NoArgument { kRefused, kNull };

// One statement that reads, its placeholders replaced, ended by one ';'. A placeholder inside a
// literal, a quoted name or a comment is none. An Error is E_ARGUMENT or E_TOO_LARGE. [any]
Result<std::string> render_statement(std::string_view text, std::span<const Cell> args,
                                     NoArgument no_argument = NoArgument::kRefused);

// One value as a literal of MaxCompute's SQL. [any]
Result<std::string> render_literal(const Cell& cell);

}  // namespace sluice::maxcompute
