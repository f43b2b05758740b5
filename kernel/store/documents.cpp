// SPDX-License-Identifier: Apache-2.0
#include "store/documents.hpp"

#include "model/laws.hpp"
#include "store/digest.hpp"
#include "store/hex.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>
#include <utility>

namespace sluice::store {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kTagDigits = 16;

// Bytes that are no text, a digest for one.
struct Bytes {
  std::vector<std::string>& pieces;
};
struct Digest {
  std::string& bytes;
};
// What must not be read by whoever reads the store.
struct Secret {
  std::string& bytes;
};
// The same of a long text: rows of somebody's table.
struct SecretText {
  model::SharedText& text;
};
struct SecretPairs {
  std::vector<std::pair<std::string, std::string>>& pairs;
};
// Settings of a component, some of which may be secret; sealed as a whole, or as they are.
enum class Sealed { kNo, kYes };
struct Settings {
  std::string_view kind;  // of the component: "data-source"
  const std::string& type;
  std::string& json;
  Sealed sealed;
};

template <class E>
std::optional<E> parse_enum(std::string_view text) {
  if constexpr (std::is_same_v<E, model::HttpMethod>) return model::parse_http_method(text);
  if constexpr (std::is_same_v<E, model::ApiMode>) return model::parse_api_mode(text);
  if constexpr (std::is_same_v<E, model::ScriptMode>) return model::parse_script_mode(text);
  if constexpr (std::is_same_v<E, model::ParameterType>) return model::parse_parameter_type(text);
  if constexpr (std::is_same_v<E, model::Position>) return model::parse_position(text);
  if constexpr (std::is_same_v<E, model::Operator>) return model::parse_operator(text);
  if constexpr (std::is_same_v<E, model::LikeMatch>) return model::parse_like_match(text);
  if constexpr (std::is_same_v<E, model::Join>) return model::parse_join(text);
  if constexpr (std::is_same_v<E, model::Direction>) return model::parse_direction(text);
  if constexpr (std::is_same_v<E, model::Paging>) return model::parse_paging(text);
  if constexpr (std::is_same_v<E, model::ResultShape>) return model::parse_result_shape(text);
  if constexpr (std::is_same_v<E, model::Envelope>) return model::parse_envelope(text);
  if constexpr (std::is_same_v<E, model::VersionStatus>) return model::parse_version_status(text);
  if constexpr (std::is_same_v<E, model::NetworkAccess>) return model::parse_network_access(text);
  if constexpr (std::is_same_v<E, model::Specification>) return model::parse_specification(text);
  if constexpr (std::is_same_v<E, model::InstanceStatus>) return model::parse_instance_status(text);
  if constexpr (std::is_same_v<E, model::Protocol>) return model::parse_protocol(text);
  if constexpr (std::is_same_v<E, model::VersionScheme>) return model::parse_version_scheme(text);
  if constexpr (std::is_same_v<E, model::PublishAction>) return model::parse_publish_action(text);
  if constexpr (std::is_same_v<E, model::Visibility>) return model::parse_visibility(text);
  if constexpr (std::is_same_v<E, model::TestVerdict>) return model::parse_test_verdict(text);
  if constexpr (std::is_same_v<E, model::Role>) return model::parse_role(text);
  if constexpr (std::is_same_v<E, model::Right>) return model::parse_right(text);
  if constexpr (std::is_same_v<E, model::PrincipalKind>) return model::parse_principal_kind(text);
}

// ---- the members of each noun, once for both directions. A member that is absent from a document
// is an error: taking a default for it could switch an authentication off.

template <class V>
void visit(V& v, model::Workspace& n) {
  v("name", n.name);
  v("description", n.description);
  v("requires_approval", n.requires_approval);
  v("allows_self_approval", n.allows_self_approval);
  v("region", n.region);
}
template <class V>
void visit(V& v, model::DataSource& n) {
  v("workspace", n.workspace);
  v("name", n.name);
  v("type", n.type);
  v("settings", Settings{"data-source", n.type, n.settings_json, Sealed::kYes});
  v("description", n.description);
}
template <class V>
void visit(V& v, model::Network& n) {
  v("name", n.name);
  v("region", n.region);
  v("address_range", n.address_range);
  v("description", n.description);
}
template <class V>
void visit(V& v, model::ResourceGroup& n) {
  v("name", n.name);
  v("region", n.region);
  v("type", n.type);
  v("network", n.network);
  v("workspaces", n.workspaces);
  v("concurrency_max", n.concurrency_max);
  v("queue_max", n.queue_max);
  v("description", n.description);
}
template <class V>
void visit(V& v, model::GatewayInstance& n) {
  v("name", n.name);
  v("id", n.id);
  v("region", n.region);
  v("network", n.network);
  v("network_access", n.network_access);
  v("specification", n.specification);
  v("status", n.status);
  v("description", n.description);
  v("created_at", n.created_at);
}
template <class V>
void visit(V& v, model::Domain& n) {
  v("name", n.name);
  v("region", n.region);
  v("protocol", n.protocol);
  v("description", n.description);
}
template <class V>
void visit(V& v, model::HealthCheck& n) {
  v("path", n.path);
  v("interval_ms", n.interval_ms);
  v("timeout_ms", n.timeout_ms);
  v("healthy_threshold", n.healthy_threshold);
  v("unhealthy_threshold", n.unhealthy_threshold);
}
template <class V>
void visit(V& v, model::BackendService& n) {
  v("name", n.name);
  v("region", n.region);
  v("network", n.network);
  v("protocol", n.protocol);
  v("addresses", n.addresses);
  v("dns_name", n.dns_name);
  v("port", n.port);
  v("health_check", n.health_check);
  v("description", n.description);
}
template <class V>
void visit(V& v, model::VersionManagement& n) {
  v("enabled", n.enabled);
  v("scheme", n.scheme);
  v("version", n.version);
  v("name", n.name);
}
template <class V>
void visit(V& v, model::RestApi& n) {
  v("name", n.name);
  v("base_path", n.base_path);
  v("domain", n.domain);
  v("description", n.description);
  v("region", n.region);
  v("version_management", n.version_management);
}
template <class V>
void visit(V& v, model::Workflow& n) {
  v("id", n.id);
  v("workspace", n.workspace);
  v("name", n.name);
  v("rest_api", n.rest_api);
  v("gateway_type", n.gateway_type);
  v("folders", n.folders);
}
template <class V>
void visit(V& v, model::Validation& n) {
  v("allowed", n.allowed);
  v("min", n.min);
  v("max", n.max);
  v("min_length", n.min_length);
  v("max_length", n.max_length);
  v("pattern", n.pattern);
}
template <class V>
void visit(V& v, model::RequestParameter& n) {
  v("name", n.name);
  v("column", n.column);
  v("type", n.type);
  v("position", n.position);
  v("operator", n.op);
  v("required", n.required);
  v("default", n.default_value);
  v("sample", n.sample);
  v("description", n.description);
  v("match", n.match);
  v("validation", n.validation);
}
template <class V>
void visit(V& v, model::FixedCondition& n) {
  v("name", n.name);
  v("column", n.column);
  v("type", n.type);
  v("operator", n.op);
  v("value", n.value);
  v("match", n.match);
}
template <class V>
void visit(V& v, model::Condition& n) {
  v("name", n.name);
  v("join", n.join);
  v("items", n.items);
}
template <class V>
void visit(V& v, model::OrderKey& n) {
  v("column", n.column);
  v("direction", n.direction);
}
template <class V>
void visit(V& v, model::OrderChoice& n) {
  v("name", n.name);
  v("column", n.column);
}
template <class V>
void visit(V& v, model::CallerOrder& n) {
  v("parameter", n.parameter);
  v("choices", n.choices);
}
template <class V>
void visit(V& v, model::ResponseParameter& n) {
  v("name", n.name);
  v("column", n.column);
  v("type", n.type);
  v("sample", n.sample);
  v("description", n.description);
}
template <class V>
void visit(V& v, model::Authentication& n) {
  v("type", n.type);
  v("settings", Settings{"authenticator", n.type, n.settings_json, Sealed::kNo});
}
template <class V>
void visit(V& v, model::Script& n) {
  v("sql", n.sql);
  v("mode", n.mode);
}
template <class V>
void visit(V& v, model::ApiDefinition& n) {
  v("name", n.name);
  v("description", n.description);
  v("path", n.path);
  v("method", n.method);
  v("data_source", n.data_source);
  v("table", n.table);
  v("request_parameters", n.request_parameters);
  v("response_parameters", n.response_parameters);
  v("shape", n.shape);
  v("envelope", n.envelope);
  v("int64_as_string", n.int64_as_string);
  v("resource_group", n.resource_group);
  v("timeout_ms", n.timeout_ms);
  v("max_rows", n.max_rows);
  v("authentication", n.authentication);
  v("fixed_conditions", n.fixed_conditions);
  v("conditions", n.conditions);
  v("order", n.order);
  v("caller_order", n.caller_order);
  v("key_columns", n.key_columns);
  v("paging", n.paging);
  v("mode", n.mode);
  v("script", n.script);
  v("acceleration", n.acceleration);
  v("success_sample", n.success_sample);
  v("failure_sample", n.failure_sample);
}
template <class V>
void visit(V& v, model::Placement& n) {
  v("folder", n.folder);
  v("tags", n.tags);
  v("visibility", n.visibility);
}
template <class V>
void visit(V& v, model::TableColumn& n) {
  v("name", n.name);
  v("declared", n.declared);
  v("type", n.type);
  v("nullable", n.nullable);
  v("primary_key", n.primary_key);
}
template <class V>
void visit(V& v, model::TableIndex& n) {
  v("name", n.name);
  v("unique", n.unique);
  v("columns", n.columns);
}
template <class V>
void visit(V& v, model::TableFacts& n) {
  v("columns", n.columns);
  v("indexes", n.indexes);
}
template <class V>
void visit(V& v, model::Api& n) {
  v("id", n.id);
  v("workspace", n.workspace);
  v("workflow_id", n.workflow_id);
  v("draft", n.draft);
  v("draft_revision", n.draft_revision);
  v("tested_revision", n.tested_revision);
  v("last_version", n.last_version);
  v("placement", n.placement);
  v("owner", n.owner);
  v("tested_table", n.tested_table);
  v("last_test", n.last_test);
}
template <class V>
void visit(V& v, model::ApiVersion& n) {
  v("api_id", n.api_id);
  v("number", n.number);
  v("definition", n.definition);
  v("status", n.status);
  v("submitted_by", n.submitted_by);
  v("submitted_at", n.submitted_at);
  v("requested_by", n.requested_by);
  v("decided_by", n.decided_by);
  v("decision_reason", n.decision_reason);
  v("requested_at", n.requested_at);
  v("decided_at", n.decided_at);
  v("table", n.table);
}
template <class V>
void visit(V& v, model::Deployment& n) {
  v("api_id", n.api_id);
  v("instance", n.instance);
  v("version", n.version);
  v("backend", n.backend);
  v("deployed_by", n.deployed_by);
  v("deployed_at", n.deployed_at);
  v("environment", n.environment);
  v("record", n.record);
}
template <class V>
void visit(V& v, model::PublishRecord& n) {
  v("api_id", n.api_id);
  v("instance", n.instance);
  v("number", n.number);
  v("action", n.action);
  v("version", n.version);
  v("domain", n.domain);
  v("backend", n.backend);
  v("environment", n.environment);
  v("actor", n.actor);
  v("at", n.at);
}
template <class V>
void visit(V& v, model::Consumer& n) {
  v("name", n.name);
  v("workspace", n.workspace);
  v("description", n.description);
  v("enabled", n.enabled);
}
template <class V>
void visit(V& v, model::Credential& n) {
  v("id", n.id);
  v("consumer", n.consumer);
  v("type", n.type);
  v("lookups", Bytes{n.lookups});
  v("is_unique", n.is_unique);
  v("secret", Secret{n.secret});
  v("display", n.display);
  v("attributes", n.attributes);
  v("enabled", n.enabled);
  v("valid_from", n.valid_from);
  v("valid_until", n.valid_until);
  v("created_at", n.created_at);
  v("rank", n.rank);
  v("shown", SecretPairs{n.shown});
}
template <class V>
void visit(V& v, model::Authorization& n) {
  v("consumer", n.consumer);
  v("api_id", n.api_id);
  v("rest_api", n.rest_api);
  v("valid_until", n.valid_until);
  v("region", n.region);
}
template <class V>
void visit(V& v, model::TestRecord& n) {
  v("api_id", n.api_id);
  v("number", n.number);
  v("version", n.version);
  v("draft_revision", n.draft_revision);
  v("actor", n.actor);
  v("started_at", n.started_at);
  v("parameters", n.parameters);
  v("request_target", n.request_target);
  v("request_body", n.request_body);
  v("verdict", n.verdict);
  v("http_status", n.http_status);
  v("headers", n.headers);
  v("body", SecretText{n.body});
  v("is_body_cut", n.is_body_cut);
  v("duration_us", n.duration_us);
  v("sql", n.sql);
  v("hints", n.hints);
  v("fault", n.fault);
  v("notes", n.notes);
}
template <class V>
void visit(V& v, model::Member& n) {
  v("workspace", n.workspace);
  v("name", n.name);
  v("roles", n.roles);
  v("rights", n.rights);
}
template <class V>
void visit(V& v, model::Token& n) {
  v("id", n.id);
  v("name", n.name);
  v("kind", n.kind);
  v("description", n.description);
  v("sha256", Digest{n.sha256});
  v("display", n.display);
  v("enabled", n.enabled);
  v("valid_until", n.valid_until);
  v("created_at", n.created_at);
  v("created_by", n.created_by);
}

std::string key_of(const model::Workspace& n) { return n.name; }
std::string key_of(const model::DataSource& n) { return model::make_key(n.workspace, n.name); }
std::string key_of(const model::GatewayInstance& n) { return n.name; }
std::string key_of(const model::Network& n) { return model::make_key(n.region, n.name); }
std::string key_of(const model::ResourceGroup& n) { return model::make_key(n.region, n.name); }
std::string key_of(const model::Domain& n) { return n.name; }
std::string key_of(const model::BackendService& n) { return model::make_key(n.region, n.name); }
std::string key_of(const model::RestApi& n) { return model::make_key(n.region, n.name); }
std::string key_of(const model::Workflow& n) { return n.id; }
std::string key_of(const model::Api& n) { return n.id; }
std::string key_of(const model::ApiVersion& n) {
  return model::make_version_key(n.api_id, n.number);
}
std::string key_of(const model::Deployment& n) { return model::make_key(n.api_id, n.instance); }
std::string key_of(const model::PublishRecord& n) {
  return model::make_record_key(n.api_id, n.instance, n.number);
}
std::string key_of(const model::Consumer& n) { return n.name; }
std::string key_of(const model::Credential& n) { return n.id; }
std::string key_of(const model::Authorization& n) { return model::make_authorization_key(n); }
std::string key_of(const model::TestRecord& n) { return model::make_test_key(n.api_id, n.number); }
std::string key_of(const model::Member& n) { return model::make_key(n.workspace, n.name); }
std::string key_of(const model::Token& n) { return n.id; }

// ---- noun -> JSON

// A sealing that fails unwinds to make_document().
struct SealingFailed {
  Error error;
};

// How secrets are written: for the store, or so that they may be told.
class Secrecy {
 public:
  virtual ~Secrecy() = default;
  virtual Json write_digest(const std::string& bytes) const = 0;
  virtual Json write_secret(const std::string& bytes) const = 0;
  virtual Json write_settings(const Settings& settings) const = 0;
};

class Sealing final : public Secrecy {
 public:
  Sealing(const Sealer& sealer, std::string place) : sealer_(sealer), place_(std::move(place)) {}
  Json write_digest(const std::string& bytes) const override { return make_hex(bytes); }
  Json write_secret(const std::string& bytes) const override {
    auto sealed = sealer_.seal(bytes, place_);
    if (!sealed) throw SealingFailed{sealed.error()};
    return std::move(*sealed);
  }
  Json write_settings(const Settings& settings) const override {
    return settings.sealed == Sealed::kYes ? write_secret(settings.json) : Json(settings.json);
  }

 private:
  const Sealer& sealer_;
  std::string place_;  // of the record: "credential/c1"
};

class Telling final : public Secrecy {
 public:
  Telling(const Sealer& sealer, std::string place, const SettingsMask& mask)
      : sealer_(sealer), place_(std::move(place)), mask_(mask) {}
  Json write_digest(const std::string& bytes) const override { return write_secret(bytes); }
  Json write_secret(const std::string& bytes) const override {
    return std::string(kMask) + " " + sealer_.make_fingerprint(bytes, place_);
  }
  Json write_settings(const Settings& settings) const override {
    auto told =
        mask_ ? Json::parse(mask_(settings.kind, settings.type, settings.json), nullptr, false)
              : Json();
    return {{"told", told.is_object() ? std::move(told) : Json(std::string(kMask))},
            {"fingerprint", sealer_.make_fingerprint(settings.json, place_)}};
  }

 private:
  static constexpr std::string_view kMask = "********";
  const Sealer& sealer_;
  std::string place_;
  const SettingsMask& mask_;
};

class Writer {
 public:
  explicit Writer(const Secrecy& secrecy) : secrecy_(secrecy) {}
  template <class T>
  void operator()(const char* name, T&& value) {
    json_[name] = make_json(value);
  }
  Json take() { return std::move(json_); }

 private:
  template <class T>
  Json make_json(T& value) {
    using Value = std::remove_const_t<T>;
    if constexpr (std::is_enum_v<Value>) {
      return std::string(model::to_text(value));
    } else if constexpr (std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>) {
      return value;
    } else if constexpr (std::is_same_v<Value, model::SharedText>) {
      return value.get();
    } else {
      Writer inner(secrecy_);
      visit(inner, value);
      return inner.take();
    }
  }
  Json make_json(Bytes& value) {
    auto array = Json::array();
    for (const auto& piece : value.pieces) array.push_back(secrecy_.write_digest(piece));
    return array;
  }
  Json make_json(Digest& value) { return secrecy_.write_digest(value.bytes); }
  Json make_json(Secret& value) { return secrecy_.write_secret(value.bytes); }
  Json make_json(SecretPairs& value) {
    return secrecy_.write_secret(make_json(value.pairs).dump());
  }
  Json make_json(SecretText& value) {
    return value.text.empty() ? Json("") : secrecy_.write_secret(value.text.get());
  }
  Json make_json(Settings& value) { return secrecy_.write_settings(value); }
  template <class T>
  Json make_json(std::optional<T>& value) {
    return value ? make_json(*value) : Json(nullptr);
  }
  template <class T>
  Json make_json(std::vector<T>& values) {
    auto array = Json::array();
    for (auto& value : values) array.push_back(make_json(value));
    return array;
  }
  Json make_json(std::pair<std::string, std::string>& value) {
    return Json::array({value.first, value.second});
  }

  const Secrecy& secrecy_;
  Json json_ = Json::object();
};

// ---- JSON -> noun; stops at the first thing that is wrong

struct Malformed {
  std::string where, what;
  bool is_about_sealing = false;
};

class Reader {
 public:
  Reader(const Json& json, std::string where, const Sealer& sealer, std::string place)
      : json_(json), where_(std::move(where)), sealer_(sealer), place_(std::move(place)) {
    if (!json_.is_object()) throw Malformed{where_, "is no object"};
  }
  template <class T>
  void operator()(const char* name, T&& value) {
    const auto it = json_.find(name);
    const auto where = where_ + "/" + name;
    if (it == json_.end()) throw Malformed{where, "is missing"};
    read(*it, where, value);
    seen_.insert(name);
  }
  void refuse_unknown() const {
    for (const auto& [name, value] : json_.items()) {
      if (!seen_.contains(name)) throw Malformed{where_ + "/" + name, "is not known"};
    }
  }

 private:
  template <class T>
  void read(const Json& json, const std::string& where, T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!json.is_boolean()) throw Malformed{where, "is neither true nor false"};
      value = json.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      value = read_integer<T>(json, where);
    } else if constexpr (std::is_enum_v<T>) {
      const auto parsed = parse_enum<T>(read_text(json, where));
      if (!parsed) throw Malformed{where, "has an unknown word"};
      value = *parsed;
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = read_text(json, where);
    } else if constexpr (std::is_same_v<T, model::SharedText>) {
      value = model::SharedText(read_text(json, where));
    } else {
      Reader inner(json, where, sealer_, place_);
      visit(inner, value);
      inner.refuse_unknown();
    }
  }
  void read(const Json& json, const std::string& where, Bytes& value) {
    std::vector<std::string> texts;
    read(json, where, texts);
    value.pieces.clear();
    for (const auto& text : texts) {
      auto bytes = parse_hex(text);
      if (!bytes) {
        throw Malformed{where + "/" + std::to_string(value.pieces.size()),
                        "is no hexadecimal text"};
      }
      value.pieces.push_back(std::move(*bytes));
    }
  }
  void read(const Json& json, const std::string& where, Digest& value) {
    auto bytes = parse_hex(read_text(json, where));
    if (!bytes) throw Malformed{where, "is no hexadecimal text"};
    value.bytes = std::move(*bytes);
  }
  std::string open_secret(const Json& json, const std::string& where) const {
    auto secret = sealer_.open(read_text(json, where), place_);
    if (!secret) throw Malformed{where, secret.error().detail, true};
    return std::move(*secret);
  }
  void read(const Json& json, const std::string& where, Secret& value) {
    value.bytes = open_secret(json, where);
  }
  void read(const Json& json, const std::string& where, SecretPairs& value) {
    const auto pairs = Json::parse(open_secret(json, where), nullptr, false);
    if (pairs.is_discarded()) throw Malformed{where, "is no JSON"};
    read(pairs, where, value.pairs);
  }
  void read(const Json& json, const std::string& where, Settings& value) {
    value.json = value.sealed == Sealed::kYes ? open_secret(json, where) : read_text(json, where);
  }
  void read(const Json& json, const std::string& where, SecretText& value) {
    std::string bytes;
    Secret secret{bytes};
    if (!read_text(json, where).empty()) read(json, where, secret);
    value.text = model::SharedText(std::move(bytes));
  }
  template <class T>
  void read(const Json& json, const std::string& where, std::optional<T>& value) {
    value.reset();
    if (!json.is_null()) read(json, where, value.emplace());
  }
  template <class T>
  void read(const Json& json, const std::string& where, std::vector<T>& values) {
    if (!json.is_array()) throw Malformed{where, "is no array"};
    values.clear();
    for (const auto& item : json) {
      const auto place = where + "/" + std::to_string(values.size());
      read(item, place, values.emplace_back());
    }
  }
  void read(const Json& json, const std::string& where,
            std::pair<std::string, std::string>& value) {
    if (!json.is_array() || json.size() != 2) throw Malformed{where, "is no pair"};
    value = {read_text(json[0], where + "/0"), read_text(json[1], where + "/1")};
  }
  static const std::string& read_text(const Json& json, const std::string& where) {
    if (!json.is_string()) throw Malformed{where, "is no text"};
    return json.get_ref<const std::string&>();
  }
  template <class T>
  static T read_integer(const Json& json, const std::string& where) {
    const Malformed malformed{where, "is no integer of the right range"};
    if (json.is_number_unsigned()) {
      const auto number = json.get<std::uint64_t>();
      if (!std::in_range<T>(number)) throw malformed;
      return static_cast<T>(number);
    }
    if (!json.is_number_integer()) throw malformed;
    const auto number = json.get<std::int64_t>();
    if (!std::in_range<T>(number)) throw malformed;
    return static_cast<T>(number);
  }

  const Json& json_;
  std::string where_;
  const Sealer& sealer_;
  std::string place_;
  std::set<std::string, std::less<>> seen_;
};

// Hands the collection of `kind` to `step`.
template <class State, class Step>
auto with_collection(State& state, Kind kind, Step step) {
  switch (kind) {
    case Kind::kWorkspace:
      return step(state.workspaces);
    case Kind::kDataSource:
      return step(state.data_sources);
    case Kind::kGatewayInstance:
      return step(state.gateway_instances);
    case Kind::kNetwork:
      return step(state.networks);
    case Kind::kResourceGroup:
      return step(state.resource_groups);
    case Kind::kDomain:
      return step(state.domains);
    case Kind::kBackendService:
      return step(state.backend_services);
    case Kind::kRestApi:
      return step(state.rest_apis);
    case Kind::kWorkflow:
      return step(state.workflows);
    case Kind::kApi:
      return step(state.apis);
    case Kind::kVersion:
      return step(state.versions);
    case Kind::kDeployment:
      return step(state.deployments);
    case Kind::kPublishRecord:
      return step(state.publish_records);
    case Kind::kConsumer:
      return step(state.consumers);
    case Kind::kCredential:
      return step(state.credentials);
    case Kind::kAuthorization:
      return step(state.authorizations);
    case Kind::kTestRecord:
      return step(state.test_records);
    case Kind::kMember:
      return step(state.members);
    case Kind::kToken:
      return step(state.tokens);
  }
  std::abort();  // no such Kind
}

std::optional<Kind> parse_kind(std::string_view text) {
  for (const auto kind : kKinds) {
    if (to_text(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string make_place(Kind kind, std::string_view key) {
  return model::make_key(to_text(kind), key);
}

template <class T>
void load_into(const Json& json, std::string_view key, const Sealer& sealer,
               model::Collection<T>& collection) {
  T noun;
  Reader reader(json, "", sealer, make_place(kKindOf<T>, key));
  int format = 0;
  reader("format", format);
  if (format != kDocumentFormat) {
    throw Malformed{"/format", "is " + std::to_string(format) + ", this release knows " +
                                   std::to_string(kDocumentFormat)};
  }
  visit(reader, noun);
  reader.refuse_unknown();
  if (key_of(noun) != key) throw Malformed{"", "lies under a key that is not its own"};
  collection.put(std::string(key), std::move(noun));
}

}  // namespace

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::kWorkspace:
      return "workspace";
    case Kind::kDataSource:
      return "data-source";
    case Kind::kGatewayInstance:
      return "gateway-instance";
    case Kind::kNetwork:
      return "network";
    case Kind::kResourceGroup:
      return "resource-group";
    case Kind::kDomain:
      return "domain";
    case Kind::kBackendService:
      return "backend-service";
    case Kind::kRestApi:
      return "rest-api";
    case Kind::kWorkflow:
      return "workflow";
    case Kind::kApi:
      return "api";
    case Kind::kVersion:
      return "version";
    case Kind::kDeployment:
      return "deployment";
    case Kind::kPublishRecord:
      return "publish-record";
    case Kind::kConsumer:
      return "consumer";
    case Kind::kCredential:
      return "credential";
    case Kind::kAuthorization:
      return "authorization";
    case Kind::kTestRecord:
      return "test-record";
    case Kind::kMember:
      return "member";
    case Kind::kToken:
      return "token";
  }
  return "?";
}

namespace {

std::optional<Json> write_noun(const model::State& state, const DocumentRef& ref,
                               const Secrecy& secrecy) {
  return with_collection(state, ref.kind, [&](const auto& collection) -> std::optional<Json> {
    const auto* noun = collection.find(ref.key);
    if (!noun) return std::nullopt;
    auto copy = *noun;  // visit() serves both directions, so it wants something to write to
    Writer writer(secrecy);
    visit(writer, copy);
    return writer.take();
  });
}

Error not_utf8(const DocumentRef& ref, const char* internal) {
  return {SLUICE_E_ARGUMENT,
          "a text of " + std::string(to_text(ref.kind)) + " '" + ref.key +
              "' is not valid UTF-8: send it as UTF-8",
          internal,
          {}};
}

}  // namespace

Result<std::optional<std::string>> make_document(const model::State& state, const DocumentRef& ref,
                                                 const Sealer& sealer) try {
  auto json = write_noun(state, ref, Sealing(sealer, make_place(ref.kind, ref.key)));
  if (!json) return std::optional<std::string>();
  (*json)["format"] = kDocumentFormat;
  return std::optional<std::string>(json->dump());
} catch (const SealingFailed& failed) {
  return failed.error;
} catch (const Json::exception& e) {
  return not_utf8(ref, e.what());
}

std::span<const std::string_view> list_kept_books(Kind kind) {
  static constexpr std::array<std::string_view, 5> kOfApi = {
      "draft_revision", "tested_revision", "last_version", "tested_table", "last_test"};
  if (kind == Kind::kApi) return kOfApi;
  return {};
}

std::string make_tag(std::string_view text) {
  return make_hex(make_sha256(text)).substr(0, kTagDigits);
}

Result<std::optional<Described>> describe_document(const model::State& state,
                                                   const DocumentRef& ref, const Sealer& sealer,
                                                   const SettingsMask& mask) try {
  auto json = write_noun(state, ref, Telling(sealer, make_place(ref.kind, ref.key), mask));
  if (!json) return std::optional<Described>();
  Described described{json->dump(), {}};
  for (const auto member : list_kept_books(ref.kind)) json->erase(std::string(member));
  described.tag = make_tag(json->dump());
  return std::optional<Described>(std::move(described));
} catch (const Json::exception& e) {
  return not_utf8(ref, e.what());
}

Result<void> load_document(std::string_view kind, std::string_view key, std::string_view body,
                           const Sealer& sealer, model::State& state) try {
  const auto known = parse_kind(kind);
  if (!known) throw Malformed{"", "is of a kind that this release does not know"};
  const auto json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) throw Malformed{"", "is no JSON"};
  with_collection(state, *known,
                  [&](auto& collection) { load_into(json, key, sealer, collection); });
  return {};
} catch (const Malformed& e) {
  const auto document = std::string(kind) + "/" + std::string(key);
  return Error{SLUICE_E_CONFIG,
               "the store's document " + document + e.where + " " + e.what +
                   (e.is_about_sealing ? "" : ": it was written by a newer release, or is damaged"),
               {},
               "/" + document};
}

}  // namespace sluice::store
