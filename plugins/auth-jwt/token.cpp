// SPDX-License-Identifier: Apache-2.0
#include "token.hpp"

#include "base64url.hpp"

namespace sluice::jwt {
namespace {

// A date that is there must be one: RFC 7519 2 NumericDate, within the years that can be written.
bool read_date(Json value, std::optional<double>& date) {
  if (!value) return true;
  date = value.number();
  return date && *date >= 0 && *date <= kDateMax;
}

std::string_view view_of(const std::vector<char>& bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

std::string_view to_text(Fault fault) noexcept {
  switch (fault) {
    case Fault::kNone:
      return "no fault";
    case Fault::kForm:
      return "not three parts, or too long";
    case Fault::kBase64:
      return "a part is not base64url";
    case Fault::kHeader:
      return "the header is not one strict JSON object";
    case Fault::kAlg:
      return "alg is not one of the accepted algorithms";
    case Fault::kKid:
      return "kid is not a string";
    case Fault::kExtension:
      return "crit or b64 in the header";
    case Fault::kPayload:
      return "the payload is not one strict JSON object";
    case Fault::kDate:
      return "exp, nbf or iat is not a date";
  }
  return "";
}

Fault parse_token(std::string_view text, std::size_t bytes_max, Token& token) {
  if (text.size() > bytes_max) return Fault::kForm;
  const auto first = text.find('.');
  if (first == text.npos) return Fault::kForm;
  const auto second = text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return Fault::kForm;
  const auto header = text.substr(0, first);
  const auto payload = text.substr(first + 1, second - first - 1);
  const auto signature = text.substr(second + 1);
  if (header.empty() || payload.empty() || signature.empty()) return Fault::kForm;
  if (!decode_base64url(header, token.header_bytes_) ||
      !decode_base64url(payload, token.payload_bytes_) ||
      !decode_base64url(signature, token.signature)) {
    return Fault::kBase64;
  }
  token.signed_text = text.substr(0, second);
  if (const Fault fault = token.read_header(); fault != Fault::kNone) return fault;
  return token.read_payload();
}

Fault Token::read_header() {
  if (!header_document_.parse(view_of(header_bytes_))) return Fault::kHeader;
  header = header_document_.root();
  if (!header.is_object()) return Fault::kHeader;
  // RFC 7515 4.1.11, RFC 7797: whoever sends these means something that is not understood here.
  if (header.member("crit") || header.member("b64")) return Fault::kExtension;
  const Json alg_member = header.member("alg");
  const auto found = alg_member.is_string() ? find_alg(alg_member.text()) : std::nullopt;
  if (!found) return Fault::kAlg;
  alg = *found;
  if (const Json member = header.member("kid")) {
    if (!member.is_string()) return Fault::kKid;
    kid = member.text();
  }
  return Fault::kNone;
}

Fault Token::read_payload() {
  // A compressed payload (zip) is no JSON and ends here: nothing is ever inflated.
  if (!payload_document_.parse(view_of(payload_bytes_))) return Fault::kPayload;
  payload = payload_document_.root();
  if (!payload.is_object()) return Fault::kPayload;
  const bool dates = read_date(payload.member("exp"), exp) &&
                     read_date(payload.member("nbf"), nbf) && read_date(payload.member("iat"), iat);
  return dates ? Fault::kNone : Fault::kDate;
}

}  // namespace sluice::jwt
