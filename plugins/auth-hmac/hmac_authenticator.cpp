// SPDX-License-Identifier: Apache-2.0
#include "hmac_authenticator.hpp"

#include "base64.hpp"
#include "date.hpp"
#include "percent.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace sluice::hmac {
namespace {

constexpr std::int64_t kNonceGraceS = 60;               // after the window (auth.md 4.7)
constexpr std::int64_t kNonceWithoutWindowS = 15 * 60;  // when date_offset is 0 (auth.md 4.7)

Scratch scratch_of(Op op) {
  return {op.raw(), [](void* user, std::size_t bytes) {
            return Op(static_cast<sluice_op*>(user)).scratch(bytes);
          }};
}

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  if (name.empty() || name == "HmacSHA256") return Algorithm::kSha256;
  if (name == "HmacSHA1") return Algorithm::kSha1;
  return std::nullopt;
}

}  // namespace

struct HmacAuthenticator::Walk {
  const Request& request;
  Op op;
  Scratch scratch;
  SentHeaders sent = {};
  std::string_view body = {};
  std::string_view form = {};  // the body when it is a form
  Algorithm algorithm = Algorithm::kSha256;
  SignedHeaders headers = {};
  bool signs_timestamp = false, signs_nonce = false;
  std::span<const Parameter> m1 = {};
  // Known after check_signature.
  Principal who = {};
  std::span<const Parameter> parameters = {};
  // Known after check_time.
  std::optional<std::int64_t> request_ms = {};

  std::int64_t now_ms() const { return static_cast<std::int64_t>(op.now_ns() / 1'000'000); }
  Refusal refuse(Answer answer, std::string internal = {}) const {
    return make_refusal(answer, request.authority(), std::move(internal));
  }
};

Result<std::unique_ptr<HmacAuthenticator>> HmacAuthenticator::make(const Settings& settings,
                                                                   Host host) {
  const auto parsed = parse_settings(settings);
  if (!parsed) return parsed.error();
  Salt salt;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) !=
      1) {
    return Error{SLUICE_E_UNAVAILABLE, "there is no randomness to name nonces with: retry", {}, {}};
  }
  if (parsed->date_offset_s == 0) {
    host.warn(parsed->nonce_check
                  ? "date_offset is 0: requests never grow old, and nonces are only remembered for "
                    "15 minutes, so a captured request can be sent again after that"
                  : "date_offset is 0 and nonce_check is off: a captured request can be sent again "
                    "for ever");
  }
  return std::make_unique<HmacAuthenticator>(*parsed, salt);
}

HmacAuthenticator::HmacAuthenticator(const HmacSettings& settings, const Salt& salt)
    : settings_(settings), salt_(salt), nonces_(settings.nonces_max) {}

AuthOutcome HmacAuthenticator::authenticate(const Request& request, Op op) const {
  Walk walk{.request = request, .op = op, .scratch = scratch_of(op)};
  auto refusal = check_syntax(walk);
  if (!refusal) {
    // Neither a key nor a signature: another scheme's request, or nobody's.
    if (walk.sent.key.empty() && walk.sent.signature.empty()) {
      return NoCredentials{walk.refuse(Answer::kInvalidKey, "no x-ca-key")};
    }
    refusal = check_presence(walk);
  }
  if (!refusal) refusal = check_signature(walk);
  if (!refusal) refusal = check_content_md5(walk);
  if (!refusal) refusal = check_time(walk);
  if (!refusal) refusal = check_nonce(walk);
  // The host authorises too. This scheme has its own words for it, and they may only be said to
  // whoever proved to be that consumer (auth.md 1.2, 4.9).
  if (!refusal && !op.is_granted(walk.who.consumer)) {
    refusal = walk.refuse(Answer::kUnauthorizedConsumer, "no authorisation for this API");
  }
  if (refusal) return Rejected{std::move(*refusal)};

  const auto pairs = walk.scratch.make_array<sluice_pair>(walk.parameters.size());
  if (pairs.size() != walk.parameters.size()) {
    return Rejected{walk.refuse(Answer::kBodyTooLarge, "the parameters exceed the call's memory")};
  }
  std::transform(walk.parameters.begin(), walk.parameters.end(), pairs.begin(),
                 [](const Parameter& parameter) {
                   return sluice_pair{to_str(parameter.name), to_str(parameter.value)};
                 });
  walk.who.parameters_verified = true;
  walk.who.parameters = pairs;
  return walk.who;
}

// ------------------------------------------------------------------------------- syntax and limits

std::optional<Refusal> HmacAuthenticator::check_syntax(Walk& walk) const {
  std::string_view at_fault;
  switch (read_headers(walk.request, walk.sent, at_fault)) {
    case HeaderFault::kNone:
      break;
    case HeaderFault::kRepeated:
      return walk.refuse(Answer::kInvalidHeader, std::string(at_fault) + " more than once");
    case HeaderFault::kForbidden:
      return walk.refuse(Answer::kInvalidHeader, "NUL, CR or LF in a header value");
    case HeaderFault::kTooLong:
      return walk.refuse(Answer::kInvalidHeader, std::string(at_fault) + " is too long");
  }
  walk.headers = parse_signed_headers(walk.sent.signature_headers, walk.scratch);
  if (walk.headers.fault == SignedHeadersFault::kTooMany) {
    return walk.refuse(Answer::kInvalidHeader, "x-ca-signature-headers has too many members");
  }
  if (walk.headers.fault == SignedHeadersFault::kNoMemory) {
    return walk.refuse(Answer::kInvalidHeader, "x-ca-signature-headers exceeds the call's memory");
  }
  walk.body = walk.request.body();
  if (walk.body.size() > settings_.body_bytes_max) {
    return walk.refuse(Answer::kBodyTooLarge, "more than body_bytes_max");
  }
  const auto algorithm = parse_algorithm(walk.sent.signature_method);
  if (!algorithm) return walk.refuse(Answer::kInvalidMethod, "not a method of this scheme");
  if (!settings_.allows(*algorithm)) {
    return walk.refuse(Answer::kInvalidMethod, "the settings switch this method off");
  }
  walk.algorithm = *algorithm;

  if (!is_well_encoded(walk.request.path())) {
    return walk.refuse(Answer::kInvalidParameters, "malformed percent-encoding in the path");
  }
  if (is_form(walk.sent.content_type)) walk.form = walk.body;
  const auto m1 = parse_parameters(Reading::kM1, walk.request.query(), walk.form, walk.scratch);
  switch (m1.fault) {
    case ParametersFault::kNone:
      break;
    case ParametersFault::kMalformed:
      return walk.refuse(Answer::kInvalidParameters, "malformed percent-encoding in a parameter");
    case ParametersFault::kTooMany:
      return walk.refuse(Answer::kTooManyParameters,
                         "more than " + std::to_string(kParametersMax) + " parameters");
    case ParametersFault::kNoMemory:
      return walk.refuse(Answer::kBodyTooLarge, "the parameters exceed the call's memory");
  }
  walk.m1 = m1.sorted;
  return std::nullopt;
}

std::optional<Refusal> HmacAuthenticator::check_presence(const Walk& walk) const {
  if (walk.sent.key.empty()) return walk.refuse(Answer::kInvalidKey, "no x-ca-key");
  if (walk.sent.signature.empty()) return walk.refuse(Answer::kEmptySignature);
  return std::nullopt;
}

// -------------------------------------------------------------------------------------- signature

std::optional<Refusal> HmacAuthenticator::check_signature(Walk& walk) const {
  // Whoever tries keys must not learn from the time it takes that one is known: an unknown key is
  // checked against a secret that nobody has.
  std::string_view secret(salt_.data(), salt_.size());
  std::string unknown;
  sluice_credential raw{};
  const Status found = walk.op.find_credential(kComponentType, walk.sent.key, &raw);
  if (found != SLUICE_OK && found != SLUICE_E_NOT_FOUND) {
    return walk.refuse(Answer::kUnavailable, "the lookup of credentials failed");
  }
  if (found == SLUICE_E_NOT_FOUND) {
    unknown = "no credential has this access key, or it is disabled";
  } else {
    const Credential credential(raw);
    if (!credential.is_valid_at(walk.op.now_ns())) {
      unknown = "the credential is not valid at this time";
    } else if (credential.secret().empty() || credential.consumer().empty()) {
      unknown = "the credential's record is damaged; make a new one";
    } else {
      secret = credential.secret();
      walk.who = {.consumer = credential.consumer(), .credential_id = credential.id()};
    }
  }

  std::array<unsigned char, kMacBytesMax> sent_bytes{}, made_bytes{};
  const auto sent = std::span(sent_bytes).first(mac_bytes(walk.algorithm));
  const auto made = std::span(made_bytes).first(mac_bytes(walk.algorithm));
  const bool is_base64 = decode_base64(walk.sent.signature, sent);

  for (auto& header : walk.headers.items) {
    header.value = walk.request.header(header.lower_name);
    walk.signs_timestamp |= header.lower_name == "x-ca-timestamp";
    walk.signs_nonce |= header.lower_name == "x-ca-nonce";
  }
  const SignedRequest request{.method = walk.request.method(),
                              .accept = walk.sent.accept,
                              .content_md5 = walk.sent.content_md5,
                              .content_type = walk.sent.content_type,
                              .date = walk.sent.date,
                              .path = walk.request.path(),
                              .query = walk.request.query(),
                              .form = walk.form};
  Candidates candidates(request, walk.headers, walk.m1, walk.scratch);
  bool has_matched = false;
  while (const auto candidate = candidates.next()) {
    if (!crypto_.mac(walk.algorithm, secret, candidate->text, made)) {
      return walk.refuse(Answer::kUnavailable, "HMAC failed");
    }
    if (!is_base64 || CRYPTO_memcmp(made.data(), sent.data(), made.size()) != 0) continue;
    walk.parameters = candidate->parameters;
    has_matched = true;
    break;
  }
  if (!unknown.empty()) return walk.refuse(Answer::kInvalidKey, std::move(unknown));
  if (has_matched) return std::nullopt;
  if (candidates.is_out_of_memory()) {
    return walk.refuse(Answer::kBodyTooLarge, "the parameters exceed the call's memory");
  }
  auto refusal = walk.refuse(Answer::kInvalidSignature,
                             is_base64 ? "no candidate's MAC is the signature"
                                       : "the signature is not base64 of the method's length");
  refusal.message = make_mismatch_message(candidates.first_text(), walk.sent.signature);
  return refusal;
}

std::optional<Refusal> HmacAuthenticator::check_content_md5(const Walk& walk) const {
  if (walk.sent.content_md5.empty()) {
    const bool is_covered = walk.body.empty() || is_form(walk.sent.content_type);
    if (is_covered || !settings_.require_content_md5) return std::nullopt;
    return walk.refuse(Answer::kInvalidContentMd5, "no Content-MD5, and the settings require it");
  }
  std::array<unsigned char, kMd5Bytes> sent{}, made{};
  if (!decode_base64(walk.sent.content_md5, sent)) {
    return walk.refuse(Answer::kInvalidContentMd5, "not the base64 text of 16 bytes");
  }
  if (!crypto_.md5(walk.body, made)) return walk.refuse(Answer::kUnavailable, "MD5 failed");
  if (made != sent) return walk.refuse(Answer::kInvalidContentMd5, "the body has another MD5");
  return std::nullopt;
}

// ------------------------------------------------------------------------------------ time, replay

std::optional<Refusal> HmacAuthenticator::check_time(Walk& walk) const {
  if (settings_.date_offset_s == 0) return std::nullopt;
  if (!walk.sent.date.empty()) {
    const auto seconds = parse_date(walk.sent.date);
    if (!seconds) return walk.refuse(Answer::kInvalidDate, "Date has none of the four forms");
    walk.request_ms = *seconds * 1000;
  } else {
    // Unsigned, it could be replaced in a captured request by whoever sends that again.
    if (!walk.signs_timestamp) {
      return walk.refuse(Answer::kInvalidDate, "no Date, and no x-ca-timestamp that is signed");
    }
    walk.request_ms = parse_timestamp_ms(walk.sent.timestamp);
    if (!walk.request_ms) {
      return walk.refuse(Answer::kInvalidDate, "x-ca-timestamp is not 1 to 16 digits");
    }
  }
  const std::int64_t ahead_ms = *walk.request_ms - walk.now_ms();
  const std::int64_t window_ms = settings_.date_offset_s * 1000;
  if (ahead_ms > window_ms || ahead_ms < -window_ms) {
    return walk.refuse(Answer::kInvalidDate, "the request's time is " + std::to_string(ahead_ms) +
                                                 " ms ahead of the gateway's");
  }
  return std::nullopt;
}

std::optional<Refusal> HmacAuthenticator::check_nonce(const Walk& walk) const {
  const std::string_view nonce = walk.signs_nonce ? walk.sent.nonce : std::string_view{};
  if (nonce.empty()) {
    if (!settings_.require_nonce) return std::nullopt;
    return walk.refuse(Answer::kNonceMissing, "no x-ca-nonce that is signed");
  }
  if (!settings_.nonce_check) return std::nullopt;

  // The key's length stands before it, so that no other key and nonce run together to the same.
  const char key_bytes[] = {static_cast<char>(walk.sent.key.size() & 0xff),
                            static_cast<char>(walk.sent.key.size() >> 8)};
  const std::array<std::string_view, 4> pieces = {std::string_view(salt_.data(), salt_.size()),
                                                  std::string_view(key_bytes, sizeof key_bytes),
                                                  walk.sent.key, nonce};
  std::array<unsigned char, kSha256Bytes> digest;
  if (!crypto_.sha256(pieces, digest)) return walk.refuse(Answer::kUnavailable, "SHA-256 failed");
  NonceName name;
  std::memcpy(name.words.data(), digest.data(), sizeof name.words);

  const std::int64_t now_s = walk.now_ms() / 1000;
  const std::int64_t until_s =
      walk.request_ms ? (*walk.request_ms + 999) / 1000 + settings_.date_offset_s + kNonceGraceS
                      : now_s + kNonceWithoutWindowS;
  switch (nonces_.put_if_absent(name, until_s, now_s)) {
    case NonceStore::Answer::kNew:
      return std::nullopt;
    case NonceStore::Answer::kUsed:
      return walk.refuse(Answer::kNonceUsed);
    case NonceStore::Answer::kFull:
      return walk.refuse(Answer::kNoncesFull, "nonces_max nonces are remembered");
  }
  return walk.refuse(Answer::kUnavailable, "no answer of the nonce store");
}

}  // namespace sluice::hmac
