// SPDX-License-Identifier: Apache-2.0
#include "key.hpp"

#include "base64url.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::jwt {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using BigNum = std::unique_ptr<BIGNUM, Freed<&BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<&OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<&OSSL_PARAM_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<&EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<&EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freed<&ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Error bad(std::string where, std::string why) {
  return {SLUICE_E_CONFIG, std::move(why), {}, std::move(where)};
}

const EVP_MD* md_of(Alg alg) {
  switch (hash_bits(alg)) {
    case 256:
      return EVP_sha256();
    case 384:
      return EVP_sha384();
    case 512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

// OpenSSL leaves what went wrong in a queue of the thread; the next user must not find it.
struct ErrorQueue {
  ~ErrorQueue() { ERR_clear_error(); }
};

Result<std::string> read_bytes(Json jwk, std::string_view name, const std::string& where) {
  const std::string place = where + "/" + std::string(name);
  const Json member = jwk.member(name);
  if (!member.is_string()) return bad(place, "a base64url text is needed here");
  std::string bytes;
  if (!decode_base64url(member.text(), bytes) || bytes.empty()) {
    return bad(place, "not base64url without padding (RFC 7515 2), or empty");
  }
  return bytes;
}

std::unique_ptr<EVP_PKEY, FreePkey> make_pkey(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return std::unique_ptr<EVP_PKEY, FreePkey>(made);
}

struct Curve {
  std::string_view crv;
  KeyKind kind;
  const char* group;
  std::size_t coordinate_bytes;
};
constexpr std::array<Curve, 3> kCurves{{{"P-256", KeyKind::kP256, "prime256v1", 32},
                                        {"P-384", KeyKind::kP384, "secp384r1", 48},
                                        {"P-521", KeyKind::kP521, "secp521r1", 66}}};

}  // namespace

void FreePkey::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

Key::~Key() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

// ------------------------------------------------------------------------------------- a JWK read

Result<Key> Key::make(Json jwk, const std::string& where) {
  const ErrorQueue queue;
  if (!jwk.is_object()) return bad(where, "a JWK is a JSON object");
  Key key;
  if (const Json kid = jwk.member("kid")) {
    if (!kid.is_string()) return bad(where + "/kid", "must be a string");
    key.kid_ = kid.text();
  }
  if (const Json use = jwk.member("use"); use && use.text() != "sig") {
    return bad(where + "/use", "must be \"sig\" for a key that verifies");
  }
  if (const Json operations = jwk.member("key_ops")) {
    bool verifies = false;
    for (Json one = operations.first(); one; one = one.next()) {
      verifies = verifies || (one.is_string() && one.text() == "verify");
    }
    if (!operations.is_array() || !verifies) {
      return bad(where + "/key_ops", "must contain \"verify\"");
    }
  }

  const Json kty = jwk.member("kty");
  const std::string_view type = kty.is_string() ? kty.text() : std::string_view{};
  Result<void> read = bad(where + "/kty", "must be \"oct\", \"RSA\", \"EC\" or \"OKP\"");
  if (type == "oct") read = key.read_oct(jwk, where);
  if (type == "RSA") read = key.read_rsa(jwk, where);
  if (type == "EC") read = key.read_ec(jwk, where);
  if (type == "OKP") read = key.read_okp(jwk, where);
  if (!read) return read.error();

  if (const Json alg = jwk.member("alg")) {
    key.alg_ = alg.is_string() ? find_alg(alg.text()) : std::nullopt;
    if (!key.alg_ || !jwt::admits(key.kind_, *key.alg_)) {
      return bad(where + "/alg", "not an algorithm that a key of this kty and crv can verify");
    }
  }
  return key;
}

Result<void> Key::read_oct(Json jwk, const std::string& where) {
  const Json k = jwk.member("k");
  if (!k.is_string() || !decode_base64url(k.text(), secret_) || secret_.empty()) {
    return bad(where + "/k", "must be the key's bytes in base64url without padding");
  }
  kind_ = KeyKind::kOct;
  return {};
}

Result<void> Key::read_rsa(Json jwk, const std::string& where) {
  const auto n = read_bytes(jwk, "n", where), e = read_bytes(jwk, "e", where);
  if (!n) return n.error();
  if (!e) return e.error();
  // Before BN_bin2bn: a modulus of a megabyte is not even read.
  if (n->size() > kRsaBitsMax / 8 + 1) return bad(where + "/n", "more than 8192 bits");
  if (e->size() > n->size()) return bad(where + "/e", "longer than the modulus");
  const BigNum modulus(BN_bin2bn(bytes_of(*n), static_cast<int>(n->size()), nullptr));
  const BigNum exponent(BN_bin2bn(bytes_of(*e), static_cast<int>(e->size()), nullptr));
  if (!modulus || !exponent) return bad(where, "out of memory");
  const auto bits = static_cast<unsigned>(BN_num_bits(modulus.get()));
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
    return bad(where + "/n", "an RSA key has 2048 to 8192 bits, this one " + std::to_string(bits));
  }
  if (!BN_is_odd(modulus.get())) return bad(where + "/n", "a modulus is odd");
  const bool three = BN_is_word(exponent.get(), 3);
  if (!BN_is_odd(exponent.get()) || (!three && BN_num_bits(exponent.get()) < 17)) {
    return bad(where + "/e", "the exponent is odd, and 3 or at least 65537");
  }
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) ||
      !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get())) {
    return bad(where, "out of memory");
  }
  pkey_ = make_pkey("RSA", builder.get());
  if (!pkey_) return bad(where + "/n", "not an RSA key");
  kind_ = KeyKind::kRsa;
  return {};
}

Result<void> Key::read_ec(Json jwk, const std::string& where) {
  const Json crv = jwk.member("crv");
  const auto curve = std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& one) {
    return crv.is_string() && crv.text() == one.crv;
  });
  if (curve == kCurves.end()) {
    return bad(where + "/crv", "must be \"P-256\", \"P-384\" or \"P-521\"");
  }
  const auto x = read_bytes(jwk, "x", where), y = read_bytes(jwk, "y", where);
  if (!x) return x.error();
  if (!y) return y.error();
  // RFC 7518 6.2.1.2: full length, leading zeros included.
  const auto length = std::to_string(curve->coordinate_bytes) + " bytes are needed";
  if (x->size() != curve->coordinate_bytes) return bad(where + "/x", length);
  if (y->size() != curve->coordinate_bytes) return bad(where + "/y", length);

  const std::string point = '\x04' + *x + *y;
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      !OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group,
                                       0) ||
      !OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                        point.size())) {
    return bad(where, "out of memory");
  }
  pkey_ = make_pkey("EC", builder.get());
  const PkeyContext context(pkey_ ? EVP_PKEY_CTX_new(pkey_.get(), nullptr) : nullptr);
  if (!context || EVP_PKEY_public_check(context.get()) != 1) {
    return bad(where + "/x", "the point is not on the curve");
  }
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(pkey_.get(), OSSL_PKEY_PARAM_EC_ORDER, &raw);
  const BigNum order(raw);
  order_.resize(curve->coordinate_bytes);
  if (!order || BN_bn2binpad(order.get(), reinterpret_cast<unsigned char*>(order_.data()),
                             static_cast<int>(order_.size())) < 0) {
    return bad(where + "/crv", "the curve's order is not known");
  }
  kind_ = curve->kind;
  return {};
}

Result<void> Key::read_okp(Json jwk, const std::string& where) {
  const Json crv = jwk.member("crv");
  if (!crv.is_string() || crv.text() != "Ed25519") {
    return bad(where + "/crv", "must be \"Ed25519\"");
  }
  const auto x = read_bytes(jwk, "x", where);
  if (!x) return x.error();
  if (x->size() != 32) return bad(where + "/x", "32 bytes are needed");
  pkey_.reset(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, bytes_of(*x), x->size()));
  if (!pkey_) return bad(where + "/x", "not an Ed25519 key");
  kind_ = KeyKind::kEd25519;
  return {};
}

// ----------------------------------------------------------------------------------- verification

bool Key::admits(Alg alg) const noexcept {
  return jwt::admits(kind_, alg) && (!alg_ || *alg_ == alg);
}

bool Key::verify(Alg alg, std::string_view signed_text, std::string_view signature) const noexcept {
  if (!admits(alg)) return false;
  const ErrorQueue queue;
  switch (kind_) {
    case KeyKind::kOct:
      return verify_hmac(alg, signed_text, signature);
    case KeyKind::kP256:
    case KeyKind::kP384:
    case KeyKind::kP521:
      return verify_ecdsa(alg, signed_text, signature);
    case KeyKind::kRsa:
      return signature.size() == static_cast<std::size_t>(EVP_PKEY_get_size(pkey_.get())) &&
             verify_digest(alg, signed_text, signature);
    case KeyKind::kEd25519:
      return signature.size() == 64 && verify_digest(alg, signed_text, signature);
  }
  return false;
}

bool Key::verify_hmac(Alg alg, std::string_view signed_text, std::string_view signature) const {
  if (signature.size() != hash_bits(alg) / 8) return false;
  std::array<unsigned char, EVP_MAX_MD_SIZE> expected;
  unsigned size = 0;
  if (!HMAC(md_of(alg), secret_.data(), static_cast<int>(secret_.size()), bytes_of(signed_text),
            signed_text.size(), expected.data(), &size) ||
      size != signature.size()) {
    return false;
  }
  const bool equal = CRYPTO_memcmp(expected.data(), signature.data(), size) == 0;
  OPENSSL_cleanse(expected.data(), expected.size());  // it would be a good signature
  return equal;
}

bool Key::verify_ecdsa(Alg alg, std::string_view signed_text, std::string_view signature) const {
  const std::size_t half = order_.size();
  if (signature.size() != 2 * half) return false;
  // 1 <= r, s < n before the library sees them (CVE-2022-21449). Texts of one length compare as the
  // numbers do.
  const auto r = signature.substr(0, half), s = signature.substr(half);
  for (const auto number : {r, s}) {
    if (number.find_first_not_of('\0') == number.npos || number >= order_) return false;
  }
  const EcSignature pair(ECDSA_SIG_new());
  BigNum big_r(BN_bin2bn(bytes_of(r), static_cast<int>(half), nullptr));
  BigNum big_s(BN_bin2bn(bytes_of(s), static_cast<int>(half), nullptr));
  if (!pair || !big_r || !big_s) return false;
  if (ECDSA_SIG_set0(pair.get(), big_r.get(), big_s.get()) != 1) return false;
  (void)big_r.release();  // the pair owns them now
  (void)big_s.release();
  std::array<unsigned char, 160> der;  // P-521: two integers of 67 bytes and their heads
  unsigned char* to = der.data();
  if (i2d_ECDSA_SIG(pair.get(), nullptr) > static_cast<int>(der.size())) return false;
  const int size = i2d_ECDSA_SIG(pair.get(), &to);
  return size > 0 &&
         verify_digest(alg, signed_text,
                       {reinterpret_cast<const char*>(der.data()), static_cast<std::size_t>(size)});
}

bool Key::verify_digest(Alg alg, std::string_view signed_text, std::string_view signature) const {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;  // the digest context's own
  if (!context ||
      EVP_DigestVerifyInit(context.get(), &parameters, md_of(alg), nullptr, pkey_.get()) != 1) {
    return false;
  }
  const bool pss = alg >= Alg::kPs256 && alg <= Alg::kPs512;
  if (pss && (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, md_of(alg)) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                          bytes_of(signed_text), signed_text.size()) == 1;
}

// ----------------------------------------------------------------------------------------- the set

bool KeySet::has_kid(std::string_view kid) const noexcept {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Key& key) { return key.kid() && *key.kid() == kid; });
}

bool KeySet::verify(Alg alg, std::optional<std::string_view> kid, std::string_view signed_text,
                    std::string_view signature,
                    const std::function<bool(const Key&)>& may_try) const {
  std::size_t tries = 0;
  for (const Key& key : keys) {
    if (kid && key.kid() && *key.kid() != *kid) continue;
    if (!key.admits(alg)) continue;
    if (++tries > kKeyTriesMax) return false;
    if (!may_try(key)) return false;
    if (key.verify(alg, signed_text, signature)) return true;
  }
  return false;
}

Result<KeySet> make_key_set(Json jwks, const std::string& where, std::vector<Error>& skipped) {
  if (!jwks.is_object()) return bad(where, "a JWK set is a JSON object {\"keys\": [...]}");
  KeySet set;
  const auto take = [&](Json jwk, const std::string& place) {
    auto key = Key::make(jwk, place);
    if (key) {
      set.keys.push_back(std::move(*key));
    } else {
      skipped.push_back(key.error());
    }
  };
  const Json list = jwks.member("keys");
  if (!list && jwks.member("kty")) {
    take(jwks, where);
  } else if (!list.is_array()) {
    return bad(where + "/keys", "a list of JWKs is needed");
  }
  std::size_t i = 0;
  for (Json jwk = list.first(); jwk; jwk = jwk.next(), ++i) {
    const std::string place = where + "/keys/" + std::to_string(i);
    if (i == kKeysMax) {
      skipped.push_back(bad(place, "only the first 64 keys of a set are looked at"));
      break;
    }
    take(jwk, place);
  }
  if (!set.keys.empty()) return set;
  return skipped.empty() ? bad(where + "/keys", "the set has no key") : skipped.front();
}

}  // namespace sluice::jwt
