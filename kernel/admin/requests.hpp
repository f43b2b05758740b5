// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a request's headers say. Inside this room only.

#include "admin/admin_api.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::admin {

inline bool equals_ignoring_case(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

// The values of a header, in the order they came. Views of the request.
inline std::vector<std::string_view> find_headers(const AdminRequest& request,
                                                  std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : request.headers) {
    if (equals_ignoring_case(key, name)) values.emplace_back(value);
  }
  return values;
}

// The only value of a header; absent when it is absent or comes twice.
inline std::optional<std::string_view> find_single_header(const AdminRequest& request,
                                                          std::string_view name) {
  const auto values = find_headers(request, name);
  return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

}  // namespace sluice::admin
