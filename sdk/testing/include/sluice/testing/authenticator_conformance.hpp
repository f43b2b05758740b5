// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every authenticator must do, whatever its scheme. A plugin's test describes the plugin and
// gets the cases:
//
//   AuthenticatorSubject make_subject() { ... }
//   INSTANTIATE_TEST_SUITE_P(ApiKey, AuthenticatorConformance, ::testing::Values(make_subject()),
//                            name_of_subject);
//
// in namespace sluice::testing. The promises themselves are the TEST_P of the .cpp file.

#include <sluice/testing/conformance.hpp>
#include <sluice/testing/plugin_under_test.hpp>
#include <sluice/testing/scripted_op.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

struct AuthenticatorSubject : PluginSubject {
  std::string consumer;         // whose credential the next two are
  std::string good_credential;  // the text that proves it: a key, a token, a signature
  std::function<FakeRequest(std::string_view credential)> make_request;
  CredentialTable credentials = {};
  // Requests of other schemes: not this plugin's business, so skipped.
  std::vector<FakeRequest> foreign = {};
  // Requests that look like this scheme and are broken: anything but accepted.
  std::vector<FakeRequest> malformed = {};
  // Settings with which `other_request` is accepted; with make_settings() it must not be.
  std::string other_settings = {};
  FakeRequest other_request = {};
};

// How GoogleTest shows a subject: by its name, not by its bytes.
inline void PrintTo(const AuthenticatorSubject& subject, std::ostream* out) { *out << subject.name; }

std::string name_of_subject(const ::testing::TestParamInfo<AuthenticatorSubject>& info);

class AuthenticatorConformance : public ::testing::TestWithParam<AuthenticatorSubject> {
 protected:
  void SetUp() override;
  std::unique_ptr<TestInstance> make_instance(std::string_view settings);
  const sluice_component* component_ = nullptr;
  FakeHost host_;
  std::unique_ptr<TestInstance> instance_;
};

}  // namespace sluice::testing
