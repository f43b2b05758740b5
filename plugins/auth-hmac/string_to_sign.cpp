// SPDX-License-Identifier: Apache-2.0
#include "string_to_sign.hpp"

#include "percent.hpp"

#include <sluice/percent.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::hmac {
namespace {

constexpr std::array<std::string_view, 6> kNoLineOfTheirOwn = {
    "x-ca-signature", "x-ca-signature-headers", "accept", "content-md5", "content-type", "date"};

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c | 0x20) : c; }
char to_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

std::string_view trim(std::string_view text) noexcept {
  const auto from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

// visit(name) for each member of the list that is not empty; until visit answers false.
template <class Visit>
bool for_each_member(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto end = list.find(',');
    const auto name = trim(list.substr(0, end));
    list = end == list.npos ? std::string_view{} : list.substr(end + 1);
    if (!name.empty() && !visit(name)) return false;
  }
  return true;
}

std::string_view name_of(const SignedHeader& header, NameCase names) noexcept {
  return names == NameCase::kLower ? header.lower_name : header.name;
}

// A sink that only counts, and one that writes: both run through the same walk.
struct Counter {
  std::size_t size = 0;
  void put(char) noexcept { ++size; }
  void put(std::string_view text) noexcept { size += text.size(); }
};
struct Writer {
  char* at;
  void put(char c) noexcept { *at++ = c; }
  void put(std::string_view text) noexcept {
    if (text.empty()) return;
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
};

template <class Sink>
void put_text(const SignedText& text, Sink& sink) noexcept {
  for (const char c : text.method) sink.put(to_upper(c));
  for (const auto& line : {text.accept, text.content_md5, text.content_type, text.date}) {
    sink.put('\n');
    sink.put(line);
  }
  sink.put('\n');
  for (const auto& header : text.headers) {
    sink.put(name_of(header, text.names));
    sink.put(':');
    sink.put(header.value);
    sink.put('\n');
  }
  sink.put(text.path);
  char before = '?';
  for (const auto& parameter : text.parameters) {
    sink.put(before);
    before = '&';
    sink.put(parameter.name);
    if (parameter.value.empty() && !text.writes_empty_value_with_equals) continue;
    sink.put('=');
    sink.put(parameter.value);
  }
}

}  // namespace

SignedHeaders parse_signed_headers(std::string_view list, const Scratch& scratch) {
  std::size_t count = 0, bytes = 0;
  const bool bounded = for_each_member(list, [&](std::string_view name) {
    bytes += name.size();
    return ++count <= kSignedHeadersMax;
  });
  if (!bounded) return {.fault = SignedHeadersFault::kTooMany};
  if (count == 0) return {};
  const auto items = scratch.make_array<SignedHeader>(count);
  const auto room = scratch.make_array<char>(bytes);
  if (items.empty() || room.empty()) return {.fault = SignedHeadersFault::kNoMemory};

  SignedHeaders made;
  std::size_t kept = 0;
  char* at = room.data();
  for_each_member(list, [&](std::string_view name) {
    const std::string_view lower(at, name.size());
    at = std::transform(name.begin(), name.end(), at, to_lower);
    if (std::find(kNoLineOfTheirOwn.begin(), kNoLineOfTheirOwn.end(), lower) !=
        kNoLineOfTheirOwn.end()) {
      return true;
    }
    const bool is_mixed = name != lower;
    made.has_upper_case = made.has_upper_case || is_mixed;
    items[kept++] = {name, is_mixed ? lower : name, {}};
    return true;
  });
  made.items = items.first(kept);
  return made;
}

void sort_headers(std::span<SignedHeader> headers, NameCase names) {
  // Equal names have equal values: both lines are the first header of that name.
  std::sort(headers.begin(), headers.end(), [&](const SignedHeader& a, const SignedHeader& b) {
    return name_of(a, names) < name_of(b, names);
  });
}

std::size_t measure_text(const SignedText& text) noexcept {
  Counter counter;
  put_text(text, counter);
  return counter.size;
}

void write_text(const SignedText& text, char* out) noexcept {
  Writer writer{out};
  put_text(text, writer);
}

std::optional<std::string_view> decode_path(std::string_view path, char* out) noexcept {
  if (path.find('%') == path.npos) return std::nullopt;
  const auto decoded = decode_percent(path, Plus::kLiteral, {out, path.size()});
  if (!decoded || *decoded == path) return std::nullopt;
  for (auto at = path.find('%'); at != path.npos; at = path.find('%', at + 3)) {
    const int byte = hex_value(path[at + 1]) * 16 + hex_value(path[at + 2]);
    if (byte < 0x20 || byte == 0x7f) return std::nullopt;
    if (std::string_view("/\\?#%.").find(static_cast<char>(byte)) != std::string_view::npos) {
      return std::nullopt;
    }
  }
  return decoded;
}

}  // namespace sluice::hmac
