// SPDX-License-Identifier: Apache-2.0
#include "parameters.hpp"

#include "percent.hpp"

#include <sluice/percent.hpp>

#include <algorithm>

namespace sluice::hmac {
namespace {

// visit(name, value), both encoded, for every part that has a name; until visit answers false.
template <class Visit>
bool for_each_part(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto part = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    if (name.empty()) continue;
    const auto value = equals == part.npos ? std::string_view{} : part.substr(equals + 1);
    if (!visit(name, value)) return false;
  }
  return true;
}

// What a text needs before it is parsed: room for its parameters and for what must be decoded.
struct Extent {
  std::size_t count = 0, decoded_bytes = 0;
};

bool needs_decoding(std::string_view text, Reading reading) noexcept {
  return text.find_first_of(reading == Reading::kM1 ? "%+" : "%") != text.npos;
}

bool measure(std::string_view text, Reading reading, Extent& extent) {
  return for_each_part(text, [&](std::string_view name, std::string_view value) {
    if (needs_decoding(name, reading)) extent.decoded_bytes += name.size();
    if (needs_decoding(value, reading)) extent.decoded_bytes += value.size();
    return ++extent.count <= kParametersMax;
  });
}

// Decodes behind `room`, which moves on; a text without escapes stays where it is.
bool decode(std::string_view& text, Reading reading, char*& room) {
  if (!needs_decoding(text, reading)) return true;
  const auto plus = reading == Reading::kM1 ? Plus::kSpace : Plus::kLiteral;
  const auto decoded = decode_percent(text, plus, {room, text.size()});
  if (!decoded) return false;
  room += decoded->size();
  text = *decoded;
  return true;
}

}  // namespace

Parameters parse_parameters(Reading reading, std::string_view query, std::string_view form,
                            const Scratch& scratch) {
  const std::string_view first = reading == Reading::kM1 ? form : query;
  const std::string_view second = reading == Reading::kM1 ? query : form;

  // Of the whole texts: a part that is dropped for having no name is malformed all the same.
  if (!is_well_encoded(first) || !is_well_encoded(second)) {
    return {.fault = ParametersFault::kMalformed};
  }
  Extent extent;
  if (!measure(first, reading, extent) || !measure(second, reading, extent)) {
    return {.fault = ParametersFault::kTooMany};
  }
  if (extent.count == 0) return {};
  const auto items = scratch.make_array<Parameter>(extent.count);
  const auto bytes = scratch.make_array<char>(extent.decoded_bytes);
  if (items.empty() || bytes.size() != extent.decoded_bytes) {
    return {.fault = ParametersFault::kNoMemory};
  }

  char* room = bytes.data();
  std::uint32_t place = 0;
  const auto keep = [&](std::string_view name, std::string_view value) {
    if (!decode(name, reading, room) || !decode(value, reading, room)) return false;
    items[place] = {name, value, place};
    ++place;
    return true;
  };
  if (!for_each_part(first, keep) || !for_each_part(second, keep)) {
    return {.fault = ParametersFault::kMalformed};
  }
  // string_view compares bytes as unsigned; std::stable_sort would allocate.
  std::sort(items.begin(), items.end(), [](const Parameter& a, const Parameter& b) {
    const int order = a.name.compare(b.name);
    return order != 0 ? order < 0 : a.place < b.place;
  });
  const auto end =
      std::unique(items.begin(), items.end(),
                  [](const Parameter& a, const Parameter& b) { return a.name == b.name; });
  return {.sorted = items.first(static_cast<std::size_t>(end - items.begin()))};
}

bool is_form(std::string_view content_type) noexcept {
  constexpr std::string_view kForm = "application/x-www-form-urlencoded";
  auto media = content_type.substr(0, content_type.find(';'));
  const auto from = media.find_first_not_of(" \t");
  if (from == media.npos) return false;
  media = media.substr(from, media.find_last_not_of(" \t") - from + 1);
  return std::equal(media.begin(), media.end(), kForm.begin(), kForm.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

}  // namespace sluice::hmac
