// SPDX-License-Identifier: Apache-2.0
#include "main/store_opening.hpp"

#include "main/node.hpp"
#include "store/repository.hpp"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace sluice::node {
namespace {

struct QuietServices final : loader::HostServices {
  void log(std::string_view, int, std::string_view) override {}
  const void* find_extension(std::string_view) override { return nullptr; }
};

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

Result<OpenedStore> open_store(const config::NodeConfig& config, const loader::Registry& registry,
                               loader::HostServices& services) {
  const auto* component = registry.find(SLUICE_KIND_STORE, config.store.scheme);
  if (!component) {
    return Error{SLUICE_E_CONFIG,
                 "no plugin provides the store '" + config.store.scheme + "': name store-" +
                     config.store.scheme + " under plugins.load",
                 {},
                 "store.url"};
  }
  const std::filesystem::path file = config.store.rest;
  std::error_code ec;
  std::filesystem::create_directories(file.parent_path(), ec);
  auto instance = loader::Instance::make(
      *component, "store", "{\"file\":" + quote_json(config.store.rest) + "}", services);
  if (!instance) return instance.error();
  if (auto started = (*instance)->start(); !started) return started.error();
  const auto& table = *static_cast<const sluice_store*>(component->api);
  const auto revision = store::read_revision(table, (*instance)->self());
  if (!revision) return revision.error();
  // A store that was written has sealed secrets in it: a new key could not read them.
  const auto key =
      store::load_key(config.store.key_file,
                      *revision == 0 ? store::KeyFile::kMayMake : store::KeyFile::kMustExist);
  if (!key) return key.error();
  return OpenedStore{std::move(*instance), &table, *key};
}

Result<store::AuditVerdict> verify_audit(const config::NodeConfig& config) {
  std::error_code ec;
  if (!std::filesystem::exists(config.store.rest, ec)) {
    return Error{
        SLUICE_E_NOT_FOUND,
        "there is no store at " + config.store.rest + ": name the file of a node that has run",
        {},
        "store.url"};
  }
  QuietServices services;
  const auto registry = load_registry(config, [](int, std::string_view) {});
  const auto opened = open_store(config, registry, services);
  if (!opened) return opened.error();
  const store::AuditLog log(*opened->table, opened->instance->self(),
                            std::make_shared<const store::Sealer>(opened->key));
  return log.verify();
}

}  // namespace sluice::node
