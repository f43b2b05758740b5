// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <optional>
#include <string>

namespace sluice::hmac {
namespace {

std::optional<Error> read_flag(const Settings& settings, std::string_view name, bool& flag) {
  const auto node = settings[name];
  if (!node.has_value()) return std::nullopt;
  if (node.type() != Settings::Type::kBool) return node.error("must be true or false");
  flag = node.boolean();
  return std::nullopt;
}

template <class Number>
std::optional<Error> read_number(const Settings& settings, std::string_view name, std::int64_t min,
                                 std::int64_t max, Number& number) {
  const auto node = settings[name];
  if (!node.has_value()) return std::nullopt;
  const auto given = node.integer();
  if (node.type() != Settings::Type::kInteger || given < min || given > max) {
    return node.error("must be a whole number from " + std::to_string(min) + " to " +
                      std::to_string(max));
  }
  number = static_cast<Number>(given);
  return std::nullopt;
}

std::optional<Error> read_algorithms(const Settings& settings, HmacSettings& made) {
  const auto list = settings["algorithms"];
  if (!list.has_value()) return std::nullopt;
  if (list.type() != Settings::Type::kArray) return list.error("must be a list of algorithms");
  made.allows_sha256 = made.allows_sha1 = false;
  std::optional<Error> fault;
  list.each([&](std::string_view, const Settings& item) {
    const std::string name = item.text();
    if (name == "HmacSHA256") {
      made.allows_sha256 = true;
    } else if (name == "HmacSHA1") {
      made.allows_sha1 = true;
    } else if (!fault) {
      fault = item.error("must be \"HmacSHA256\" or \"HmacSHA1\"");
    }
  });
  if (!fault && !made.allows_sha256 && !made.allows_sha1) {
    fault = list.error("name at least one algorithm, or leave the setting out");
  }
  return fault;
}

}  // namespace

Result<HmacSettings> parse_settings(const Settings& settings) {
  HmacSettings made;
  auto fault = read_number(settings, "date_offset", 0, kDateOffsetMax, made.date_offset_s);
  if (!fault) fault = read_flag(settings, "nonce_check", made.nonce_check);
  if (!fault) fault = read_flag(settings, "require_nonce", made.require_nonce);
  if (!fault) fault = read_flag(settings, "require_content_md5", made.require_content_md5);
  if (!fault) fault = read_algorithms(settings, made);
  if (!fault) fault = read_number(settings, "nonces_max", 1, kNoncesBoundMax, made.nonces_max);
  if (!fault)
    fault = read_number(settings, "body_bytes_max", 1, kBodyBoundMax, made.body_bytes_max);
  if (fault) return *fault;
  return made;
}

}  // namespace sluice::hmac
