// SPDX-License-Identifier: Apache-2.0
#include "json.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::jwt {

// ---------------------------------------------------------------------------------------- reading

class JsonParser {
 public:
  JsonParser(std::string_view text, JsonDocument& document)
      : text_(text), at_(text.data()), end_(text.data() + text.size()), document_(document) {}

  bool parse() {
    skip_space();
    std::uint32_t root;
    if (!parse_value(1, {}, root)) return false;
    skip_space();
    return at_ == end_;
  }

 private:
  using Node = JsonDocument::Node;

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size()) return false;
    if (std::string_view(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool parse_value(std::size_t depth, std::string_view name, std::uint32_t& index) {
    if (at_ == end_ || document_.nodes_.size() == kJsonNodesMax) return false;
    index = static_cast<std::uint32_t>(document_.nodes_.size());
    document_.nodes_.push_back({.name = name, .text = {}});
    switch (*at_) {
      case '{':
      case '[':
        return depth <= kJsonDepthMax && parse_container(depth, index);
      case '"': {
        std::string_view text;
        if (!parse_string(text)) return false;
        document_.nodes_[index].type = Json::Type::kString;
        document_.nodes_[index].text = text;
        return true;
      }
      case 't':
      case 'f': {
        Node& node = document_.nodes_[index];
        node.type = Json::Type::kBool;
        node.truth = *at_ == 't';
        return take_word(node.truth ? "true" : "false");
      }
      case 'n':
        document_.nodes_[index].type = Json::Type::kNull;
        return take_word("null");
      default:
        return parse_number(document_.nodes_[index]);
    }
  }

  bool parse_container(std::size_t depth, std::uint32_t index) {
    const bool is_object = *at_++ == '{';
    const char close = is_object ? '}' : ']';
    document_.nodes_[index].type = is_object ? Json::Type::kObject : Json::Type::kArray;
    skip_space();
    if (take(close)) return true;
    std::uint32_t last = JsonDocument::kNone;
    std::size_t members = 0;
    while (true) {
      skip_space();
      std::string_view name;
      if (is_object) {
        if (at_ == end_ || *at_ != '"' || !parse_string(name)) return false;
        skip_space();
        if (!take(':')) return false;
        skip_space();
      }
      std::uint32_t child;
      if (!parse_value(depth + 1, name, child)) return false;
      auto& nodes = document_.nodes_;
      (last == JsonDocument::kNone ? nodes[index].child : nodes[last].next) = child;
      last = child;
      ++members;
      skip_space();
      if (take(close)) return !is_object || has_distinct_names(index, members);
      if (!take(',')) return false;
    }
  }

  // Sorted, because a hostile object of thousands of members would make pairwise comparing dear.
  bool has_distinct_names(std::uint32_t object, std::size_t members) {
    if (members < 2) return true;
    names_.clear();
    const auto& nodes = document_.nodes_;
    for (auto i = nodes[object].child; i != JsonDocument::kNone; i = nodes[i].next) {
      names_.push_back(nodes[i].name);
    }
    std::sort(names_.begin(), names_.end());
    return std::adjacent_find(names_.begin(), names_.end()) == names_.end();
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  bool skip_digits() {
    if (at_ == end_ || !is_digit(*at_)) return false;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return true;
  }
  bool parse_number(Node& node) {
    const char* const from = at_;
    take('-');
    if (!take('0') && !skip_digits()) return false;
    if (take('.') && !skip_digits()) return false;
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!skip_digits()) return false;
    }
    node.type = Json::Type::kNumber;
    node.text = {from, static_cast<std::size_t>(at_ - from)};
    return true;
  }

  bool parse_string(std::string_view& out) {
    const char* const from = ++at_;
    while (at_ != end_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        out = {from, static_cast<std::size_t>(at_ - from)};
        ++at_;
        return true;
      }
      if (c == '\\') return parse_escaped(from, out);
      if (c < 0x20) return false;
      const std::size_t bytes = c < 0x80 ? 1 : count_utf8();
      if (bytes == 0) return false;
      at_ += bytes;
    }
    return false;
  }

  // The rest of a string whose first escape is here.
  bool parse_escaped(const char* from, std::string_view& out) {
    auto& buffer = document_.unescaped_;
    if (!buffer) buffer = std::make_unique<char[]>(text_.size());
    char* const begin = buffer.get() + document_.unescaped_size_;
    char* to = std::copy(from, at_, begin);
    while (at_ != end_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        ++at_;
        out = {begin, static_cast<std::size_t>(to - begin)};
        document_.unescaped_size_ += out.size();
        return true;
      }
      if (c < 0x20) return false;
      if (c == '\\') {
        if (!take_escape(to)) return false;
        continue;
      }
      const std::size_t bytes = c < 0x80 ? 1 : count_utf8();
      if (bytes == 0) return false;
      to = std::copy(at_, at_ + bytes, to);
      at_ += bytes;
    }
    return false;
  }

  bool take_escape(char*& to) {
    if (++at_ == end_) return false;
    constexpr std::string_view kLetters = "\"\\/bfnrt", kBytes = "\"\\/\b\f\n\r\t";
    const char letter = *at_++;
    if (const auto place = kLetters.find(letter); place != kLetters.npos) {
      *to++ = kBytes[place];
      return true;
    }
    if (letter != 'u') return false;
    std::uint32_t point;
    if (!take_hex4(point)) return false;
    if (point >= 0xdc00 && point <= 0xdfff) return false;  // a low surrogate without a high one
    if (point >= 0xd800 && point <= 0xdbff) {
      std::uint32_t low;
      if (!take('\\') || !take('u') || !take_hex4(low) || low < 0xdc00 || low > 0xdfff)
        return false;
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    put_utf8(point, to);
    return true;
  }

  bool take_hex4(std::uint32_t& value) {
    if (end_ - at_ < 4) return false;
    const auto [stop, error] = std::from_chars(at_, at_ + 4, value, 16);
    if (error != std::errc{} || stop != at_ + 4) return false;
    at_ += 4;
    return true;
  }

  static void put_utf8(std::uint32_t point, char*& to) {
    const auto put = [&](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
    if (point < 0x80) return put(point);
    if (point < 0x800) {
      put(0xc0 | point >> 6);
    } else if (point < 0x10000) {
      put(0xe0 | point >> 12);
      put(0x80 | (point >> 6 & 63));
    } else {
      put(0xf0 | point >> 18);
      put(0x80 | (point >> 12 & 63));
      put(0x80 | (point >> 6 & 63));
    }
    put(0x80 | (point & 63));
  }

  // The length of the sequence of two to four bytes that begins here, 0 when it is not UTF-8:
  // overlong, a surrogate, beyond U+10FFFF, cut short (RFC 3629 4).
  std::size_t count_utf8() const {
    const auto byte = [&](std::size_t i) {
      return at_ + i < end_ ? static_cast<unsigned char>(at_[i]) : 0u;
    };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0), second = byte(1);
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
      if (first == 0xe0 && second < 0xa0) return 0;
      if (first == 0xed && second > 0x9f) return 0;
      return follows(1) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
      if (first == 0xf0 && second < 0x90) return 0;
      if (first == 0xf4 && second > 0x8f) return 0;
      return follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
  }

  std::string_view text_;
  const char* at_;
  const char* end_;
  JsonDocument& document_;
  std::vector<std::string_view> names_;
};

bool JsonDocument::parse(std::string_view text) {
  nodes_.clear();
  unescaped_.reset();
  unescaped_size_ = 0;
  if (JsonParser(text, *this).parse()) return true;
  nodes_.clear();
  return false;
}

// ----------------------------------------------------------------------------------------- asking

Json::Type Json::type() const noexcept {
  return document_ ? document_->nodes_[index_].type : Type::kAbsent;
}
std::string_view Json::name() const noexcept {
  return document_ ? document_->nodes_[index_].name : std::string_view{};
}
std::string_view Json::text() const noexcept {
  return document_ ? document_->nodes_[index_].text : std::string_view{};
}
bool Json::truth() const noexcept { return document_ && document_->nodes_[index_].truth; }

std::optional<double> Json::number() const noexcept {
  if (type() != Type::kNumber) return std::nullopt;
  const auto written = text();
  double value = 0;
  const auto [stop, error] =
      std::from_chars(written.data(), written.data() + written.size(), value);
  if (error != std::errc{} || stop != written.data() + written.size()) return std::nullopt;
  return value;
}

Json Json::first() const noexcept {
  if (!document_) return {};
  const auto child = document_->nodes_[index_].child;
  return child == JsonDocument::kNone ? Json() : Json(document_, child);
}
Json Json::next() const noexcept {
  if (!document_) return {};
  const auto next = document_->nodes_[index_].next;
  return next == JsonDocument::kNone ? Json() : Json(document_, next);
}
Json Json::member(std::string_view name) const noexcept {
  if (!is_object()) return {};
  for (Json child = first(); child; child = child.next()) {
    if (child.name() == name) return child;
  }
  return {};
}
std::size_t Json::count() const noexcept {
  std::size_t children = 0;
  for (Json child = first(); child; child = child.next()) ++children;
  return children;
}

// ---------------------------------------------------------------------------------------- writing

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace sluice::jwt
