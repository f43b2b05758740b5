// SPDX-License-Identifier: Apache-2.0
#include "dataservice/cursor.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstring>

namespace sluice::dataservice {
namespace {

constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kSealedBytesMax = kCursorBytesMax / 4 * 3;
constexpr char kVersion = 1;

// Grows by appending to room of a fixed size; what does not fit marks it as full.
class Bytes {
 public:
  explicit Bytes(std::span<char> room) : room_(room) {}
  void add(std::string_view bytes) {
    if (bytes.size() > room_.size() - used_) {
      is_full_ = true;
      return;
    }
    if (!bytes.empty()) std::memcpy(room_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  template <class T>
  void add_value(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    add({bytes, sizeof value});
  }
  bool is_full() const { return is_full_; }
  std::string_view view() const { return {room_.data(), used_}; }

 private:
  std::span<char> room_;
  std::size_t used_ = 0;
  bool is_full_ = false;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      is_short_ = true;
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  template <class T>
  T take_value() {
    T value{};
    const auto bytes = take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  bool is_done() const { return rest_.empty() && !is_short_; }

 private:
  std::string_view rest_;
  bool is_short_ = false;
};

bool is_text(std::uint32_t type) {
  return type == SLUICE_T_TEXT || type == SLUICE_T_BYTES || type == SLUICE_T_JSON;
}

void add_cell(Bytes& bytes, const Cell& cell) {
  bytes.add_value(static_cast<std::uint8_t>(cell.type));
  if (cell.type == SLUICE_T_NULL) return;
  if (is_text(cell.type)) {
    bytes.add_value(static_cast<std::uint32_t>(cell.v.s.n));
    bytes.add(to_view(cell.v.s));
  } else if (cell.type == SLUICE_T_DECIMAL) {
    bytes.add_value(cell.scale);
    bytes.add_value(cell.v.d.lo);
    bytes.add_value(cell.v.d.hi);
  } else {
    bytes.add_value(cell.v.i);  // a double's bits too
  }
}

Cell take_cell(Reader& reader) {
  Cell cell = make_null();
  cell.type = reader.take_value<std::uint8_t>();
  if (cell.type == SLUICE_T_NULL) return cell;
  if (is_text(cell.type)) {
    cell.v.s = to_str(reader.take(reader.take_value<std::uint32_t>()));
  } else if (cell.type == SLUICE_T_DECIMAL) {
    cell.scale = reader.take_value<std::int32_t>();
    cell.v.d.lo = reader.take_value<std::uint64_t>();
    cell.v.d.hi = reader.take_value<std::int64_t>();
  } else {
    cell.v.i = reader.take_value<std::int64_t>();
  }
  return cell;
}

using Mac = std::array<unsigned char, EVP_MAX_MD_SIZE>;

// Over the scope and then the payload, each part with its length.
std::optional<Mac> make_mac(const std::string& key, const CursorScope& scope,
                            std::string_view payload, call::Arena& arena) {
  std::size_t size = scope.table.size() + payload.size() + 8;
  for (const auto& term : scope.order) size += term.column.size() + 5;
  Bytes text(arena.make_array<char>(size));
  const auto add = [&](std::string_view part) {
    text.add_value(static_cast<std::uint32_t>(part.size()));
    text.add(part);
  };
  add(scope.table);
  for (const auto& term : scope.order) {
    add(term.column);
    text.add(term.is_descending ? "d" : "a");
  }
  add(payload);
  Mac mac{};
  unsigned length = 0;
  if (text.is_full() || !HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                              reinterpret_cast<const unsigned char*>(text.view().data()),
                              text.view().size(), mac.data(), &length)) {
    return std::nullopt;
  }
  return mac;
}

// Base64 for URLs, without padding: OpenSSL's alphabet has + and /, which a query would change.
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::optional<std::string_view> encode(std::string_view bytes, call::Arena& arena) {
  const auto room = arena.make_array<char>(bytes.size() / 3 * 4 + 4);
  if (room.empty()) return std::nullopt;
  std::size_t used = 0;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) room[used++] = kAlphabet[bits >> (held - 6) & 63];
  }
  if (held > 0) room[used++] = kAlphabet[bits << (6 - held) & 63];
  return std::string_view(room.data(), used);
}

// One text for one sequence of bytes: bits that are left over must be zero.
std::optional<std::string_view> decode(std::string_view text, call::Arena& arena) {
  const auto room = arena.make_array<char>(text.size() / 4 * 3 + 3);
  if (room.empty() || text.size() % 4 == 1) return std::nullopt;
  std::size_t used = 0;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      room[used++] = static_cast<char>(bits >> held & 255);
    }
  }
  if ((bits & ((1u << held) - 1)) != 0) return std::nullopt;
  return std::string_view(room.data(), used);
}

}  // namespace

std::optional<std::string_view> CursorSealer::seal(std::span<const Cell> keys,
                                                   const CursorScope& scope,
                                                   call::Arena& arena) const {
  Bytes bytes(arena.make_array<char>(kSealedBytesMax));
  bytes.add({&kVersion, 1});
  for (const auto& key : keys) add_cell(bytes, key);
  const auto mac = make_mac(key_, scope, bytes.view(), arena);
  if (!mac) return std::nullopt;
  bytes.add({reinterpret_cast<const char*>(mac->data()), kMacBytes});
  if (bytes.is_full()) return std::nullopt;
  return encode(bytes.view(), arena);
}

std::optional<std::span<const Cell>> CursorSealer::open(std::string_view text,
                                                        const CursorScope& scope,
                                                        call::Arena& arena) const {
  if (text.size() > kCursorBytesMax) return std::nullopt;
  const auto bytes = decode(text, arena);
  if (!bytes || bytes->size() <= kMacBytes) return std::nullopt;
  const auto payload = bytes->substr(0, bytes->size() - kMacBytes);
  const auto mac = make_mac(key_, scope, payload, arena);
  if (!mac || CRYPTO_memcmp(mac->data(), bytes->data() + payload.size(), kMacBytes) != 0) {
    return std::nullopt;
  }
  // It is ours; what follows cannot fail unless another release wrote it.
  Reader reader(payload);
  if (reader.take_value<char>() != kVersion) return std::nullopt;
  const auto cells = arena.make_array<Cell>(scope.order.size());
  if (cells.size() != scope.order.size()) return std::nullopt;
  for (auto& cell : cells) cell = take_cell(reader);
  if (!reader.is_done()) return std::nullopt;
  return cells;
}

bool copy_cell(const Cell& from, call::Arena& arena, Cell& to) {
  to = from;
  if (!is_text(from.type) || from.v.s.n == 0) return true;
  const auto room = arena.make_array<char>(from.v.s.n);
  if (room.empty()) return false;
  if (!room.empty()) std::memcpy(room.data(), from.v.s.p, room.size());
  to.v.s = {room.data(), room.size()};
  return true;
}

}  // namespace sluice::dataservice
