// SPDX-License-Identifier: Apache-2.0
#include "admin/secrets.hpp"

#include "admin/admin_api.hpp"

#include <memory>

namespace sluice::admin {
namespace {

constexpr int kSchemaDepthMax = 64;  // references may go round in circles

void mask_all(Json& value) {
  if (value.is_structured()) {
    for (auto& item : value) mask_all(item);
  } else if (!value.is_null()) {
    value = kSecretMask;
  }
}

bool is_marked(const Json& schema) {
  return schema.value("x-sluice-secret", Json(false)) == Json(true) ||
         schema.value("format", Json()) == Json("password");
}

// Masks what any schema that may apply to `value` marks: alternatives (oneOf ...) are all followed,
// for a secret of the wrong alternative is a secret too.
class Masker {
 public:
  explicit Masker(const Json& root) : root_(root) {}

  void mask(Json& value, const Json& schema, int depth) const {
    if (!schema.is_object()) return;
    if (depth > kSchemaDepthMax || is_marked(schema)) return mask_all(value);
    if (const auto ref = schema.find("$ref"); ref != schema.end() && ref->is_string()) {
      const auto& text = ref->get_ref<const std::string&>();
      const auto* target = find_local(text);
      if (!target) return mask_all(value);
      mask(value, *target, depth + 1);
    }
    for (const char* word : {"allOf", "anyOf", "oneOf"}) {
      if (const auto list = schema.find(word); list != schema.end() && list->is_array()) {
        for (const auto& alternative : *list) mask(value, alternative, depth + 1);
      }
    }
    for (const char* word : {"if", "then", "else"}) {
      if (const auto part = schema.find(word); part != schema.end()) mask(value, *part, depth + 1);
    }
    if (value.is_object()) mask_members(value, schema, depth);
    if (value.is_array()) {
      for (const char* word : {"items", "additionalItems", "contains"}) {
        const auto items = schema.find(word);
        if (items == schema.end()) continue;
        for (auto& item : value) mask(item, *items, depth + 1);
      }
    }
  }

 private:
  void mask_members(Json& value, const Json& schema, int depth) const {
    const auto properties = schema.find("properties");
    for (auto& [name, item] : value.items()) {
      if (properties != schema.end() && properties->contains(name)) {
        mask(item, (*properties)[name], depth + 1);
      } else if (const auto rest = schema.find("additionalProperties"); rest != schema.end()) {
        mask(item, *rest, depth + 1);
      }
      // Patterns are not matched: what one of them marks is masked under every name.
      if (const auto patterns = schema.find("patternProperties"); patterns != schema.end()) {
        for (const auto& pattern : *patterns) mask(item, pattern, depth + 1);
      }
    }
  }

  const Json* find_local(const std::string& reference) const {
    if (reference.rfind('#', 0) != 0) return nullptr;
    try {
      const Json::json_pointer pointer(reference.substr(1));
      return root_.contains(pointer) ? &root_[pointer] : nullptr;
    } catch (const Json::exception&) {
      return nullptr;
    }
  }

  const Json& root_;
};

void unmask_at(Json& value, const Json* stored, const std::string& where, model::Faults& faults) {
  if (value.is_object()) {
    for (auto& [name, item] : value.items()) {
      const auto* there =
          stored && stored->is_object() && stored->contains(name) ? &(*stored)[name] : nullptr;
      unmask_at(item, there, where + "/" + escape_pointer(name), faults);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto* there =
          stored && stored->is_array() && i < stored->size() ? &(*stored)[i] : nullptr;
      unmask_at(value[i], there, where + "/" + std::to_string(i), faults);
    }
  } else if (value == Json(kSecretMask)) {
    if (stored && !stored->is_structured()) {
      value = *stored;
    } else if (faults.size() < kFaultsMax) {
      faults.push_back({where,
                        {},
                        "is the mask of a secret, and no secret is stored there",
                        "write the secret itself"});
    }
  }
}

}  // namespace

SecretSettings::SecretSettings(const std::vector<loader::PluginReport>& plugins) {
  for (const auto& plugin : plugins) {
    for (const auto& component : plugin.components) {
      auto schema = Json::parse(component.settings_schema, nullptr, false);
      if (schema.is_object()) schemas_[{component.kind, component.type}] = std::move(schema);
    }
  }
}

store::SettingsMask make_settings_mask(const std::vector<loader::PluginReport>& plugins) {
  return [secrets = std::make_shared<const SecretSettings>(plugins)](
             std::string_view kind, std::string_view type, const std::string& settings_json) {
    return secrets->mask(kind, type, settings_json).dump();
  };
}

SecretSettings SecretSettings::make_open() {
  SecretSettings open{std::vector<loader::PluginReport>()};
  open.is_open_ = true;
  return open;
}

Json SecretSettings::mask(std::string_view kind, std::string_view type,
                          const std::string& settings_json) const {
  Json settings = Json::parse(settings_json, nullptr, false);
  if (!settings.is_object()) return Json::object();
  if (is_open_) return settings;
  const auto schema = schemas_.find({std::string(kind), std::string(type)});
  if (schema == schemas_.end()) {
    mask_all(settings);
  } else {
    Masker(schema->second).mask(settings, schema->second, 0);
  }
  return settings;
}

std::string SecretSettings::unmask(const Json& settings, const std::string& stored_json,
                                   const std::string& where, model::Faults& faults) {
  const Json stored = Json::parse(stored_json, nullptr, false);
  Json whole = settings;
  unmask_at(whole, stored.is_object() ? &stored : nullptr, where, faults);
  // Members in order of their names: the same settings are the same text, in whichever order they
  // came.
  return nlohmann::json::parse(whole.dump()).dump();
}

}  // namespace sluice::admin
