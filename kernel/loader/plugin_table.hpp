// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a plugin's table must say before the registry believes it. The same for a table that is
// linked in.

#include <sluice/abi.h>

#include <string>
#include <string_view>

namespace sluice::loader {

// "authenticator", "data-source", "serializer", "backend", "store"; empty when there is no such.
std::string_view name_kind(std::uint32_t kind) noexcept;
std::string_view name_exec(std::uint32_t exec) noexcept;

// "" or what is wrong: fields beyond the table's size, missing functions, ids, schemas.
std::string find_table_fault(const sluice_plugin& plugin);

}  // namespace sluice::loader
