// SPDX-License-Identifier: Apache-2.0
#pragma once
// ElfFile: what a shared library says about itself before any of its code runs. Read by the
// preflight of the registry from bytes that anybody may have written, so every offset is checked;
// only what the dynamic linker itself uses (program headers, dynamic section) is believed.

#include <sluice/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::loader {

struct ElfFile {
  struct Note {
    std::uint32_t abi_major = 0, abi_minor = 0;
  };
  std::optional<Note> note;           // the sluice note, when there is one
  std::vector<std::string> needed;    // libraries it wants
  std::vector<std::string> exported;  // symbols it defines for others
  std::vector<std::string> unique;    // those of them that are GNU_UNIQUE
};

// An Error's detail ends the sentence "'x.so' is not a loadable plugin: ".
Result<ElfFile> parse_elf(std::string_view bytes);

}  // namespace sluice::loader
