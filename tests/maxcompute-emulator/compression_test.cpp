// SPDX-License-Identifier: Apache-2.0
#include "compression.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "text.hpp"

namespace emulator {
namespace {

constexpr const char* kCodings[] = {"deflate", "x-snappy-framed", "x-lz4-frame", "x-odps-lz4-frame",
                                    "zstd"};

class Pieces final : public BodyStream {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  bool next(std::string& piece) override {
    if (at_ == pieces_.size()) return false;
    piece += pieces_[at_++];
    return true;
  }

 private:
  std::vector<std::string> pieces_;
  std::size_t at_ = 0;
};

std::string read_all(BodyStream& stream) {
  std::string all;
  while (stream.next(all)) {
  }
  return all;
}

// What no coding makes smaller.
std::string make_noise(std::size_t bytes) {
  std::string noise;
  std::uint64_t state = 1;
  while (noise.size() < bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    noise += static_cast<char>(state >> 56);
  }
  return noise;
}

TEST(EmulatorCompression, TakesWhatAClientChooses) {
  const struct {
    const char *accepted, *chosen;
  } cases[] = {
      {"", ""},
      {"identity", ""},
      {"deflate", "deflate"},
      {"x-snappy-framed", "x-snappy-framed"},
      {"x-lz4-frame", "x-lz4-frame"},
      {"x-odps-lz4-frame", "x-odps-lz4-frame"},
      {"ZSTD", "zstd"},
      {"zstd;q=1", "zstd"},
      {"br", ""},
      // Lists are announced by HTTP libraries on their own.
      {"gzip, deflate", ""},
      {"gzip, deflate, br, zstd", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(choose_encoding(c.accepted), c.chosen) << c.accepted;
}

// Made by other implementations of the formats (Python's zlib, lz4.frame, zstandard; the snappy one
// by hand after framing_format.txt, with a compressed chunk, a padding chunk and a stored one).
TEST(EmulatorCompression, ReadsWhatOthersWrote) {
  const std::string line = "a record, a record, a record, a record\n";
  const struct {
    const char *coding, *bytes;
    std::string plain;
  } cases[] = {
      {"deflate", "789c4b54284a4dce2f4ad15148c4c3e2c22749ba3200f8f526cb", line + line + line},
      {"x-lz4-frame",
       "04224d184040c020000000af61207265636f72642c200a00091f0a1d0009063b000f27001050636f72640a0000"
       "0000",
       line + line + line},
      {"zstd", "28b52ffd0058c500005861207265636f72642c200a0400952a0060008ab9650a12",
       line + line + line},
      {"x-snappy-framed",
       "ff060000734e61507059001b000044b40b68752461207265636f72642c206e0a00000afe2700362700fe030000"
       "000000010700005a4ac85c656e64",
       line + line + line + "end"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.coding);
    const std::string bytes = from_hex(c.bytes).value();
    EXPECT_EQ(decode(bytes, c.coding), c.plain);
    for (std::size_t cut = 0; cut + 1 < bytes.size(); ++cut) {
      // A snappy stream has no end of its own: it may stop after any chunk.
      const auto part = decode(std::string_view(bytes).substr(0, cut), c.coding);
      EXPECT_NE(part, c.plain) << "cut after " << cut;
    }
    EXPECT_EQ(decode(bytes + "x", c.coding), std::nullopt) << "bytes behind the end";
  }
}

TEST(EmulatorCompression, ReadsWhatItWrote) {
  const std::vector<std::string> bodies[] = {{},
                                             {""},
                                             {"x"},
                                             {"a piece, ", "", "another"},
                                             {std::string(1'000'000, 'a')},
                                             {make_noise(200'000), "and an end"}};
  for (const char* coding : kCodings) {
    for (const auto& pieces : bodies) {
      SCOPED_TRACE(coding);
      const std::string plain = join(pieces, "");
      const auto stream = encode(std::make_unique<Pieces>(pieces), coding);
      const std::string coded = read_all(*stream);
      EXPECT_EQ(decode(coded, coding), plain);
      if (plain.size() == 1'000'000) {
        EXPECT_LT(coded.size(), 60'000u) << "it is compressed";
      }
    }
  }
}

TEST(EmulatorCompression, RefusesWhatIsNotOfTheCoding) {
  for (const char* coding : kCodings) {
    SCOPED_TRACE(coding);
    EXPECT_EQ(decode("no such format", coding), std::nullopt);
    const auto stream = encode(std::make_unique<Pieces>(std::vector{make_noise(1'000)}), coding);
    std::string coded = read_all(*stream);
    if (std::string_view(coding) == "x-snappy-framed") {
      coded[coded.size() / 2] = static_cast<char>(~coded[coded.size() / 2]);
      EXPECT_EQ(decode(coded, coding), std::nullopt) << "its checksum is wrong";
    }
  }
  EXPECT_EQ(decode("x", "br"), std::nullopt);
  EXPECT_EQ(decode("x", "identity"), "x");
  EXPECT_EQ(decode("x", ""), "x");
}

}  // namespace
}  // namespace emulator
