// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the conformance suites of all kinds need to know about a plugin.

#include <sluice/testing/fake_host.hpp>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace sluice::testing {

// Settings that create() must refuse, and the JSON pointer its error must carry.
struct BadSettings {
  std::string json;
  std::string where;
};

struct PluginSubject {
  std::string name;                            // of the test's instantiation, letters and digits
  std::string file;                            // the plugin, as it will be shipped
  std::string type;                            // the component's
  std::function<std::string()> make_settings;  // good ones, as JSON; may prepare what they name
  std::vector<BadSettings> bad_settings = {};
  // What the host must offer beyond itself, such as sluice.http-client/1.
  std::function<void(FakeHost&)> prepare_host = {};
};

}  // namespace sluice::testing
