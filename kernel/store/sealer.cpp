// SPDX-License-Identifier: Apache-2.0
#include "store/sealer.hpp"

#include "store/digest.hpp"
#include "store/hex.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>

namespace sluice::store {
namespace {

constexpr std::string_view kPrefix = "sealed:v1:";
constexpr std::size_t kNonceBytes = 12, kTagBytes = 16;  // NIST SP 800-38D: 96 and 128 bits
constexpr std::size_t kKeyIdBytes = 4;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
unsigned char* to_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* to_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Error cannot(const char* what) { return {SLUICE_E_INTERNAL, what, {}, {}}; }

Error bad_file(const std::filesystem::path& file, const std::string& why) {
  return {SLUICE_E_CONFIG, "the key file " + file.string() + " " + why, {}, "store.key_file"};
}

// Closes it, whatever happens.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

Result<Sealer::Key> make_key_file(const std::filesystem::path& file) {
  Sealer::Key key;
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) {
    return Error{SLUICE_E_UNAVAILABLE, "there is no randomness for the master key", {}, {}};
  }
  std::error_code ec;
  std::filesystem::create_directories(file.parent_path(), ec);
  const std::string text = make_hex({reinterpret_cast<const char*>(key.data()), key.size()}) + "\n";
  // Whole under its name or not there at all: half a key would be refused at every later start.
  const std::string fresh = file.string() + ".new." + std::to_string(::getpid());
  const Descriptor made(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const bool is_made =
      made.get() >= 0 &&
      ::write(made.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(made.get()) == 0 && ::link(fresh.c_str(), file.c_str()) == 0;
  if (made.get() >= 0) ::unlink(fresh.c_str());
  if (!is_made) return bad_file(file, "cannot be made: is its folder there and writable?");
  const auto parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) {
    return bad_file(file, "cannot be kept: its folder cannot be written to the disk");
  }
  return key;
}

}  // namespace

Sealer::Sealer(const Key& key) : key_(key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(key_.data(), key_.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  key_id_ = make_hex({reinterpret_cast<const char*>(digest.data()), kKeyIdBytes});
}
Sealer::~Sealer() { OPENSSL_cleanse(key_.data(), key_.size()); }

Result<std::string> Sealer::seal(std::string_view secret, std::string_view place) const {
  std::string sealed(kNonceBytes + secret.size() + kTagBytes, '\0');
  unsigned char* const nonce = to_bytes(sealed);
  if (RAND_bytes(nonce, kNonceBytes) != 1) {
    return Error{SLUICE_E_UNAVAILABLE, "there is no randomness to seal a secret with", {}, {}};
  }
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  unsigned char* const text = nonce + kNonceBytes;
  const bool is_sealed =
      context &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, to_bytes(place),
                        static_cast<int>(place.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), text, &size, to_bytes(secret),
                        static_cast<int>(secret.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), text + size, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, text + secret.size()) ==
          1;
  if (!is_sealed) return cannot("a secret could not be sealed");
  return std::string(kPrefix) + key_id_ + ":" + make_hex(sealed);
}

Result<std::string> Sealer::open(std::string_view sealed, std::string_view place) const {
  const auto damaged = [] {
    return Error{SLUICE_E_CONFIG, "is damaged, or was sealed for another record", {}, {}};
  };
  if (!sealed.starts_with(kPrefix)) {
    return Error{SLUICE_E_CONFIG, "is not sealed", {}, {}};
  }
  sealed.remove_prefix(kPrefix.size());
  const auto colon = sealed.find(':');
  if (colon == std::string_view::npos) return damaged();
  if (sealed.substr(0, colon) != key_id_) {
    return Error{SLUICE_E_CONFIG,
                 "was sealed with key " + std::string(sealed.substr(0, colon)) + ", and this is " +
                     key_id_ + ": give the key file that the store was written with",
                 {},
                 {}};
  }
  auto bytes = parse_hex(sealed.substr(colon + 1));
  if (!bytes || bytes->size() < kNonceBytes + kTagBytes) return damaged();
  const std::size_t secret_bytes = bytes->size() - kNonceBytes - kTagBytes;
  unsigned char* const nonce = to_bytes(*bytes);
  unsigned char* const text = nonce + kNonceBytes;
  std::string secret(secret_bytes, '\0');
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  const bool is_open =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, to_bytes(place),
                        static_cast<int>(place.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), to_bytes(secret), &size, text,
                        static_cast<int>(secret_bytes)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, text + secret_bytes) ==
          1 &&
      EVP_DecryptFinal_ex(context.get(), to_bytes(secret) + size, &size) == 1;
  if (!is_open) return damaged();
  return secret;
}

std::string Sealer::make_fingerprint(std::string_view secret, std::string_view place) const {
  constexpr std::string_view kPurpose = "sluice fingerprint v1";
  constexpr std::size_t kBytes = 6;
  std::string text(kPurpose);
  text.append(1, '\0').append(place).append(1, '\0').append(secret);
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  // A key of its own is not needed: GCM's use of this one and HMAC's have nothing in common.
  if (!HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
            to_bytes(std::string_view(text)), text.size(), to_bytes(digest), &size)) {
    return "?";
  }
  return make_hex(std::string_view(digest).substr(0, kBytes));
}

std::string make_sha256(std::string_view text) {
  std::string digest(32, '\0');
  EVP_Digest(text.data(), text.size(), to_bytes(digest), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Result<Sealer::Key> load_key(const std::filesystem::path& file, KeyFile absent) {
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (opened.get() < 0) {
    if (errno != ENOENT) return bad_file(file, "cannot be opened: check its permissions");
    if (absent == KeyFile::kMayMake) return make_key_file(file);
    return bad_file(file,
                    "is missing, and the store holds secrets that were sealed with it: put it "
                    "back, they cannot be read without it");
  }
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return bad_file(file, "is no plain file");
  }
  if ((status.st_mode & 077) != 0) {
    return bad_file(file,
                    "may be read or written by others: chmod 600 it, and think about who "
                    "has read it");
  }
  std::string text(2 * Sealer::kKeyBytes + 2, '\0');
  const auto size = ::read(opened.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (text.ends_with('\n')) text.pop_back();
  const auto bytes = parse_hex(text);
  if (!bytes || bytes->size() != Sealer::kKeyBytes) {
    return bad_file(file, "holds no key: it must be 64 hexadecimal digits in lower case");
  }
  Sealer::Key key;
  std::copy(bytes->begin(), bytes->end(), key.begin());
  OPENSSL_cleanse(text.data(), text.size());
  return key;
}

std::string derive_key(const Sealer::Key& key, std::string_view purpose) {
  std::string derived(32, '\0');
  unsigned size = 0;
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(),
                          reinterpret_cast<unsigned char*>(derived.data()), &size);
  if (!made || size != derived.size()) throw std::runtime_error("OpenSSL made no HMAC-SHA256");
  return derived;
}

}  // namespace sluice::store
