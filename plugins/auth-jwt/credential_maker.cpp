// SPDX-License-Identifier: Apache-2.0
#include "credential_maker.hpp"

#include "base64url.hpp"
#include "candidates.hpp"
#include "terms.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

namespace sluice::jwt {
namespace {

constexpr std::size_t kMadeKeyBytes = 32;  // of a made HS256 key
constexpr std::size_t kMadeNameBytes = 8;  // of a made kid or uid
constexpr std::size_t kDisplayBytesMax = 96;

std::string make_random(std::size_t bytes) {
  std::string random(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(bytes)) != 1) {
    throw std::runtime_error("no random numbers");
  }
  return random;
}

void append_json(std::string& out, Json value) {
  const auto append_children = [&](char open, char close) {
    out += open;
    for (Json child = value.first(); child; child = child.next()) {
      if (out.back() != open) out += ',';
      if (value.is_object()) {
        append_json_string(out, child.name());
        out += ':';
      }
      append_json(out, child);
    }
    out += close;
  };
  switch (value.type()) {
    case Json::Type::kAbsent:
    case Json::Type::kNull:
      out += "null";
      break;
    case Json::Type::kBool:
      out += value.truth() ? "true" : "false";
      break;
    case Json::Type::kNumber:
      out += value.text();
      break;
    case Json::Type::kString:
      append_json_string(out, value.text());
      break;
    case Json::Type::kArray:
      append_children('[', ']');
      break;
    case Json::Type::kObject:
      append_children('{', '}');
      break;
  }
}

// The keys that are of use, and of them only what verification needs: a private part that somebody
// pasted along is not kept.
void append_usable_keys(std::string& out, Json jwks) {
  constexpr std::array<std::string_view, 11> kKept{"kty", "kid", "use", "alg", "key_ops", "k",
                                                   "n",   "e",   "crv", "x",   "y"};
  const auto append_key = [&](Json jwk) {
    if (!Key::make(jwk, "")) return;
    if (out.back() != '[') out += ',';
    out += '{';
    for (Json member = jwk.first(); member; member = member.next()) {
      if (std::find(kKept.begin(), kKept.end(), member.name()) == kKept.end()) continue;
      if (out.back() != '{') out += ',';
      append_json_string(out, member.name());
      out += ':';
      append_json(out, member);
    }
    out += '}';
  };
  out += "{\"keys\":[";
  const Json list = jwks.member("keys");
  if (!list) append_key(jwks);
  std::size_t i = 0;
  for (Json jwk = list.first(); jwk && i < kKeysMax; jwk = jwk.next(), ++i) append_key(jwk);
  out += "]}";
}

struct Made {
  std::string jwks, uid;
};

// The record: what was given, and what was made for what was not.
std::string make_record(Json given, const Made& made) {
  std::string record = "{";
  const auto begin_member = [&](std::string_view name) {
    if (record.back() != '{') record += ',';
    append_json_string(record, name);
    record += ':';
  };
  if (!made.jwks.empty()) {
    begin_member("jwks");
    record += made.jwks;
  }
  if (!made.uid.empty()) {
    begin_member("claims");
    record += "{\"uid\":";
    append_json_string(record, made.uid);
    record += '}';
  }
  for (Json member = given.first(); member; member = member.next()) {
    begin_member(member.name());
    if (member.name() == "jwks") {
      append_usable_keys(record, member);
    } else {
      append_json(record, member);
    }
  }
  return record + "}";
}

Result<std::string> make_lookup(const Terms& terms) {
  if (!terms.claims.empty()) {
    const auto& [name, value] = terms.claims.front();
    std::string lookup = make_claim_lookup(name, value);
    if (lookup.size() <= kLookupBytesMax) return lookup;
    return Error{SLUICE_E_CONFIG,
                 "name and value together are longer than 509 bytes",
                 {},
                 "/claims/" + name};
  }
  if (terms.issuer) {
    std::string lookup = make_issuer_lookup(*terms.issuer);
    if (lookup.size() <= kLookupBytesMax) return lookup;
    return Error{SLUICE_E_CONFIG, "longer than 510 bytes", {}, "/issuer"};
  }
  return std::string(kAnyTokenLookup);
}

std::string make_display(const Terms& terms) {
  std::string display = "any token of its keys";
  if (!terms.claims.empty()) {
    display = terms.claims.front().first + "=" + terms.claims.front().second;
  } else if (terms.issuer) {
    display = "iss=" + *terms.issuer;
  }
  if (display.size() <= kDisplayBytesMax) return display;
  std::size_t end = kDisplayBytesMax;
  while (end > 0 && (static_cast<unsigned char>(display[end]) & 0xc0) == 0x80) --end;
  return display.substr(0, end) + "...";
}

}  // namespace

Result<MadeCredential> make_credential(const Settings& given, Host host) {
  const std::string text = given.text("{}");
  JsonDocument document;
  if (!document.parse(text) || !document.root().is_object()) {
    return given.error("must be an object of at most 32 levels");
  }
  const Json root = document.root();
  Made made;
  MadeCredential credential;
  if (!root.member("jwks") && !root.member("jwks_url")) {
    const std::string kid = "k-" + encode_base64url(make_random(kMadeNameBytes));
    made.jwks = R"({"keys":[{"kty":"oct","kid":")" + kid + R"(","alg":"HS256","k":")" +
                encode_base64url(make_random(kMadeKeyBytes)) + R"("}]})";
    credential.shown.emplace_back("jwks", made.jwks);
    if (!root.member("claims") && !root.member("issuer")) {
      made.uid = encode_base64url(make_random(kMadeNameBytes));
      credential.shown.emplace_back("uid", made.uid);
    }
  }

  // Judged as given, so that an error points into what was given.
  std::vector<Error> skipped;
  if (made.jwks.empty()) {
    if (auto terms = parse_terms(root, skipped); !terms) {
      Error error = terms.error();
      error.where = given.where() + error.where;
      return error;
    }
    for (const Error& error : skipped) {
      host.warn("a key is of no use and left out: " + error.where + ": " + error.detail);
    }
  }
  credential.secret = make_record(root, made);
  JsonDocument record;
  skipped.clear();
  if (!record.parse(credential.secret))
    return given.error("must be an object of at most 32 levels");
  const auto terms = parse_terms(record.root(), skipped);
  if (!terms) {
    Error error = terms.error();
    error.where = given.where() + error.where;
    return error;
  }
  for (const Key& key : terms->keys.keys) {
    if (key.kind() == KeyKind::kOct && key.secret_bytes() < kHmacKeyBytesAdvised) {
      host.warn("an HMAC key has " + std::to_string(key.secret_bytes()) +
                " bytes; fewer than 32 can be guessed (RFC 7518 3.2)");
    }
  }
  auto lookup = make_lookup(*terms);
  if (!lookup) {
    lookup.error().where = given.where() + lookup.error().where;
    return lookup.error();
  }
  credential.is_unique = false;
  credential.display = make_display(*terms);
  credential.lookups = {std::move(*lookup)};
  credential.attributes = {{"keys", terms->remote
                                        ? terms->remote->url.substr(0, terms->remote->url.find('?'))
                                        : std::to_string(terms->keys.keys.size())}};
  return credential;
}

}  // namespace sluice::jwt
