// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/fake_request.hpp>

#include <algorithm>
#include <cctype>

namespace sluice::testing {

struct FakeRequestTable {
  static const FakeRequest& of(const sluice_request* request) {
    return *static_cast<const FakeRequest::Shown*>(request)->owner;
  }
  static bool same_name(std::string_view sent, std::string_view lower) {
    return std::equal(sent.begin(), sent.end(), lower.begin(), lower.end(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
    });
  }
  static std::string_view trim(std::string_view value) {
    const auto from = value.find_first_not_of(" \t");
    if (from == value.npos) return {};
    return value.substr(from, value.find_last_not_of(" \t") - from + 1);
  }

  static sluice_str header(const sluice_request* request, sluice_str name) {
    for (const auto& [sent, value] : of(request).headers_) {
      if (same_name(sent, to_view(name))) return to_str(trim(value));
    }
    return {nullptr, 0};
  }
  static std::size_t header_count(const sluice_request* request, sluice_str name) {
    const auto& headers = of(request).headers_;
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(),
                      [&](const auto& line) { return same_name(line.first, to_view(name)); }));
  }
  static std::int32_t header_at(const sluice_request* request, std::size_t i, sluice_str* name,
                                sluice_str* value) {
    const auto& headers = of(request).headers_;
    if (i >= headers.size()) return 0;
    *name = to_str(headers[i].first);
    *value = to_str(trim(headers[i].second));
    return 1;
  }
  static sluice_str body(const sluice_request* request) { return to_str(of(request).body_); }
};

FakeRequest& FakeRequest::method(std::string value) {
  method_ = std::move(value);
  return *this;
}
FakeRequest& FakeRequest::path(std::string value) {
  path_ = std::move(value);
  return *this;
}
FakeRequest& FakeRequest::query(std::string value) {
  query_ = std::move(value);
  return *this;
}
FakeRequest& FakeRequest::authority(std::string value) {
  authority_ = std::move(value);
  return *this;
}
FakeRequest& FakeRequest::body(std::string value) {
  body_ = std::move(value);
  return *this;
}
FakeRequest& FakeRequest::header(std::string name, std::string value) {
  headers_.emplace_back(std::move(name), std::move(value));
  return *this;
}

const sluice_request* FakeRequest::raw() const {
  static constexpr sluice_request_vt kTable{
      sizeof(sluice_request_vt),    0,
      &FakeRequestTable::header,    &FakeRequestTable::header_count,
      &FakeRequestTable::header_at, &FakeRequestTable::body};
  static_cast<sluice_request&>(shown_) = {sizeof(sluice_request),
                                          0,
                                          &kTable,
                                          to_str(method_),
                                          to_str(path_),
                                          to_str(query_),
                                          to_str(peer_),
                                          to_str(authority_)};
  shown_.owner = this;
  return &shown_;
}

}  // namespace sluice::testing
