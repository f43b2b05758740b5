// SPDX-License-Identifier: Apache-2.0
#pragma once
// From a column's declared type to the type its values are sent as.

#include <cstdint>
#include <string_view>

namespace sluice::sqlite {

// SLUICE_T_*. SQLite does not enforce declared types, so this says what to expect: the value of a
// row is sent as what the row holds. DECIMAL and NUMERIC are DOUBLE, because SQLite itself keeps
// them as 64-bit integers or floating point numbers. Without a known word: TEXT.
std::uint32_t parse_declared_type(std::string_view declared);

}  // namespace sluice::sqlite
