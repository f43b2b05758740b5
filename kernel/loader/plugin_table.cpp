// SPDX-License-Identifier: Apache-2.0
#include "loader/plugin_table.hpp"

#include "config/settings_tree.hpp"

#include <sluice/draft/store.h>
#include <sluice/result.hpp>

#include <algorithm>

namespace sluice::loader {

namespace {

constexpr std::uint32_t kComponentsMax = 64;
constexpr std::size_t kIdLengthMax = 128;
constexpr std::size_t kTextBytesMax = 4'096;
constexpr std::size_t kSchemaBytesMax = 256u << 10;

bool is_readable(sluice_str s, std::size_t bytes_max) {
  return s.n <= bytes_max && (s.n == 0 || s.p != nullptr);
}

// "auth-apikey", "com.example.my-auth"
bool is_id(sluice_str s) {
  if (s.n == 0 || !is_readable(s, kIdLengthMax)) return false;
  const auto view = to_view(s);
  return std::all_of(view.begin(), view.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

// A function pointer has the size of a data pointer here, so one macro serves both.
#define SLUICE_NEEDS(table, field) \
  if (!SLUICE_HAS(table, field)) return "has no " #field "()"

std::string find_api_fault(std::uint32_t kind, const void* api) {
  if (!api) return "has no table of its kind";
  switch (kind) {
    case SLUICE_KIND_AUTHENTICATOR: {
      const auto* table = static_cast<const sluice_authenticator*>(api);
      SLUICE_NEEDS(table, authenticate);
      return {};
    }
    case SLUICE_KIND_DATA_SOURCE: {
      const auto* table = static_cast<const sluice_data_source*>(api);
      SLUICE_NEEDS(table, execute);
      return {};
    }
    case SLUICE_KIND_SERIALIZER: {
      const auto* table = static_cast<const sluice_serializer*>(api);
      SLUICE_NEEDS(table, open);
      SLUICE_NEEDS(table, close);
      if (table->media_type.n == 0 || !is_readable(table->media_type, kTextBytesMax)) {
        return "has no media type";
      }
      return {};
    }
    case SLUICE_KIND_BACKEND: {
      const auto* table = static_cast<const sluice_backend*>(api);
      SLUICE_NEEDS(table, handle);
      return {};
    }
    case SLUICE_KIND_STORE: {
      const auto* table = static_cast<const sluice_store*>(api);
      SLUICE_NEEDS(table, commit);
      SLUICE_NEEDS(table, get);
      SLUICE_NEEDS(table, scan);
      SLUICE_NEEDS(table, changes);
      SLUICE_NEEDS(table, revision);
      return {};
    }
    default:
      return "is of a kind this gateway does not know";
  }
}

std::string find_component_fault(const sluice_component& c) {
  if (!SLUICE_FIELD(&c, destroy)) return "has a table that is too small";
  if (name_kind(c.kind).empty()) {
    return "is of kind " + std::to_string(c.kind) + ", which this gateway does not know";
  }
  if (name_exec(c.exec).empty()) {
    return "has execution class " + std::to_string(c.exec) + ", which this gateway does not know";
  }
  if (!c.create) return "has no create()";
  if (!c.destroy) return "has no destroy()";
  if (auto fault = find_api_fault(c.kind, c.api); !fault.empty()) return fault;
  if (!is_readable(c.title, kTextBytesMax) || !is_readable(c.summary, kTextBytesMax)) {
    return "has a title or summary that cannot be read";
  }
  if (c.settings_schema.n == 0 || !is_readable(c.settings_schema, kSchemaBytesMax)) {
    return "has no settings schema";
  }
  if (auto fault = config::find_schema_fault(to_view(c.settings_schema)); !fault.empty()) {
    return "has a settings schema that " + fault;
  }
  return {};
}

}  // namespace

std::string_view name_kind(std::uint32_t kind) noexcept {
  switch (kind) {
    case SLUICE_KIND_AUTHENTICATOR:
      return "authenticator";
    case SLUICE_KIND_DATA_SOURCE:
      return "data-source";
    case SLUICE_KIND_SERIALIZER:
      return "serializer";
    case SLUICE_KIND_BACKEND:
      return "backend";
    case SLUICE_KIND_STORE:
      return "store";
    default:
      return {};
  }
}

std::string_view name_exec(std::uint32_t exec) noexcept {
  switch (exec) {
    case SLUICE_EXEC_INLINE:
      return "inline";
    case SLUICE_EXEC_WORKER:
      return "worker";
    case SLUICE_EXEC_ASYNC:
      return "async";
    case SLUICE_EXEC_INLINE_FIRST:
      return "inline-first";
    default:
      return {};
  }
}

std::string find_table_fault(const sluice_plugin& plugin) {
  if (!SLUICE_FIELD(&plugin, component_count)) return "its table is too small";
  if (plugin.abi_major != SLUICE_ABI_MAJOR) {
    return "its table is of ABI " + std::to_string(plugin.abi_major);
  }
  if (!is_id(plugin.id)) return "its id is empty or has characters other than a-z 0-9 . - _";
  for (const sluice_str text : {plugin.version, plugin.vendor, plugin.license, plugin.sdk}) {
    if (!is_readable(text, kTextBytesMax)) return "its version or vendor cannot be read";
  }
  if (plugin.component_count == 0 || !plugin.components) return "it has no components";
  if (plugin.component_count > kComponentsMax) {
    return "it has more than " + std::to_string(kComponentsMax) + " components";
  }
  for (std::uint32_t i = 0; i < plugin.component_count; ++i) {
    const sluice_component* component = plugin.components[i];
    const std::string nth = "component " + std::to_string(i + 1);
    if (!component || !SLUICE_FIELD(component, type)) return nth + " has no table";
    if (!is_id(component->type)) return nth + " has no type, or one that is no plain name";
    if (auto fault = find_component_fault(*component); !fault.empty()) {
      return "its component '" + std::string(to_view(component->type)) + "' " + fault;
    }
  }
  return {};
}

}  // namespace sluice::loader
