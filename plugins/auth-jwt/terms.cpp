// SPDX-License-Identifier: Apache-2.0
#include "terms.hpp"

#include "jwks_url.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice::jwt {
namespace {

constexpr std::array<std::string_view, 18> kMembers{"jwks",
                                                    "jwks_url",
                                                    "jwks_timeout_ms",
                                                    "jwks_cache_seconds",
                                                    "jwks_allow_private",
                                                    "issuer",
                                                    "audiences",
                                                    "claims",
                                                    "from_headers",
                                                    "from_params",
                                                    "from_cookies",
                                                    "algorithms",
                                                    "clock_skew_seconds",
                                                    "keep_token",
                                                    "claims_to_headers",
                                                    "require_exp",
                                                    "typ",
                                                    "check_jti"};

Error bad(std::string where, std::string why) {
  return {SLUICE_E_CONFIG, std::move(why), {}, std::move(where)};
}

Result<std::optional<std::string>> read_text(Json record, std::string_view name) {
  const Json member = record.member(name);
  if (!member) return std::optional<std::string>();
  if (!member.is_string() || member.text().empty()) {
    return bad("/" + std::string(name), "must be a text that is not empty");
  }
  return std::optional<std::string>(member.text());
}

Result<bool> read_bool(Json record, std::string_view name, bool otherwise) {
  const Json member = record.member(name);
  if (!member) return otherwise;
  if (member.type() != Json::Type::kBool)
    return bad("/" + std::string(name), "must be true or false");
  return member.truth();
}

Result<double> read_number(Json record, std::string_view name, double otherwise, double least,
                           double most) {
  const Json member = record.member(name);
  if (!member) return otherwise;
  const auto value = member.number();
  if (value && *value >= least && *value <= most && *value == std::floor(*value)) return *value;
  return bad("/" + std::string(name), "must be a whole number from " +
                                          std::to_string(static_cast<long long>(least)) + " to " +
                                          std::to_string(static_cast<long long>(most)));
}

Result<std::vector<std::string>> read_texts(Json record, std::string_view name) {
  std::vector<std::string> texts;
  const Json list = record.member(name);
  const std::string where = "/" + std::string(name);
  if (!list) return texts;
  if (!list.is_array()) return bad(where, "must be a list of texts");
  for (Json item = list.first(); item; item = item.next()) {
    const std::string item_where = where + "/" + std::to_string(texts.size());
    if (!item.is_string() || item.text().empty()) {
      return bad(item_where, "must be a text that is not empty");
    }
    if (texts.size() == kListItemsMax) return bad(item_where, "more than 32");
    texts.emplace_back(item.text());
  }
  return texts;
}

Result<void> read_algorithms(Json record, Terms& terms) {
  const auto names = read_texts(record, "algorithms");
  if (!names) return names.error();
  if (record.member("algorithms") && names->empty()) {
    return bad("/algorithms", "name at least one algorithm, or leave it out");
  }
  for (std::size_t i = 0; i < names->size(); ++i) {
    const auto alg = find_alg((*names)[i]);
    if (!alg) return bad("/algorithms/" + std::to_string(i), "not an algorithm that is known here");
    terms.algs = static_cast<std::uint16_t>(terms.algs | 1u << static_cast<unsigned>(*alg));
  }
  return {};
}

Result<void> read_claims(Json record, Terms& terms) {
  const Json claims = record.member("claims");
  if (!claims) return {};
  if (!claims.is_object()) return bad("/claims", "must be an object of texts");
  for (Json claim = claims.first(); claim; claim = claim.next()) {
    const std::string where = "/claims/" + std::string(claim.name());
    if (!claim.is_string()) return bad(where, "a claim is compared as a text");
    if (claim.name().empty()) return bad(where, "a claim has a name");
    if (terms.claims.size() == kListItemsMax) return bad(where, "more than 32");
    terms.claims.emplace_back(claim.name(), claim.text());
  }
  std::sort(terms.claims.begin(), terms.claims.end());
  return {};
}

Result<void> read_claims_to_headers(Json record, Terms& terms) {
  const Json list = record.member("claims_to_headers");
  if (!list) return {};
  if (!list.is_array()) return bad("/claims_to_headers", "must be a list");
  for (Json item = list.first(); item; item = item.next()) {
    const std::string where =
        "/claims_to_headers/" + std::to_string(terms.claims_to_headers.size());
    const Json claim = item.member("claim"), header = item.member("header");
    const Json override_member = item.member("override");
    if (!claim.is_string() || claim.text().empty()) {
      return bad(where + "/claim", "the name of a claim is needed here");
    }
    if (!header.is_string() || !is_token(header.text()) || header.text().size() > kNameBytesMax) {
      return bad(where + "/header", "the name of a header, up to 128 bytes, is needed here");
    }
    if (override_member && override_member.type() != Json::Type::kBool) {
      return bad(where + "/override", "must be true or false");
    }
    if (terms.claims_to_headers.size() == kListItemsMax) return bad(where, "more than 32");
    terms.claims_to_headers.push_back({std::string(claim.text()), std::string(header.text())});
  }
  return {};
}

Result<void> read_keys(Json record, Terms& terms, std::vector<Error>& skipped) {
  auto url = read_text(record, "jwks_url");
  if (!url) return url.error();
  const auto allow_private = read_bool(record, "jwks_allow_private", false);
  if (!allow_private) return allow_private.error();
  const auto timeout = read_number(record, "jwks_timeout_ms", kTimeoutMsDefault, 1, kTimeoutMsMax);
  if (!timeout) return timeout.error();
  const auto cache =
      read_number(record, "jwks_cache_seconds", kCacheSecondsDefault, 1, kCacheSecondsMax);
  if (!cache) return cache.error();

  const Json jwks = record.member("jwks");
  if (jwks && *url) return bad("/jwks_url", "either jwks or jwks_url, not both");
  if (jwks) {
    auto keys = make_key_set(jwks, "/jwks", skipped);
    if (!keys) return keys.error();
    terms.keys = std::move(*keys);
    return {};
  }
  if (!*url) return bad("/jwks", "keys are needed: jwks or jwks_url");
  if (const auto fault = find_url_fault(**url, *allow_private); !fault.empty()) {
    return bad("/jwks_url", std::string(fault));
  }
  terms.remote =
      RemoteSource{std::move(**url), *allow_private, static_cast<std::uint64_t>(*timeout),
                   static_cast<std::uint64_t>(*cache)};
  return {};
}

// RFC 8725 3.11, RFC 7515 4.1.9: media types compare without regard to case, and a leading
// application/ may be left out.
std::string_view cut_application(std::string_view typ) {
  constexpr std::string_view kPrefix = "application/";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; };
  const bool has_it = typ.size() > kPrefix.size() &&
                      std::equal(kPrefix.begin(), kPrefix.end(), typ.begin(),
                                 [&](char expected, char c) { return same(c, expected); });
  return has_it ? typ.substr(kPrefix.size()) : typ;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool has_audience(const Terms& terms, Json aud) {
  const auto is_ours = [&](Json one) {
    return one.is_string() && std::find(terms.audiences.begin(), terms.audiences.end(),
                                        one.text()) != terms.audiences.end();
  };
  if (!aud.is_array()) return is_ours(aud);
  bool ours = false;
  for (Json one = aud.first(); one; one = one.next()) {
    if (!one.is_string()) return false;  // RFC 7519 4.1.3: an array of strings, nothing else
    ours = ours || is_ours(one);
  }
  return ours;
}

}  // namespace

Result<Terms> parse_terms(Json record, std::vector<Error>& skipped) {
  if (!record.is_object()) return bad("", "must be an object");
  for (Json member = record.first(); member; member = member.next()) {
    if (std::find(kMembers.begin(), kMembers.end(), member.name()) == kMembers.end()) {
      // A misspelt "audiences" must not quietly let every audience in.
      return bad("/" + std::string(member.name()), "there is no such setting");
    }
  }
  Terms terms;
  auto issuer = read_text(record, "issuer"), typ = read_text(record, "typ");
  if (!issuer) return issuer.error();
  if (!typ) return typ.error();
  terms.issuer = std::move(*issuer);
  terms.typ = std::move(*typ);
  auto audiences = read_texts(record, "audiences");
  if (!audiences) return audiences.error();
  terms.audiences = std::move(*audiences);
  if (auto read = read_algorithms(record, terms); !read) return read.error();
  if (auto read = read_claims(record, terms); !read) return read.error();
  if (auto read = read_claims_to_headers(record, terms); !read) return read.error();
  auto places = parse_places(record, "");
  if (!places) return places.error();
  terms.places = std::move(*places);
  const auto skew = read_number(record, "clock_skew_seconds", 60, 0, kSkewSecondsMax);
  if (!skew) return skew.error();
  terms.skew_seconds = *skew;
  const auto require_exp = read_bool(record, "require_exp", true);
  if (!require_exp) return require_exp.error();
  const auto check_jti = read_bool(record, "check_jti", false);
  if (!check_jti) return check_jti.error();
  const auto keep_token = read_bool(record, "keep_token", true);
  if (!keep_token) return keep_token.error();
  terms.require_exp = *require_exp;
  terms.check_jti = *check_jti;
  terms.keep_token = *keep_token;
  if (terms.check_jti && !terms.require_exp) {
    return bad("/check_jti",
               "needs require_exp: without an end a used jti could never be forgotten");
  }
  if (auto read = read_keys(record, terms, skipped); !read) return read.error();
  return terms;
}

std::string_view find_breach(const Terms& terms, const Token& token) noexcept {
  if (terms.algs && !(terms.algs >> static_cast<unsigned>(token.alg) & 1)) {
    return "alg is not among the consumer's algorithms";
  }
  if (terms.typ) {
    const Json typ = token.header.member("typ");
    if (!typ.is_string() ||
        !equals_ignoring_case(cut_application(typ.text()), cut_application(*terms.typ))) {
      return "typ is another";
    }
  }
  if (terms.require_exp && !token.exp) return "exp is missing";
  if (terms.issuer) {
    const Json iss = token.payload.member("iss");
    if (!iss.is_string() || iss.text() != *terms.issuer) return "iss is another";
  }
  if (!terms.audiences.empty() && !has_audience(terms, token.payload.member("aud"))) {
    return "aud is another";
  }
  for (const auto& [name, value] : terms.claims) {
    const Json claim = token.payload.member(name);
    if (!claim.is_string() || claim.text() != value) return "a required claim is another";
  }
  return {};
}

Timing judge_time(const Dates& dates, double skew_seconds, double now) noexcept {
  if (dates.exp && now > *dates.exp + skew_seconds) return Timing::kExpired;
  if (dates.nbf && now + skew_seconds < *dates.nbf) return Timing::kNotYet;
  if (dates.iat && now + skew_seconds < *dates.iat) return Timing::kNotYet;
  return Timing::kNow;
}

}  // namespace sluice::jwt
