// SPDX-License-Identifier: Apache-2.0
#include "loader/credential.hpp"

#include "config/settings_tree.hpp"
#include "loader/host_table.hpp"

#include <sluice/abilities.h>

#include <algorithm>
#include <exception>
#include <optional>

namespace sluice::loader {
namespace {

// The maker's host: it may log and draw on nothing else.
struct MakerHost final : sluice_host {
  MakerHost(std::string_view type, HostServices& host_services)
      : sluice_host(make_host_table(&write_log, &find_extension)),
        name("credential maker " + std::string(type)),
        services(host_services) {
    instance = to_str(name);
  }
  static const MakerHost& of(const sluice_host* host) noexcept {
    return *static_cast<const MakerHost*>(host);
  }
  static void write_log(const sluice_host* host, std::int32_t level, sluice_str text) noexcept try {
    of(host).services.log(of(host).name, level, to_view(text));
  } catch (...) {
    // A log that fails must not fail what is being logged.
  }
  static const void* find_extension(const sluice_host*, const char*) noexcept { return nullptr; }

  std::string name;
  HostServices& services;
};

std::vector<std::pair<std::string, std::string>> copy_pairs(const sluice_pair* pairs,
                                                            std::size_t count) {
  std::vector<std::pair<std::string, std::string>> copies;
  for (std::size_t i = 0; i < count; ++i) {
    copies.emplace_back(to_view(pairs[i].name), to_view(pairs[i].value));
  }
  return copies;
}

struct Made {
  sluice_made_credential_out out;
  std::optional<MadeCredential> credential;
  bool is_out_of_bounds = false;

  void take(const sluice_made_credential& raw) {
    is_out_of_bounds = raw.lookup_count == 0 || raw.lookup_count > kLookupsMax ||
                       raw.attribute_count > kAttributesMax || raw.shown_count > kShownMax ||
                       raw.secret.n == 0 || raw.secret.n > kSecretBytesMax;
    if (is_out_of_bounds) return;
    auto& made = credential.emplace();
    made.is_unique = raw.is_unique != 0;
    made.secret = to_view(raw.secret);
    made.display = to_view(raw.display);
    for (std::size_t i = 0; i < raw.lookup_count; ++i) {
      made.lookups.emplace_back(to_view(raw.lookups[i]));
      const auto bytes = made.lookups.back().size();
      is_out_of_bounds = is_out_of_bounds || bytes == 0 || bytes > kLookupBytesMax;
    }
    made.attributes = copy_pairs(raw.attributes, raw.attribute_count);
    made.shown = copy_pairs(raw.shown, raw.shown_count);
  }
};

const sluice_made_credential_out_vt kMadeTable{
    .size = sizeof(sluice_made_credential_out_vt),
    .reserved = 0,
    .made = [](sluice_made_credential_out* out, const sluice_made_credential* made) {
      reinterpret_cast<Made*>(out)->take(*made);
    }};

}  // namespace

Result<MadeCredential> make_credential(const sluice_component& component,
                                       std::string_view given_json, HostServices& services) {
  const std::string type(to_view(component.type));
  const auto* maker = SLUICE_HAS(&component, extension)
                          ? static_cast<const sluice_credential_maker*>(
                                component.extension(nullptr, SLUICE_CREDENTIAL_MAKER_ID))
                          : nullptr;
  if (!maker) {
    return Error{SLUICE_E_UNSUPPORTED,
                 "the authenticator '" + type +
                     "' makes no credentials: it knows its callers "
                     "from its own settings",
                 {},
                 {}};
  }
  const auto given = config::SettingsTree::parse(given_json);
  if (!given) return Error{SLUICE_E_CONFIG, "the credential " + given.error().detail, {}, {}};
  const auto faults = given->check(to_view(maker->schema));
  if (!faults.empty()) {
    // One fault is told by its place; of several each line begins with its own.
    return Error{SLUICE_E_CONFIG,
                 faults.size() == 1 ? faults.front().what : config::to_text(faults),
                 {},
                 faults.size() == 1 ? faults.front().pointer : std::string()};
  }

  const MakerHost host(type, services);
  ErrorPlace error;
  Made made{.out = {&kMadeTable}, .credential = {}};
  Status status = SLUICE_E_INTERNAL;
  try {
    status = maker->make(&host, reinterpret_cast<const sluice_node*>(given->root()), error.raw(),
                         &made.out);
  } catch (...) {  // a plugin that was built without the SDK
  }
  if (status != SLUICE_OK) {
    if (error.text.empty()) error.text = "the authenticator '" + type + "' gives no reason";
    return Error{
        status < 0 ? status : SLUICE_E_INTERNAL, std::move(error.text), {}, std::move(error.where)};
  }
  if (!made.credential || made.is_out_of_bounds) {
    return Error{SLUICE_E_INTERNAL,
                 "the authenticator '" + type + "' made a credential that cannot be kept",
                 {},
                 {}};
  }
  return std::move(*made.credential);
}

}  // namespace sluice::loader
