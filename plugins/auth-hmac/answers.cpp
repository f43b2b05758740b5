// SPDX-License-Identifier: Apache-2.0
#include "answers.hpp"

#include <utility>

namespace sluice::hmac {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

void append_percent(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  text += '%';
  text += kHex[byte >> 4];
  text += kHex[byte & 15];
}

// The realm repeats the Host header, which the caller chose: only what a host and port are made of
// passes as it is, and never more than kRealmBytesMax.
std::string make_realm(std::string_view authority) {
  constexpr std::string_view kPlain =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_:[]";
  std::string realm;
  for (const char c : authority) {
    const bool plain = kPlain.find(c) != kPlain.npos;
    if (realm.size() + (plain ? 1 : 3) > kRealmBytesMax) break;
    if (plain) {
      realm += c;
    } else {
      append_percent(realm, c);
    }
  }
  return realm;
}

struct Words {
  int http_status;
  std::string_view code, message;
};

Words words_of(Answer answer) {
  switch (answer) {
    case Answer::kInvalidHeader:
      return {400, "I400HD", "Invalid Header"};
    case Answer::kInvalidParameters:
      return {400, "I400PA", "Invalid Parameters"};
    case Answer::kTooManyParameters:
      return {400, "I400PA", "Too Many Parameters"};
    case Answer::kBodyTooLarge:
      return {413, "I413RL", "Request Body Too Large"};
    case Answer::kInvalidMethod:
      return {400, "A400IM", "Invalid Signature Method"};
    case Answer::kInvalidKey:
      return {401, "A400IK", "Invalid Key"};
    case Answer::kEmptySignature:
      return {401, "A400ES", "Empty Signature"};
    case Answer::kInvalidSignature:
      return {400, "A403IS", "Invalid Signature"};
    case Answer::kInvalidContentMd5:
      return {400, "I400I5", "Invalid Content-MD5"};
    case Answer::kInvalidDate:
      return {400, "A400ID", "Invalid Date"};
    case Answer::kNonceMissing:
      return {400, "A400NU", "Nonce Missing"};
    case Answer::kNonceUsed:
      return {400, "A400NU", "Nonce Used"};
    case Answer::kNoncesFull:
      return {503, "A503NF", "Replay check is full, retry later"};
    case Answer::kUnauthorizedConsumer:
      return {403, "A403UC", "Unauthorized Consumer"};
    case Answer::kUnavailable:
      return {503, "A503CU", "Credentials cannot be checked now"};
  }
  return {503, "A503CU", "Credentials cannot be checked now"};
}

}  // namespace

Refusal make_refusal(Answer answer, std::string_view authority, std::string internal) {
  const Words words = words_of(answer);
  Refusal refusal;
  refusal.http_status = words.http_status;
  refusal.code = words.code;
  refusal.message = words.message;
  refusal.internal = std::move(internal);
  if (words.http_status == 401) {
    refusal.headers.emplace_back("WWW-Authenticate",
                                 "HMAC-SHA256 realm=\"" + make_realm(authority) + "\"");
  }
  return refusal;
}

std::string make_mismatch_message(std::string_view string_to_sign, std::string_view signature) {
  constexpr std::string_view kBefore = "Invalid Signature, Server StringToSign:`";
  constexpr std::string_view kHint =
      " (the signature has a '%': send the base64 text as it is, not percent-encoded)";
  std::string end = "`";
  if (signature.find('%') != signature.npos) end += kHint;

  std::string message(kBefore);
  const std::size_t text_end = kMessageBytesMax - end.size();
  for (const char c : string_to_sign) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_control = c != '\n' && (byte < 0x20 || byte == 0x7f);
    if (message.size() + (is_control ? 3 : 1) > text_end) break;
    if (is_control) {
      append_percent(message, c);
    } else {
      message += c == '\n' ? '#' : c;
    }
  }
  return message += end;
}

}  // namespace sluice::hmac
