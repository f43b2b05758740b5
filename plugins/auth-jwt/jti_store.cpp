// SPDX-License-Identifier: Apache-2.0
#include "jti_store.hpp"

#include <openssl/evp.h>

#include <functional>
#include <stdexcept>

namespace sluice::jwt {
namespace {

// A digest, so that the store's memory is bounded whatever a jti is. The length before the name
// keeps ("ab", "c") and ("a", "bc") apart.
std::string make_key(std::string_view consumer, std::string_view jti) {
  std::string text = std::to_string(consumer.size()) + ":";
  text.append(consumer).append(jti);
  std::string digest(32, '\0');
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                 EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
  return digest;
}

}  // namespace

JtiStore::Use JtiStore::use(std::string_view consumer, std::string_view jti, double until,
                            double now) {
  std::string key = make_key(consumer, jti);
  Shard& shard = shards_[std::hash<std::string>{}(key) % kShards];
  const std::lock_guard lock(shard.mutex);
  while (!shard.ends.empty() && shard.ends.top().first < now) {
    shard.used.erase(shard.ends.top().second);
    shard.ends.pop();
  }
  if (shard.used.contains(key)) return Use::kAgain;
  if (shard.used.size() >= shard_max_) return Use::kFull;
  shard.used.insert(key);
  shard.ends.emplace(until, std::move(key));
  return Use::kFirst;
}

}  // namespace sluice::jwt
