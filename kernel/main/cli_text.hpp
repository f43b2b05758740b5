// SPDX-License-Identifier: Apache-2.0
#pragma once
// Text for people: tables, colour, and quoting for a shell.

#include <sluice/percent.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

// A control byte that came from elsewhere could command the terminal: each is shown as '?'. Tabs
// and line ends are too, for a table's cell is one line.
std::string make_printable(std::string_view text);

// The same where several lines are welcome: line ends stay, a tab is a blank.
std::string make_printable_lines(std::string_view text);

// Columns of a terminal that UTF-8 text takes: 2 for East Asian wide characters.
std::size_t count_columns(std::string_view text);

// Columns aligned with two spaces between them, a head line, no rules; the last column is not
// padded. Cells are made printable; lines of a last cell stand below each other.
std::string make_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows);

enum class Tone { kGood, kBad, kQuiet, kStrong };
std::string paint(std::string_view text, Tone tone, bool colour);

// One word for a POSIX shell, quoted only when it must be: it's -> 'it'\''s'.
std::string quote_for_shell(std::string_view word);

}  // namespace sluice::cli
