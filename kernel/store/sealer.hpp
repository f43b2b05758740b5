// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sealer: secrets at rest. AES-256-GCM under the node's master key, a fresh random nonce for each
// sealing; the place a secret belongs to is authenticated with it, so that a sealed text cannot be
// moved to another record.

#include <sluice/result.hpp>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::store {

class Sealer {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  using Key = std::array<unsigned char, kKeyBytes>;

  explicit Sealer(const Key& key);
  ~Sealer();  // wipes the key
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  // "sealed:v1:<key id>:<hex of nonce, ciphertext, tag>". `place` is the record's: "credential/c1".
  // UNAVAILABLE: there is no randomness. [any]
  Result<std::string> seal(std::string_view secret, std::string_view place) const;
  // CONFIG: it was sealed with another key, for another place, or was changed. [any]
  Result<std::string> open(std::string_view sealed, std::string_view place) const;
  // Twelve hexadecimal digits: equal for equal secrets at a place, and of no use to whoever has no
  // key: a short password cannot be guessed from it. [any]
  std::string make_fingerprint(std::string_view secret, std::string_view place) const;

 private:
  Key key_;
  std::string key_id_;  // the first bytes of the key's SHA-256: tells a wrong key from damage
};

// The key in `file`: 64 hexadecimal digits. Absent: made now, mode 0600, unless `may_make` is
// false. Refused, with what to do: a file that others may read or write, or of another form. [ctl]
enum class KeyFile { kMayMake, kMustExist };
Result<Sealer::Key> load_key(const std::filesystem::path& file, KeyFile absent);

// Another key out of the master key, for one purpose: the same on every node that shares the store,
// and of no use for finding the master key.
std::string derive_key(const Sealer::Key& key, std::string_view purpose);

}  // namespace sluice::store
