// SPDX-License-Identifier: Apache-2.0
#pragma once
// Characters of names: which they are, and UTF-8 as code points. Inside this room only.

#include "model/laws.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::model {

inline bool is_letter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }
inline bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
inline bool is_chinese(
    char32_t c) {  // the blocks of unified ideographs, their extensions, and zero
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x323AF) || c == 0x3007;
}

// Code points; absent when the text is no valid UTF-8.
std::optional<std::u32string> decode_utf8(std::string_view text);

Faults find_folders_faults(const std::vector<std::string>& folders, const std::string& where);
std::optional<Fault> find_sample_fault(std::string_view sample, std::string where);

}  // namespace sluice::model
