// SPDX-License-Identifier: Apache-2.0
#include "jwt_authenticator.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

namespace sluice::jwt {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

double to_seconds(std::uint64_t now_ns) { return static_cast<double>(now_ns / kSecondNs); }

std::uint64_t hash_of(std::string_view token) { return std::hash<std::string_view>{}(token); }

// The realm repeats what the caller chose: only what a URL is made of passes as it is, without the
// two characters that mean something in a quoted text.
void append_escaped(std::string& out, std::string_view text, std::string_view plain,
                    std::size_t bytes_max) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const std::size_t end = out.size() + bytes_max;
  for (const char c : text) {
    const bool passes = plain.find(c) != plain.npos;
    if (out.size() + (passes ? 1 : 3) > end) return;
    if (passes) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

// auth.md 3.9: the request's URL with its path, without the query, which may hold the token. The
// boundary does not tell the scheme; behind a proxy that ends TLS nobody would know it anyway.
std::string make_challenge(const Request& request, bool with_error) {
  constexpr std::string_view kHost =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_:[]";
  constexpr std::string_view kPath =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_:[]/%~!$&'()*+,;=@";
  std::string challenge = "Bearer realm=\"http://";
  append_escaped(challenge, request.authority(), kHost, kRealmHostBytesMax);
  append_escaped(challenge, request.path(), kPath, kRealmPathBytesMax);
  return challenge + (with_error ? "\", error=\"invalid_token\"" : "\"");
}

// auth.md 3.8: strings, integers and booleans; a value with control characters is dropped.
std::optional<std::string> read_claim(Json claim) {
  switch (claim.type()) {
    case Json::Type::kBool:
      return claim.truth() ? "true" : "false";
    case Json::Type::kNumber:
      if (claim.text().find_first_of(".eE") != std::string_view::npos) return std::nullopt;
      return std::string(claim.text());
    case Json::Type::kString: {
      const auto text = claim.text();
      const bool is_clean = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      });
      if (is_clean) return std::string(text);
      return std::nullopt;
    }
    case Json::Type::kAbsent:
    case Json::Type::kNull:
    case Json::Type::kArray:
    case Json::Type::kObject:
      return std::nullopt;
  }
  return std::nullopt;
}

// The earlier of the credential's end and the token's, in CLOCK_REALTIME ns; 0 = no end.
std::uint64_t find_end(const Dates& dates, double skew_seconds, std::uint64_t credential_ns) {
  if (!dates.exp) return credential_ns;
  const double end_s = std::floor(*dates.exp + skew_seconds) + 1;  // the first second after
  constexpr double kSecondsMax = 18'000'000'000;                   // a uint64 of ns ends there
  if (end_s >= kSecondsMax) return credential_ns;
  const auto end_ns = static_cast<std::uint64_t>(end_s) * kSecondNs;
  return credential_ns ? std::min(credential_ns, end_ns) : end_ns;
}

}  // namespace

// One token of the request and the credentials that it leads to.
struct JwtAuthenticator::Walk {
  std::size_t place = 0;
  std::string_view text;
  Token token;
  std::optional<Candidates> candidates;
  std::optional<Candidate> head;
  std::shared_ptr<const Holder> holder;  // of the candidate under judgement
  std::uint64_t keys_version = 0;
};

JwtAuthenticator::Proven::~Proven() { OPENSSL_cleanse(token.data(), token.size()); }

Result<std::unique_ptr<JwtAuthenticator>> JwtAuthenticator::make(const Settings& settings,
                                                                 Host host) {
  auto parsed = parse_settings(settings);
  if (!parsed) return parsed.error();
  return std::make_unique<JwtAuthenticator>(std::move(*parsed), host);
}

JwtAuthenticator::JwtAuthenticator(JwtSettings settings, Host host)
    : host_(host),
      settings_(std::move(settings)),
      all_places_((PlaceMask{1} << settings_.places.size()) - 1),
      holders_(kHoldersMax),
      remembered_(settings_.cache_tokens_max),
      jti_(settings_.jti_max),
      remote_(host) {}

void JwtAuthenticator::stop() { remote_.stop(); }

AuthOutcome JwtAuthenticator::authenticate(const Request& request, Op op) const {
  const Sightings sightings(settings_.places, request, op);
  if (!sightings.any()) return make_missing(request);
  if (const auto who = recall(sightings, op)) return *who;
  return judge_anew(request, sightings, op);
}

// ------------------------------------------------------------------------- a token seen before

// Nothing is believed that could have changed since: the credential must be in this call's snapshot
// with the same content, the keys the same, the time right, the consumer granted. Whatever is
// missing, the token is judged anew.
std::optional<Principal> JwtAuthenticator::recall(const Sightings& sightings, Op op) const {
  const auto all = sightings.choose(all_places_);
  if (all.count != 1) return std::nullopt;
  const std::string_view text = sightings.at(all.place).token;
  if (text.size() > settings_.max_token_bytes) return std::nullopt;
  const auto proven = remembered_.find(hash_of(text), [&](const Proven& one) {
    return one.place == all.place && one.token == text;
  });
  if (!proven) return std::nullopt;

  const Holder& holder = *proven->holder;
  const std::uint64_t now_ns = op.now_ns();
  if (now_ns < proven->proven_ns ||
      now_ns - proven->proven_ns > kRememberedSecondsMax * kSecondNs) {
    return std::nullopt;
  }
  if (judge_time(proven->dates, holder.terms.skew_seconds, to_seconds(now_ns)) != Timing::kNow) {
    return std::nullopt;
  }
  sluice_credential raw{};
  if (op.find_nth_credential(kComponentType, proven->lookup, proven->n, &raw) != SLUICE_OK ||
      raw.revision != holder.revision) {
    return std::nullopt;
  }
  const Credential credential(raw);
  if (!credential.is_valid_at(now_ns) || !op.is_granted(credential.consumer())) {
    return std::nullopt;
  }
  if (holder.remote &&
      holder.remote->view(*holder.terms.remote, now_ns).version != proven->keys_version) {
    return std::nullopt;
  }
  const AuthOutcome outcome = accept(*proven, credential, op);
  const auto* who = std::get_if<Principal>(&outcome);
  return who ? std::optional<Principal>(*who) : std::nullopt;
}

void JwtAuthenticator::remember(const std::shared_ptr<const Proven>& proven) const {
  remembered_.put(hash_of(proven->token), proven, [&](const Proven& one) {
    return one.place == proven->place && one.token == proven->token;
  });
}

// ------------------------------------------------------------------------------- a token judged

AuthOutcome JwtAuthenticator::judge_anew(const Request& request, const Sightings& sightings,
                                         Op op) const {
  Finding furthest;
  const auto note = [&](Finding finding) {
    const bool tells_more = finding.stage == furthest.stage && furthest.credential_id.empty();
    if (finding.stage > furthest.stage || tells_more) furthest = std::move(finding);
  };
  std::array<std::unique_ptr<Walk>, kPlacesMax> walks;
  std::size_t walk_count = 0;
  for (std::size_t place = 0; place < settings_.places.size(); ++place) {
    if (sightings.at(place).count == 0) continue;
    if (sightings.at(place).count > 1) {
      note({Stage::kMalformed, "more than one token in one place", {}});
      continue;
    }
    auto walk = std::make_unique<Walk>();
    walk->place = place;
    walk->text = sightings.at(place).token;
    const Fault fault = parse_token(walk->text, settings_.max_token_bytes, walk->token);
    if (fault != Fault::kNone) {
      note({fault == Fault::kForm ? Stage::kNotOfForm : Stage::kMalformed, to_text(fault), {}});
      continue;
    }
    walk->candidates.emplace(walk->token, op);
    if (walk->candidates->is_unavailable()) {
      return make_refusal(request, {Stage::kUnavailable, "the lookup of credentials failed", {}});
    }
    walk->head = walk->candidates->next();
    walks[walk_count++] = std::move(walk);
  }
  if (walk_count > 0) note({Stage::kRefused, "the claims lead to no consumer", {}});

  // Remembered only when no earlier consumer could come to want the token: one that failed for now,
  // not for good, might be the first one a minute later.
  bool is_lasting = sightings.choose(all_places_).count == 1;
  for (std::size_t tries = 0; tries < kCandidatesMax; ++tries) {
    Walk* walk = nullptr;
    for (std::size_t i = 0; i < walk_count; ++i) {
      if (walks[i]->candidates->is_unavailable()) {
        return make_refusal(request, {Stage::kUnavailable, "the lookup of credentials failed", {}});
      }
      if (!walks[i]->head) continue;
      if (!walk || walks[i]->head->credential.rank < walk->head->credential.rank) {
        walk = walks[i].get();
      }
    }
    if (!walk) break;
    const Candidate candidate = *walk->head;
    Status why = SLUICE_OK;
    Finding finding = judge(*walk, candidate, sightings, op, why);
    if (why != SLUICE_OK) return Unfinished{why};
    if (finding.stage == Stage::kProven) {
      const auto proven = make_proven(*walk, candidate, op);
      if (is_lasting && !walk->holder->terms.check_jti) remember(proven);
      return accept(*proven, Credential(candidate.credential), op);
    }
    if (finding.stage >= Stage::kNoKeys) is_lasting = false;
    finding.credential_id = to_view(candidate.credential.id);
    note(std::move(finding));
    walk->head = walk->candidates->next();
  }
  return make_refusal(request, furthest);
}

JwtAuthenticator::Finding JwtAuthenticator::judge(Walk& walk, const Candidate& candidate,
                                                  const Sightings& sightings, Op op,
                                                  Status& why) const {
  const Credential credential(candidate.credential);
  if (credential.consumer().empty()) return {Stage::kRefused, "the record has no consumer", {}};
  walk.holder = find_holder(candidate.credential);
  if (!walk.holder) {
    why = op.checkpoint();
    if (why != SLUICE_OK) return {};
    walk.holder = make_holder(candidate.credential);
  }
  const Holder& holder = *walk.holder;
  if (holder.damaged) return {Stage::kRefused, "the credential's record is damaged", {}};

  const auto choice = sightings.choose(holder.places);
  if (choice.count > 1) return {Stage::kMalformed, "more than one token", {}};
  if (choice.count == 0 || sightings.at(choice.place).token != walk.text) {
    return {Stage::kMissing, "no token in this consumer's places", {}};
  }
  // What needs no key comes first. It tells nobody anything: all these reasons have one answer.
  if (const auto breach = find_breach(holder.terms, walk.token); !breach.empty()) {
    return {Stage::kRefused, breach, {}};
  }
  if (!credential.is_valid_at(op.now_ns())) {
    return {Stage::kRefused, "the credential is not valid at this time", {}};
  }
  if (Finding finding = verify(walk, holder, op, why); finding.stage != Stage::kProven) {
    return finding;
  }
  const Dates dates{walk.token.exp, walk.token.nbf, walk.token.iat};
  const double now = to_seconds(op.now_ns());
  switch (judge_time(dates, holder.terms.skew_seconds, now)) {
    case Timing::kExpired:
      return {Stage::kExpired, "exp has passed", {}};
    case Timing::kNotYet:
      return {Stage::kNotYet, "nbf or iat is ahead", {}};
    case Timing::kNow:
      break;
  }
  if (!op.is_granted(credential.consumer())) {
    return {Stage::kNotGranted, "the consumer is not authorised", {}};
  }
  if (holder.terms.check_jti) return use_jti(holder, walk.token, credential.consumer(), now);
  return {Stage::kProven, {}, {}};
}

JwtAuthenticator::Finding JwtAuthenticator::verify(Walk& walk, const Holder& holder, Op op,
                                                   Status& why) const {
  const Token& token = walk.token;
  const std::string_view signature(token.signature.data(), token.signature.size());
  const auto is_signed_by = [&](const KeySet& keys) {
    return keys.verify(token.alg, token.kid, token.signed_text, signature, [&](const Key& key) {
      why = op.is_inline() && key.is_slow() ? SLUICE_RETRY_ON_WORKER : op.checkpoint();
      return why == SLUICE_OK;
    });
  };
  constexpr std::string_view kNotSigned = "no key with this kid and alg verifies the signature";
  if (!holder.terms.remote) {
    if (is_signed_by(holder.terms.keys)) return {Stage::kProven, {}, {}};
    if (why != SLUICE_OK) return {};
    return {Stage::kRefused, kNotSigned, {}};
  }
  if (!holder.remote) return {Stage::kNoKeys, "too many key URLs in one instance", {}};

  const RemoteSource& source = *holder.terms.remote;
  auto view = holder.remote->view(source, op.now_ns());
  // Twice at most: with what is there, and with what a first fetch or a rotation brings.
  for (int round = 0; round < 2; ++round) {
    if (view.keys && is_signed_by(*view.keys)) {
      walk.keys_version = view.version;
      return {Stage::kProven, {}, {}};
    }
    if (why != SLUICE_OK) return {};
    const bool may_be_rotated = token.kid && view.keys && !view.keys->has_kid(*token.kid);
    if (round == 1 || (view.keys && !may_be_rotated)) break;
    switch (holder.remote->await_newer(source, view.version, op, why)) {
      case RemoteKeys::Outcome::kFetched:
        view = holder.remote->view(source, op.now_ns());
        break;
      case RemoteKeys::Outcome::kUnchanged:
        round = 1;
        break;
      case RemoteKeys::Outcome::kNeedsWorker:
        why = SLUICE_RETRY_ON_WORKER;
        return {};
      case RemoteKeys::Outcome::kStopped:
        return {};
    }
  }
  if (view.keys) return {Stage::kRefused, kNotSigned, {}};
  return {Stage::kNoKeys, "no keys were ever fetched from the consumer's URL", {}};
}

JwtAuthenticator::Finding JwtAuthenticator::use_jti(const Holder& holder, const Token& token,
                                                    std::string_view consumer, double now) const {
  const Json jti = token.payload.member("jti");
  if (!jti.is_string() || !token.exp) return {Stage::kRefused, "jti or exp is missing", {}};
  switch (jti_.use(consumer, jti.text(), *token.exp + holder.terms.skew_seconds, now)) {
    case JtiStore::Use::kFirst:
      return {Stage::kProven, {}, {}};
    case JtiStore::Use::kAgain:
      return {Stage::kRefused, "this jti was used before", {}};
    case JtiStore::Use::kFull:
      break;
  }
  return {Stage::kUnavailable, "the store of used jti is full", {}};
}

// -------------------------------------------------------------------------------- what is kept

std::shared_ptr<const JwtAuthenticator::Holder> JwtAuthenticator::find_holder(
    const sluice_credential& raw) const {
  return holders_.find(raw.revision,
                       [&](const Holder& one) { return one.revision == raw.revision; });
}

std::shared_ptr<const JwtAuthenticator::Holder> JwtAuthenticator::make_holder(
    const sluice_credential& raw) const {
  auto holder = std::make_shared<Holder>();
  holder->revision = raw.revision;
  JsonDocument record;
  std::vector<Error> skipped;
  Result<Terms> terms = Error{SLUICE_E_CONFIG, "the record is not JSON", {}, {}};
  if (record.parse(to_view(raw.secret))) terms = parse_terms(record.root(), skipped);
  if (terms) {
    holder->terms = std::move(*terms);
    if (holder->terms.places.empty()) holder->places = settings_.default_mask;
    for (std::size_t i = 0; i < settings_.places.size(); ++i) {
      const auto& own = holder->terms.places;
      if (std::find(own.begin(), own.end(), settings_.places[i]) != own.end()) {
        holder->places |= PlaceMask{1} << i;
      }
    }
    if (holder->terms.remote) holder->remote = remote_.find_or_add(*holder->terms.remote);
  } else {
    holder->damaged = true;
    host_.error("the credential " + std::string(to_view(raw.id)) +
                " cannot be used: " + terms.error().where + ": " + terms.error().detail);
  }
  // Without room for its URL it is not kept either: there may be room at the next call.
  if (holder->remote || !holder->terms.remote) {
    holders_.put(raw.revision, holder,
                 [&](const Holder& one) { return one.revision == raw.revision; });
  }
  return holder;
}

std::shared_ptr<const JwtAuthenticator::Proven> JwtAuthenticator::make_proven(
    const Walk& walk, const Candidate& candidate, Op op) const {
  auto proven = std::make_shared<Proven>();
  proven->token = walk.text;
  proven->place = walk.place;
  proven->holder = walk.holder;
  proven->lookup = *candidate.lookup;
  proven->n = candidate.n;
  proven->keys_version = walk.keys_version;
  proven->proven_ns = op.now_ns();
  proven->dates = {walk.token.exp, walk.token.nbf, walk.token.iat};
  for (const auto& [claim, header] : walk.holder->terms.claims_to_headers) {
    if (auto value = read_claim(walk.token.payload.member(claim))) {
      proven->claims.emplace_back(header, std::move(*value));
    }
  }
  return proven;
}

// -------------------------------------------------------------------------------------- answers

// The claims move into memory of the call: what is remembered may be forgotten before it ends.
AuthOutcome JwtAuthenticator::accept(const Proven& proven, const Credential& credential,
                                     Op op) const {
  Principal who{.consumer = credential.consumer(), .credential_id = credential.id()};
  who.valid_until_ns =
      find_end(proven.dates, proven.holder->terms.skew_seconds, credential.valid_until_ns());
  if (proven.claims.empty()) return who;

  std::size_t text_bytes = 0;
  for (const auto& [name, value] : proven.claims) text_bytes += name.size() + value.size();
  const std::size_t pair_bytes = proven.claims.size() * sizeof(sluice_pair);
  auto* const memory = static_cast<char*>(op.scratch(pair_bytes + text_bytes));
  if (!memory) {
    return Unfinished{op.fail(SLUICE_E_TOO_LARGE, "the token's claims are too large to hand on")};
  }
  auto* const pairs = reinterpret_cast<sluice_pair*>(memory);
  char* to = memory + pair_bytes;
  const auto copy = [&](const std::string& text) {
    std::memcpy(to, text.data(), text.size());
    to += text.size();
    return sluice_str{to - text.size(), text.size()};
  };
  for (std::size_t i = 0; i < proven.claims.size(); ++i) {
    pairs[i] = {copy(proven.claims[i].first), copy(proven.claims[i].second)};
  }
  who.claims = {pairs, proven.claims.size()};
  return who;
}

NoCredentials JwtAuthenticator::make_missing(const Request& request) const {
  NoCredentials refusal;
  refusal.code = "A401JM";
  refusal.message = "Jwt is missing";
  refusal.headers.emplace_back("WWW-Authenticate", make_challenge(request, false));
  return refusal;
}

Rejected JwtAuthenticator::make_refusal(const Request& request, const Finding& finding) const {
  Rejected refusal;
  refusal.internal = finding.why;
  if (!finding.credential_id.empty())
    refusal.internal += " (credential " + finding.credential_id + ")";
  refusal.code = "A401JV";
  refusal.message = "Jwt verification fails";
  switch (finding.stage) {
    case Stage::kNotOfForm:
      refusal.message = "Jwt is not in the form of Header.Payload.Signature";
      break;
    case Stage::kMissing:
    case Stage::kMalformed:
    case Stage::kRefused:
    case Stage::kProven:
      break;
    case Stage::kNoKeys:
      refusal.http_status = 503;
      refusal.code = "A503JK";
      refusal.message = "Keys are not available now";
      return refusal;
    case Stage::kUnavailable:
      refusal.http_status = 503;
      refusal.code = "A503CU";
      refusal.message = "Credentials cannot be checked now";
      return refusal;
    case Stage::kNotYet:
      refusal.code = "A401JE";
      refusal.message = "Jwt not yet valid";
      break;
    case Stage::kExpired:
      refusal.code = "A401JE";
      refusal.message = "Jwt is expired";
      break;
    case Stage::kNotGranted:
      refusal.http_status = 403;
      refusal.code = "A403UC";
      refusal.message = "Access Denied";
      return refusal;
  }
  refusal.headers.emplace_back("WWW-Authenticate", make_challenge(request, true));
  return refusal;
}

}  // namespace sluice::jwt
