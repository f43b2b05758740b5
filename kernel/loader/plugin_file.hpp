// SPDX-License-Identifier: Apache-2.0
#pragma once
// Everything that happens to a plugin file before its code runs: read once, digested, compared with
// its pin, its ELF tables checked, and the very bytes that were checked kept as a private copy.

#include "loader/elf_file.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::loader {

// Why a plugin is not used. `reason` names the file.
struct Refusal {
  std::string code;  // "PLG-004"
  std::string reason;
  std::string remedy;
};

struct PluginFile {
  std::filesystem::path path;
  std::string bytes;
  std::string sha256;  // of the bytes, in lower case
  ElfFile elf;
  std::filesystem::path staged;  // the private copy that is loaded
};

std::string make_sha256(std::string_view bytes);

// Each step fills its part of the file, or says why not.
constexpr std::size_t kPluginBytesMax = 256u << 20;
std::optional<Refusal> read_plugin_file(PluginFile& file);  // PLG-001
// PLG-002, 003, 004, 006, 010, 014, 015: all that can be told without running it.
std::optional<Refusal> check_plugin_file(PluginFile& file, std::string_view pinned_sha256);
// PLG-018. The copy is named by its digest, in a directory that nobody else can write.
std::optional<Refusal> stage_plugin_file(PluginFile& file, const std::filesystem::path& directory);

}  // namespace sluice::loader
