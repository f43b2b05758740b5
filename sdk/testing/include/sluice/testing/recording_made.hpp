// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a credential maker (sluice.credential-maker/1) answers, copied, and a way to ask it as the
// gateway does: of the component, without an instance.

#include <sluice/abilities.h>
#include <sluice/testing/fake_host.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing {

class RecordingMade {
 public:
  RecordingMade() {
    static constexpr sluice_made_credential_out_vt kTable{sizeof(sluice_made_credential_out_vt), 0,
                                                          &RecordingMade::take};
    shown_.vt = &kTable;
    shown_.owner = this;
  }
  RecordingMade(const RecordingMade&) = delete;
  RecordingMade& operator=(const RecordingMade&) = delete;

  // Asks the component's maker; SLUICE_E_UNSUPPORTED when it has none. `error` is what it said.
  Status ask(const sluice_component& component, std::string_view given_json) {
    const auto* maker = SLUICE_HAS(&component, extension)
                            ? static_cast<const sluice_credential_maker*>(
                                  component.extension(nullptr, SLUICE_CREDENTIAL_MAKER_ID))
                            : nullptr;
    if (!maker) return SLUICE_E_UNSUPPORTED;
    FakeHost host;
    ErrorPlace place;
    const Status status =
        maker->make(host.raw(), host.make_settings(given_json), place.raw(), &shown_);
    error = place.error;
    return status;
  }

  unsigned count = 0;  // how often something was made
  Error error{SLUICE_OK, {}, {}, {}};
  bool is_unique = false;
  std::string secret, display;
  std::vector<std::string> lookups;
  std::vector<std::pair<std::string, std::string>> attributes, shown;

 private:
  struct Shown : sluice_made_credential_out {
    RecordingMade* owner = nullptr;
  };
  static void take(sluice_made_credential_out* out, const sluice_made_credential* made) {
    auto& self = *static_cast<Shown*>(out)->owner;
    ++self.count;
    self.is_unique = made->is_unique != 0;
    self.secret = to_view(made->secret);
    self.display = to_view(made->display);
    for (std::size_t i = 0; i < made->lookup_count; ++i) {
      self.lookups.emplace_back(to_view(made->lookups[i]));
    }
    copy(made->attributes, made->attribute_count, self.attributes);
    copy(made->shown, made->shown_count, self.shown);
  }
  static void copy(const sluice_pair* pairs, std::size_t count,
                   std::vector<std::pair<std::string, std::string>>& copies) {
    for (std::size_t i = 0; i < count; ++i) {
      copies.emplace_back(to_view(pairs[i].name), to_view(pairs[i].value));
    }
  }

  Shown shown_;
};

}  // namespace sluice::testing
