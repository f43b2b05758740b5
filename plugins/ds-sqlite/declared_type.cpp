// SPDX-License-Identifier: Apache-2.0
#include "declared_type.hpp"

#include <sluice/abi.h>

#include <string>

namespace sluice::sqlite {

std::uint32_t parse_declared_type(std::string_view declared) {
  // The first word that occurs decides. Dates come before SQLite's own rules because those would
  // call them numbers, while everybody stores them as text.
  static constexpr struct {
    std::string_view word;
    std::uint32_t type;
  } kWords[] = {
      {"BOOL", SLUICE_T_BOOL},    {"INT", SLUICE_T_INT64},   {"CHAR", SLUICE_T_TEXT},
      {"CLOB", SLUICE_T_TEXT},    {"TEXT", SLUICE_T_TEXT},   {"DATE", SLUICE_T_TEXT},
      {"TIME", SLUICE_T_TEXT},    {"JSON", SLUICE_T_TEXT},   {"BLOB", SLUICE_T_BYTES},
      {"BINARY", SLUICE_T_BYTES}, {"REAL", SLUICE_T_DOUBLE}, {"FLOA", SLUICE_T_DOUBLE},
      {"DOUB", SLUICE_T_DOUBLE},  {"DEC", SLUICE_T_DOUBLE},  {"NUM", SLUICE_T_DOUBLE},
  };
  std::string upper(declared);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  for (const auto& [word, type] : kWords) {
    if (upper.find(word) != upper.npos) return type;
  }
  return SLUICE_T_TEXT;
}

}  // namespace sluice::sqlite
