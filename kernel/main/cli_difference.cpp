// SPDX-License-Identifier: Apache-2.0
#include "main/cli_difference.hpp"

#include "main/cli_text.hpp"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t kLinesComparedMax = 2000;  // of one text; longer ones are cut

std::string make_value_text(const Json& value) {
  return value.is_string() && !value.get_ref<const std::string&>().empty()
             ? make_printable(value.get<std::string>())
             : make_printable(value.dump());
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Both texts as one, a line each: those of both after "    ", others after "  - " and "  + ".
std::string make_line_diff(std::string_view from, std::string_view to, bool colour) {
  auto a = split_lines(from), b = split_lines(to);
  a.resize(std::min(a.size(), kLinesComparedMax));
  b.resize(std::min(b.size(), kLinesComparedMax));
  // longest[i][j]: lines that a[i..] and b[j..] have in common, in order.
  const auto width = b.size() + 1;
  std::vector<unsigned short> longest((a.size() + 1) * width, 0);
  const auto at = [&](std::size_t i, std::size_t j) -> unsigned short& {
    return longest[i * width + j];
  };
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      at(i, j) = a[i] == b[j] ? static_cast<unsigned short>(at(i + 1, j + 1) + 1)
                              : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::string text;
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      text += "      " + make_printable(a[i++]) + "\n";
      ++j;
    } else if (i < a.size() && (j == b.size() || at(i + 1, j) >= at(i, j + 1))) {
      text += paint("    - " + make_printable(a[i++]), Tone::kBad, colour) + "\n";
    } else {
      text += paint("    + " + make_printable(b[j++]), Tone::kGood, colour) + "\n";
    }
  }
  return text;
}

bool has_lines(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().find('\n') != std::string::npos;
}

std::string make_change_text(const Json& change, bool colour) {
  const auto head = "~ " + make_printable(make_cell(change, "label"));
  const auto &from = change["from"], &to = change["to"];
  if (from.is_string() && to.is_string() && (has_lines(from) || has_lines(to))) {
    return head + "\n" +
           make_line_diff(from.get_ref<const std::string&>(), to.get_ref<const std::string&>(),
                          colour);
  }
  return head + ": " + make_value_text(from) + " -> " + make_value_text(to) + "\n";
}

}  // namespace

std::string make_difference_text(const Json& difference, bool colour) {
  std::string text;
  const auto entry = [&](char sign, const Json& e, Tone tone) {
    text += paint(std::string(1, sign) + " " + make_printable(make_cell(e, "label")) + ": " +
                      make_value_text(e["value"]),
                  tone, colour) +
            "\n";
  };
  for (const auto& e : difference["removed"]) entry('-', e, Tone::kBad);
  for (const auto& e : difference["added"]) entry('+', e, Tone::kGood);
  for (const auto& e : difference["changed"]) text += make_change_text(e, colour);
  if (difference.contains("left_out")) {
    text += "and " + make_cell(difference, "left_out") + " more\n";
  }
  return text;
}

}  // namespace sluice::cli
