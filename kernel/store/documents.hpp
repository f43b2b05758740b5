// SPDX-License-Identifier: Apache-2.0
#pragma once
// Nouns as documents: one JSON text each, with a format version. Called by the repository, and by
// export. Pure. Unknown members are refused: a newer gateway's document must not lose half of what
// it says because an older one rewrote it.

#include "model/nouns.hpp"
#include "store/sealer.hpp"

#include <sluice/result.hpp>

#include <array>
#include <compare>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::store {

inline constexpr int kDocumentFormat = 1;

enum class Kind {
  kWorkspace,
  kDataSource,
  kNetwork,
  kResourceGroup,
  kGatewayInstance,
  kDomain,
  kBackendService,
  kRestApi,
  kWorkflow,
  kApi,
  kVersion,
  kDeployment,
  kPublishRecord,
  kConsumer,
  kCredential,
  kAuthorization,
  kTestRecord,
  kMember,
  kToken,
};
inline constexpr std::array kKinds = {
    Kind::kWorkspace,       Kind::kDataSource, Kind::kNetwork,        Kind::kResourceGroup,
    Kind::kGatewayInstance, Kind::kDomain,     Kind::kBackendService, Kind::kRestApi,
    Kind::kWorkflow,        Kind::kApi,        Kind::kVersion,        Kind::kDeployment,
    Kind::kPublishRecord,   Kind::kConsumer,   Kind::kCredential,     Kind::kAuthorization,
    Kind::kTestRecord,      Kind::kMember,     Kind::kToken,
};
std::string_view to_text(Kind kind);  // "workspace", "data-source" ...

// Which document: the kind, and the key that model::State has it under.
struct DocumentRef {
  Kind kind = Kind::kWorkspace;
  std::string key;
  auto operator<=>(const DocumentRef&) const = default;
};

template <class T>
inline constexpr Kind kKindOf = Kind::kWorkspace;
template <>
inline constexpr Kind kKindOf<model::DataSource> = Kind::kDataSource;
template <>
inline constexpr Kind kKindOf<model::GatewayInstance> = Kind::kGatewayInstance;
template <>
inline constexpr Kind kKindOf<model::Network> = Kind::kNetwork;
template <>
inline constexpr Kind kKindOf<model::ResourceGroup> = Kind::kResourceGroup;
template <>
inline constexpr Kind kKindOf<model::Domain> = Kind::kDomain;
template <>
inline constexpr Kind kKindOf<model::BackendService> = Kind::kBackendService;
template <>
inline constexpr Kind kKindOf<model::RestApi> = Kind::kRestApi;
template <>
inline constexpr Kind kKindOf<model::Workflow> = Kind::kWorkflow;
template <>
inline constexpr Kind kKindOf<model::Api> = Kind::kApi;
template <>
inline constexpr Kind kKindOf<model::ApiVersion> = Kind::kVersion;
template <>
inline constexpr Kind kKindOf<model::Deployment> = Kind::kDeployment;
template <>
inline constexpr Kind kKindOf<model::PublishRecord> = Kind::kPublishRecord;
template <>
inline constexpr Kind kKindOf<model::Consumer> = Kind::kConsumer;
template <>
inline constexpr Kind kKindOf<model::Credential> = Kind::kCredential;
template <>
inline constexpr Kind kKindOf<model::Authorization> = Kind::kAuthorization;
template <>
inline constexpr Kind kKindOf<model::TestRecord> = Kind::kTestRecord;
template <>
inline constexpr Kind kKindOf<model::Member> = Kind::kMember;
template <>
inline constexpr Kind kKindOf<model::Token> = Kind::kToken;

// The document of a noun in `state`; absent when it has none under that key. An Error: the noun
// holds text that is not UTF-8.
// Its secrets are sealed.
Result<std::optional<std::string>> make_document(const model::State& state, const DocumentRef& ref,
                                                 const Sealer& sealer);

// Settings of a component as they may be told: what its schema marks as secret is masked. `kind`
// and `type` name the component: "data-source" and "sqlite". Without one, all settings are masked.
using SettingsMask = std::function<std::string(std::string_view kind, std::string_view type,
                                               const std::string& settings_json)>;

// A noun as it may be told and compared: no secret is in it, but a keyed fingerprint of each, so
// that a change of a secret shows.
struct Described {
  std::string json;
  std::string tag;  // of what can be edited: equal tags, equal content
};
// Members of a document that change without anybody editing the noun: a test that passes is no edit
// of the draft. They are told, and no part of the tag.
std::span<const std::string_view> list_kept_books(Kind kind);

// The beginning of the text's SHA-256, in hexadecimal.
std::string make_tag(std::string_view text);

Result<std::optional<Described>> describe_document(const model::State& state,
                                                   const DocumentRef& ref, const Sealer& sealer,
                                                   const SettingsMask& mask);

// Puts the noun that a document describes into `state`. An Error (SLUICE_E_CONFIG) names the
// document and what is wrong with it: the store was written by something else, or is damaged.
Result<void> load_document(std::string_view kind, std::string_view key, std::string_view body,
                           const Sealer& sealer, model::State& state);

}  // namespace sluice::store
