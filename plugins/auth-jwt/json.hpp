// SPDX-License-Identifier: Apache-2.0
#pragma once
// JSON from outside, read strictly: RFC 8259 with the narrowings of auth.md 3.3. A token is a
// promise about bytes, so two readers must never see two meanings in them: a repeated member name
// (after unescaping, at any level), invalid UTF-8, an unpaired surrogate, a byte after the end and
// a nesting beyond the bound are all refused. A general parser takes most of these.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jwt {

inline constexpr std::size_t kJsonDepthMax = 32;      // objects and arrays inside one another
inline constexpr std::size_t kJsonNodesMax = 16'384;  // values in one document

class JsonDocument;

// One value of a document, or none: asking an absent value answers with absent ones. A view, valid
// as long as the document and the text it was parsed from. [any]
class Json {
 public:
  enum class Type : std::uint8_t { kAbsent, kNull, kBool, kNumber, kString, kArray, kObject };

  Json() = default;

  Type type() const noexcept;
  explicit operator bool() const noexcept { return document_ != nullptr; }
  bool is_string() const noexcept { return type() == Type::kString; }
  bool is_object() const noexcept { return type() == Type::kObject; }
  bool is_array() const noexcept { return type() == Type::kArray; }

  std::string_view name() const noexcept;  // of a member, unescaped
  std::string_view text() const noexcept;  // a string, unescaped; a number, as written
  bool truth() const noexcept;             // of a bool
  // Of a number, when a double can hold it; nothing for any other type.
  std::optional<double> number() const noexcept;

  Json member(std::string_view name) const noexcept;
  Json first() const noexcept;  // child of an object or array, in the order of the text
  Json next() const noexcept;   // sibling
  std::size_t count() const noexcept;

 private:
  friend class JsonDocument;
  Json(const JsonDocument* document, std::uint32_t index) noexcept
      : document_(document), index_(index) {}

  const JsonDocument* document_ = nullptr;
  std::uint32_t index_ = 0;
};

class JsonDocument {
 public:
  // Borrows the text, which must stay as it is. False: not such JSON. [any]
  bool parse(std::string_view text);
  Json root() const noexcept { return nodes_.empty() ? Json() : Json(this, 0); }

 private:
  friend class Json;
  friend class JsonParser;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Node {
    std::string_view name, text;
    std::uint32_t child = kNone, next = kNone;
    Json::Type type = Json::Type::kAbsent;
    bool truth = false;
  };

  std::vector<Node> nodes_;
  std::unique_ptr<char[]> unescaped_;  // strings that have escapes; never longer than the text
  std::size_t unescaped_size_ = 0;
};

// Appends the text as a JSON string, with quotes. [any]
void append_json_string(std::string& out, std::string_view text);

}  // namespace sluice::jwt
