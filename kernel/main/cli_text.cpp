// SPDX-License-Identifier: Apache-2.0
#include "main/cli_text.hpp"

#include <algorithm>
#include <cstdint>
#include <sstream>

namespace sluice::cli {
namespace {

bool is_wide(std::uint32_t point) {
  static constexpr struct {
    std::uint32_t first, last;
  } kWide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
               {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
               {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
  return std::any_of(std::begin(kWide), std::end(kWide), [&](const auto& range) {
    return point >= range.first && point <= range.last;
  });
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::string make_printable(std::string_view text) {
  std::string printable(text);
  for (std::size_t i = 0; i < printable.size(); ++i) {
    const auto byte = static_cast<unsigned char>(printable[i]);
    if (byte < 0x20 || byte == 0x7f) printable[i] = '?';
    // U+0080..U+009F are controls of a terminal as well; in UTF-8 they are C2 80 .. C2 9F.
    if (byte == 0xc2 && i + 1 < printable.size() &&
        static_cast<unsigned char>(printable[i + 1]) < 0xa0) {
      printable.replace(i, 2, "?");
    }
  }
  return printable;
}

std::string make_printable_lines(std::string_view text) {
  std::string printable;
  for (;;) {
    const auto end = text.find('\n');
    std::string line(text.substr(0, end));
    if (line.ends_with('\r')) line.pop_back();
    std::replace(line.begin(), line.end(), '\t', ' ');
    printable += make_printable(line);
    if (end == std::string_view::npos) return printable;
    printable += '\n';
    text.remove_prefix(end + 1);
  }
}

std::size_t count_columns(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fu);
    }
    columns += is_wide(point) ? 2 : 1;
    i += length;
  }
  return columns;
}

std::string make_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines{head};
  for (const auto& row : rows) {
    std::vector<std::string> line;
    for (const auto& cell : row) line.push_back(make_printable(cell));
    line.resize(head.size());
    if (row.size() == head.size() && row.back().find('\n') != std::string::npos) {
      std::istringstream below(make_printable_lines(row.back()));
      for (std::string text; std::getline(below, text);) {
        line.back() = text;
        lines.push_back(line);
        std::fill(line.begin(), line.end(), std::string());
      }
      continue;
    }
    lines.push_back(std::move(line));
  }
  std::vector<std::size_t> widths(head.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], count_columns(line[i]));
    }
  }
  std::string table;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (i > 0) text += "  ";
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - count_columns(line[i]), ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    table += text + "\n";
  }
  return table;
}

std::string paint(std::string_view text, Tone tone, bool colour) {
  if (!colour) return std::string(text);
  const char* code = "";
  switch (tone) {
    case Tone::kGood:
      code = "32";
      break;
    case Tone::kBad:
      code = "31";
      break;
    case Tone::kQuiet:
      code = "2";
      break;
    case Tone::kStrong:
      code = "1";
      break;
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string quote_for_shell(std::string_view word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return is_alphanumeric(c) || std::string_view("%+,-./:=@_").find(c) != std::string_view::npos;
  });
  if (plain) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace sluice::cli
