// SPDX-License-Identifier: Apache-2.0
#include "loader/elf_file.hpp"

#include <gtest/gtest.h>

#include <elf.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

namespace sluice::loader {
namespace {

std::string read_fixture(const char* name) {
  std::ifstream file(std::string(SLUICE_TESTDATA) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ElfFile, TellsNoteNeedsAndExports) {
  auto elf = parse_elf(read_fixture("c_needs_gone.so"));
  ASSERT_TRUE(elf) << elf.error().detail;
  ASSERT_TRUE(elf->note);
  EXPECT_EQ(elf->note->abi_major, 1u);
  EXPECT_EQ(elf->exported, std::vector<std::string>{"sluice_plugin_main"});
  EXPECT_NE(std::find(elf->needed.begin(), elf->needed.end(), "libsluice_gone.so"),
            elf->needed.end());
  EXPECT_TRUE(elf->unique.empty());

  auto unique = parse_elf(read_fixture("unique_symbol.so"));
  ASSERT_TRUE(unique) << unique.error().detail;
  EXPECT_EQ(unique->unique, std::vector<std::string>{"shared_by_all"});
}

// The bytes are copied to a block of exactly their size, so that AddressSanitizer sees one too
// many.
void parse_exactly(std::string_view bytes) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  (void)parse_elf({exact.data(), exact.size()}).ok();
}

TEST(ElfFile, SurvivesAPluginCutOffAnywhere) {
  const std::string bytes = read_fixture("c_none.so");
  ASSERT_GT(bytes.size(), 4'000u);
  // Every offset of the tables, and of the rest (code and debug text) as many as time allows.
  const std::size_t stride = bytes.size() > 60'000 ? 17 : 1;
  for (std::size_t n = 0; n < bytes.size(); n += n < 12'000 ? 1 : stride) {
    parse_exactly(std::string_view(bytes).substr(0, n));
  }
}

TEST(ElfFile, SurvivesHostileNumbersAnywhere) {
  std::string bytes = read_fixture("c_none.so");
  bytes.resize(std::min<std::size_t>(bytes.size(), 20'000));
  const std::string whole = bytes;
  for (std::size_t at = 0; at + 8 <= whole.size(); at += 4) {
    for (const std::uint64_t value : {UINT64_MAX, std::uint64_t(0), std::uint64_t(1) << 63,
                                      std::uint64_t(0xffffffff), std::uint64_t(whole.size())}) {
      bytes.replace(at, 8, std::string_view(reinterpret_cast<const char*>(&value), 8));
      (void)parse_elf(bytes).ok();
    }
    bytes.replace(at, 8, whole, at, 8);
  }
}

TEST(ElfFile, SurvivesRandomDamage) {
  const std::string whole = read_fixture("c_none.so");
  std::minstd_rand random(20240607);
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes = whole;
    // The first part holds the headers, hash tables and dynamic symbols: most is decided there.
    const std::size_t area = round % 2 ? std::min<std::size_t>(1'500, bytes.size()) : bytes.size();
    for (int i = 0; i < 1 + round % 9; ++i) bytes[random() % area] = char(random());
    (void)parse_elf(bytes).ok();
  }
}

}  // namespace
}  // namespace sluice::loader
