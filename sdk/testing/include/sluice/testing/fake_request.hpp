// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeRequest: an HTTP request as the gateway would show it.

#include <sluice/request.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing {

// Built in a chain: FakeRequest().header("Authorization", "Bearer k").query("id=1").
class FakeRequest {
 public:
  FakeRequest() = default;

  FakeRequest& method(std::string value);
  FakeRequest& path(std::string value);
  FakeRequest& query(std::string value);
  FakeRequest& authority(std::string value);
  FakeRequest& body(std::string value);
  FakeRequest& header(std::string name, std::string value);  // one more line

  // Valid until this object changes or dies.
  const sluice_request* raw() const;

 private:
  struct Shown : sluice_request {
    const FakeRequest* owner = nullptr;
  };
  friend struct FakeRequestTable;

  std::string method_ = "GET", path_ = "/", query_, peer_ = "192.0.2.1",
              authority_ = "api.example.com", body_;
  std::vector<std::pair<std::string, std::string>> headers_;
  mutable Shown shown_{};
};

}  // namespace sluice::testing
