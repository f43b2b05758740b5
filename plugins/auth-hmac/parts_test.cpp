// SPDX-License-Identifier: Apache-2.0
// The plain functions, the nonce store, the settings and the credential maker.
#include "answers.hpp"
#include "base64.hpp"
#include "candidates.hpp"
#include "crypto.hpp"
#include "date.hpp"
#include "nonce_store.hpp"
#include "settings.hpp"
#include "workbench.hpp"

#include <sluice/testing/recording_made.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sluice::hmac {
namespace {

using testing::FakeHost;
using testing::RecordingMade;

// ---- dates

TEST(HmacDate, ReadsFourFormsAndNothingElse) {
  constexpr std::int64_t kMay = 1525872629;  // 2018-05-09 13:30:29 UTC
  const struct {
    const char* text;
    std::optional<std::int64_t> seconds;
  } cases[] = {
      {"Wed, 09 May 2018 13:30:29 GMT", kMay},
      {"Wed, 09 May 2018 13:30:29 GMT+00:00", kMay},
      {"Wednesday, 09-May-18 13:30:29 GMT", kMay},
      {"Wed May  9 13:30:29 2018", kMay},
      {"Wed May 19 13:30:29 2018", kMay + 864000},
      {"Mon, 09 May 2018 13:30:29 GMT", kMay},  // the day of the week is not checked
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
      {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
      {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
      {"Wednesday, 01-Jan-70 00:00:00 GMT", 0},
      {"Tuesday, 31-Dec-69 23:59:59 GMT", 3155759999},
      {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},  // a leap second
      {"", {}},
      {"Wed", {}},
      {"Wed, 09 May 2018 13:30:29", {}},
      {"Wed, 09 May 2018 13:30:29 UTC", {}},
      {"Wed, 09 May 2018 13:30:29 gmt", {}},
      {"Wed, 09 May 2018 13:30:29 GMT ", {}},
      {" Wed, 09 May 2018 13:30:29 GMT", {}},
      {"Wed, 09 May 2018 13:30:29 GMT+01:00", {}},
      {"Wed, 09 May 2018 13:30:29 GMT+00:0", {}},
      {"Wed, 09 May 2018 13:30:29 GMT+00:000", {}},
      {"Wed, 09 May 2018 13:30:29 +0000", {}},
      {"Wed, 9 May 2018 13:30:29 GMT", {}},
      {"Wed, 009 May 2018 13:30:29 GMT", {}},
      {"Wed,09 May 2018 13:30:29 GMT", {}},
      {"wed, 09 May 2018 13:30:29 GMT", {}},
      {"Wed, 09 may 2018 13:30:29 GMT", {}},
      {"Wed, 09 Mai 2018 13:30:29 GMT", {}},
      {"Wed, 09 May 18 13:30:29 GMT", {}},
      {"Wed, 00 May 2018 13:30:29 GMT", {}},
      {"Thu, 31 Apr 2018 13:30:29 GMT", {}},
      {"Thu, 29 Feb 2018 13:30:29 GMT", {}},
      {"Wed, 09 May 2018 24:00:00 GMT", {}},
      {"Wed, 09 May 2018 13:60:29 GMT", {}},
      {"Wed, 09 May 2018 13:30:61 GMT", {}},
      {"Wed, 09 May 2018 1:30:29 GMT", {}},
      {"Wed, 09 May 2018 13.30.29 GMT", {}},
      {"Wed, -9 May 2018 13:30:29 GMT", {}},
      {"Wednesday, 09 May 2018 13:30:29 GMT", {}},
      {"Wednesday, 09-May-2018 13:30:29 GMT", {}},
      {"Wed, 09-May-18 13:30:29 GMT", {}},
      {"Wednesday, 09-May-18 13:30:29 GMT+00:00", {}},
      {"Wed May 9 13:30:29 2018", {}},
      {"Wed May 09 13:30:29 2018", kMay},
      {"Wed May  9 13:30:29 2018 GMT", {}},
      {"2018-05-09T13:30:29Z", {}},
      {"1525872629", {}},
  };
  for (const auto& c : cases) EXPECT_EQ(parse_date(c.text), c.seconds) << c.text;
}

TEST(HmacDate, ReadsTimestampsInSecondsAndMilliseconds) {
  const struct {
    const char* text;
    std::optional<std::int64_t> ms;
  } cases[] = {
      {"1735689600123", 1735689600123},
      {"1735689600", 1735689600000},
      {"999999999999", 999999999999000},  // 12 digits: seconds
      {"1000000000000", 1000000000000},   // 13 digits: milliseconds
      {"0", 0},
      {"0000000000001", 1},
      {"9999999999999999", 9999999999999999},
      {"10000000000000000", {}},  // 17 digits
      {"", {}},
      {"-1", {}},
      {"+1", {}},
      {"1.5", {}},
      {"1e9", {}},
      {" 1", {}},
      {"0x10", {}},
      {"\xd9\xa1", {}},  // a digit of another script
  };
  for (const auto& c : cases) EXPECT_EQ(parse_timestamp_ms(c.text), c.ms) << c.text;
}

// ---- base64

TEST(HmacBase64, ReadsExactlyWhatItWrites) {
  std::vector<unsigned char> bytes;
  for (int size = 0; size < 40; ++size) {
    std::vector<unsigned char> read(bytes.size());
    const std::string text = encode_base64(bytes);
    EXPECT_TRUE(decode_base64(text, read)) << text;
    EXPECT_EQ(read, bytes);
    EXPECT_FALSE(decode_base64(text + "=", read));
    EXPECT_FALSE(decode_base64("x" + text, read));
    bytes.push_back(static_cast<unsigned char>(size * 37 + 201));
  }
  std::vector<unsigned char> one(1), three(3);
  for (const char* wrong : {"AB==", "AA=A", "AAAA", "A===", "==AA", "A-==", "\nA=="}) {
    EXPECT_FALSE(decode_base64(wrong, one)) << wrong;
  }
  EXPECT_TRUE(decode_base64("+/+/", three));
  EXPECT_FALSE(decode_base64("-_-_", three));
}

// ---- candidates

struct Memory {
  std::vector<std::unique_ptr<std::max_align_t[]>> pieces;
  Scratch scratch() {
    return {this, [](void* user, std::size_t bytes) -> void* {
              auto& self = *static_cast<Memory*>(user);
              self.pieces.push_back(
                  std::make_unique<std::max_align_t[]>(bytes / sizeof(std::max_align_t) + 1));
              return self.pieces.back().get();
            }};
  }
};

std::string numbers_of(const SignedRequest& request, std::string_view list) {
  Memory memory;
  const Scratch scratch = memory.scratch();
  auto headers = parse_signed_headers(list, scratch);
  const auto m1 = parse_parameters(Reading::kM1, request.query, request.form, scratch);
  Candidates candidates(request, headers, m1.sorted, scratch);
  std::string numbers;
  while (const auto candidate = candidates.next()) numbers += std::to_string(candidate->number);
  return numbers;
}

TEST(HmacCandidates, AreMadeOnceEachInTheirOrder) {
  const struct {
    const char *name, *path, *query, *form, *list, *numbers;
  } cases[] = {
      {"one text", "/p", "a=1", "", "x-a", "1"},
      {"no parameter", "/p", "", "", "", "1"},
      {"mixed names", "/p", "a=1", "", "X-A", "12"},
      {"an encoded path", "/%61", "a=1", "", "x-a", "13"},
      {"a guarded path", "/%2f", "a=1", "", "x-a", "1"},
      {"mixed names, an encoded path", "/%61", "a=1", "", "X-A", "1234"},
      {"a plus", "/p", "a=+", "", "x-a", "15"},
      {"an empty value", "/p", "a", "", "x-a", "15"},
      {"query and form", "/p", "a=1", "a=2", "x-a", "15"},
      {"query and form, the same", "/p", "a=1", "a=1", "x-a", "1"},
      {"mixed names and a plus", "/p", "a=+", "", "X-A", "125"},
      {"all", "/%61", "a=+", "", "X-A", "12345"},
      {"only names without a line are mixed", "/p", "a=1", "", "Date,x-a", "1"},
  };
  for (const auto& c : cases) {
    const SignedRequest request{.method = "GET", .path = c.path, .query = c.query, .form = c.form};
    EXPECT_EQ(numbers_of(request, c.list), c.numbers) << c.name;
  }
}

// ---- MAC and digests

TEST(HmacCrypto, IsOpenSslsHmacFromManyThreads) {
  const Crypto crypto;
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          const bool with_sha1 = (i + t) % 2 == 0;
          const auto algorithm = with_sha1 ? Algorithm::kSha1 : Algorithm::kSha256;
          const std::string key(static_cast<std::size_t>(1 + i % 150), 'k');
          const std::string text(static_cast<std::size_t>(i), 't');
          std::array<unsigned char, kMacBytesMax> mac;
          const auto out = std::span(mac).first(mac_bytes(algorithm));
          if (!crypto.mac(algorithm, key, text, out) ||
              encode_base64(out) != sign(key, text, with_sha1)) {
            ++wrong;
          }
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

// ---- nonces

NonceName make_name(std::uint32_t number) {
  // Spread like a digest's bytes.
  const auto mix = [](std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
  };
  const std::uint64_t a = mix(number + 1), b = mix(a);
  return {{static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(a >> 32),
           static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32)}};
}

TEST(HmacNonceStore, RemembersEachOneThroughGrowthAndForgetsOnlyTheExpired) {
  constexpr std::uint32_t kMany = 50'000;
  using Answer = NonceStore::Answer;
  NonceStore store(kMany);
  for (std::uint32_t i = 0; i < kMany; ++i) {
    // Half of them end at 100, half at 200.
    ASSERT_EQ(store.put_if_absent(make_name(i), i % 2 ? 200 : 100, 50), Answer::kNew);
  }
  EXPECT_EQ(store.size(), kMany);
  for (std::uint32_t i = 0; i < kMany; ++i) {
    ASSERT_EQ(store.put_if_absent(make_name(i), 300, 100), Answer::kUsed);
  }
  EXPECT_EQ(store.put_if_absent(make_name(kMany), 300, 100), Answer::kFull);
  for (std::uint32_t i = 0; i < kMany; ++i) {
    const auto expected = i % 2 ? Answer::kUsed : Answer::kNew;
    ASSERT_EQ(store.put_if_absent(make_name(i), 300, 101), expected) << i;
  }
  EXPECT_EQ(store.put_if_absent(make_name(kMany), 300, 101), Answer::kFull);
  // A full store makes room wherever something has expired.
  for (std::uint32_t i = 0; i < kMany / 2; ++i) {
    ASSERT_EQ(store.put_if_absent(make_name(kMany + i), 300, 201), Answer::kNew) << i;
  }
  EXPECT_EQ(store.put_if_absent(make_name(4 * kMany), 300, 201), Answer::kFull);
  EXPECT_EQ(store.size(), kMany);
}

TEST(HmacNonceStore, LetsOneOfManyThreadsInAndNeverPassesItsBound) {
  constexpr std::uint32_t kNames = 2'000, kBound = 1'500;
  NonceStore store(kBound);
  std::atomic<std::uint32_t> added{0};
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint32_t i = 0; i < kNames; ++i) {
          const auto name = make_name((i + t * 500) % kNames);
          added += store.put_if_absent(name, 100, 50) == NonceStore::Answer::kNew;
        }
      });
    }
  }
  EXPECT_EQ(added, kBound);
  EXPECT_EQ(store.size(), kBound);
}

// ---- settings

TEST(HmacSettings, HaveTheDefaultsOfTheSpecification) {
  FakeHost host;
  const auto defaults = parse_settings(Settings(host.raw(), host.make_settings("{}")));
  ASSERT_TRUE(defaults);
  EXPECT_EQ(defaults->date_offset_s, 900);
  EXPECT_TRUE(defaults->nonce_check);
  EXPECT_FALSE(defaults->require_nonce);
  EXPECT_FALSE(defaults->require_content_md5);
  EXPECT_TRUE(defaults->allows(Algorithm::kSha256));
  EXPECT_TRUE(defaults->allows(Algorithm::kSha1));
  EXPECT_EQ(defaults->nonces_max, 1'000'000u);
  EXPECT_EQ(defaults->body_bytes_max, 33'554'432u);

  const auto all = parse_settings(Settings(host.raw(), host.make_settings(R"({
      "date_offset":0,"nonce_check":false,"require_nonce":true,"require_content_md5":true,
      "algorithms":["HmacSHA1"],"nonces_max":7,"body_bytes_max":9})")));
  ASSERT_TRUE(all);
  EXPECT_EQ(all->date_offset_s, 0);
  EXPECT_FALSE(all->nonce_check);
  EXPECT_TRUE(all->require_nonce);
  EXPECT_TRUE(all->require_content_md5);
  EXPECT_FALSE(all->allows(Algorithm::kSha256));
  EXPECT_TRUE(all->allows(Algorithm::kSha1));
  EXPECT_EQ(all->nonces_max, 7u);
  EXPECT_EQ(all->body_bytes_max, 9u);
}

// ---- the credential maker

TEST(HmacCredentialMaker, KeepsWhatIsGivenAndMakesWhatIsNot) {
  RecordingMade given, made, other, half;
  ASSERT_EQ(given.ask(component(), R"({"access_key":"AK 1","secret_key":"s\u00e9cret/+="})"),
            SLUICE_OK);
  EXPECT_EQ(given.count, 1u);
  EXPECT_TRUE(given.is_unique);
  EXPECT_EQ(given.lookups, std::vector<std::string>{"AK 1"});
  EXPECT_EQ(given.secret,
            "s\xc3\xa9"
            "cret/+=");
  EXPECT_EQ(given.display, "AK 1");
  EXPECT_EQ(given.shown[0], (std::pair<std::string, std::string>("access_key", "AK 1")));
  EXPECT_EQ(given.shown[1].first, "secret_key");
  EXPECT_EQ(given.shown[1].second, given.secret);

  ASSERT_EQ(made.ask(component(), "{}"), SLUICE_OK);
  ASSERT_EQ(other.ask(component(), "{}"), SLUICE_OK);
  EXPECT_EQ(made.lookups.at(0).size(), 23u);
  EXPECT_EQ(made.lookups.at(0).substr(0, 3), "ak_");
  EXPECT_EQ(made.secret.size(), 44u);
  EXPECT_EQ(made.shown.at(0).second, made.lookups.at(0));
  EXPECT_EQ(made.shown.at(1).second, made.secret);
  EXPECT_NE(made.lookups, other.lookups);
  EXPECT_NE(made.secret, other.secret);

  ASSERT_EQ(half.ask(component(), R"({"access_key":"mine"})"), SLUICE_OK);
  EXPECT_EQ(half.lookups.at(0), "mine");
  EXPECT_EQ(half.secret.size(), 44u);
}

TEST(HmacCredentialMaker, RefusesWhatCannotWorkAndSaysWhere) {
  const std::string longest(256, 'k');
  const struct {
    std::string given;
    const char* where;  // empty: it is made
  } cases[] = {
      {R"({"access_key":")" + longest + R"("})", ""},
      {R"({"access_key":")" + longest + R"(k"})", "/access_key"},
      {R"({"access_key":""})", "/access_key"},
      {R"({"access_key":7})", "/access_key"},
      {R"({"access_key":" k"})", "/access_key"},
      {R"({"access_key":"k "})", "/access_key"},
      {R"({"access_key":"k\n"})", "/access_key"},
      {R"({"access_key":"k\u007f"})", "/access_key"},
      {R"({"access_key":"\u7528"})", ""},
      {R"({"access_key":"k","secret_key":""})", "/secret_key"},
      {R"({"secret_key":null})", "/secret_key"},
      {R"({"secret_key":")" + std::string(4097, 's') + R"("})", "/secret_key"},
      {R"({"secret_key":" "})", ""},
  };
  for (const auto& c : cases) {
    RecordingMade made;
    const Status status = made.ask(component(), c.given);
    EXPECT_EQ(status, *c.where ? SLUICE_E_CONFIG : SLUICE_OK) << c.given;
    EXPECT_EQ(made.error.where, c.where) << c.given;
    EXPECT_EQ(made.count, *c.where ? 0u : 1u);
    EXPECT_EQ(made.error.detail.find("sss"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::hmac
