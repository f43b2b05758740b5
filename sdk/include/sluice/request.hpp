// SPDX-License-Identifier: Apache-2.0
#pragma once
// Request: the HTTP request of a call, as a plugin may see it.

#include <sluice/result.hpp>

#include <cstddef>
#include <string_view>

namespace sluice {
inline namespace v1 {

// A borrowed view, valid until the call's op completes. [run]
class Request {
 public:
  explicit Request(const sluice_request* request) noexcept : request_(request) {}

  std::string_view method() const noexcept { return to_view(request_->method); }
  std::string_view path() const noexcept { return to_view(request_->path); }    // raw
  std::string_view query() const noexcept { return to_view(request_->query); }  // raw, no '?'
  std::string_view peer() const noexcept { return to_view(request_->peer); }
  std::string_view authority() const noexcept { return to_view(request_->authority); }
  std::string_view body() const noexcept { return to_view(request_->vt->body(request_)); }

  // First value of a header, empty when absent. The name in lower case.
  std::string_view header(std::string_view lower_name) const noexcept {
    return to_view(request_->vt->header(request_, to_str(lower_name)));
  }
  std::size_t count_header(std::string_view lower_name) const noexcept {
    return request_->vt->header_count(request_, to_str(lower_name));
  }
  // visit(name as sent, value) for every header line in wire order.
  template <class Visit>
  void each_header(Visit visit) const {
    sluice_str name, value;
    for (std::size_t i = 0; request_->vt->header_at(request_, i, &name, &value); ++i) {
      visit(to_view(name), to_view(value));
    }
  }
  const sluice_request* raw() const noexcept { return request_; }

 private:
  const sluice_request* request_;
};

}  // namespace v1
}  // namespace sluice
