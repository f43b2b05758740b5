// SPDX-License-Identifier: Apache-2.0
// Fuzzes the barrier against injection. The input is a statement and, behind a zero byte, a text
// argument. Whatever the argument is, the statement around it keeps its tokens: a second reading of
// the rendered text must find one literal at the placeholder's place and nothing else changed.
#include "../sql.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

// The length of the literal that begins the text, 0 when none does.
std::size_t literal_length(std::string_view text) {
  if (!text.starts_with('\'')) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '\'') {
      return i + 1;
    }
  }
  return 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto zero = std::min(input.find('\0'), input.size());
  const auto text = input.substr(0, zero);
  const auto value = input.substr(std::min(zero + 1, input.size()));
  const Cell args[] = {make_text(value), make_int64(-7)};
  (void)maxcompute::render_statement(text, args);
  (void)maxcompute::render_statement(text, {});

  const auto rendered = maxcompute::render_statement("SELECT ?1, ?2", args);
  if (!rendered) return 0;
  const std::string_view out = *rendered;
  const std::size_t n = out.starts_with("SELECT ") ? literal_length(out.substr(7)) : 0;
  if (n == 0 || out.substr(7 + n) != ", (-7);") std::abort();
  return 0;
}
