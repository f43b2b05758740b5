// SPDX-License-Identifier: Apache-2.0
// From a tested draft to a version that can be published: versions and their approval.
#include "studio/edit_parts.hpp"

#include <utility>

namespace sluice::studio {
namespace {

std::string label(std::string_view api_name, unsigned number) {
  return model::make_version_key(api_name, number);
}

Error wrong_status(const model::ApiVersion& version, std::string_view rule,
                   std::string_view remedy) {
  return conflict("version V" + std::to_string(version.number) + " is " +
                  std::string(to_text(version.status)) + " (" + std::string(rule) +
                  "): " + std::string(remedy));
}

}  // namespace

Result<model::ApiVersion> Edit::submit(std::string_view api_id) {
  const auto* found = state_.apis.find(api_id);
  if (!found) return not_found("API", api_id);
  auto api = *found;
  if (auto allowed = check_owner(api); !allowed) return allowed.error();
  if (auto faults = find_faults(api.draft); !faults.empty()) return make_error(faults);
  if (auto missing = find_missing_parts(state_, lower_floor_, api.workspace, api.draft);
      !missing.empty()) {
    return make_error(missing);
  }
  if (auto right = check_reference(api.draft, api.workspace); !right) return right.error();
  if (auto group =
          find_usable_group(state_, api.workspace, api.draft.resource_group, NetworkNeed::kNeeded);
      !group) {
    return group.error();
  }
  if (api.tested_revision != api.draft_revision) {
    return conflict("the draft of '" + api.draft.name +
                    "' has not passed its test since it was last edited (R109): test it, then "
                    "submit");
  }
  const auto* workspace = state_.workspaces.find(api.workspace);
  if (!workspace) return not_found("workspace", api.workspace);

  model::ApiVersion version;
  version.api_id = api.id;
  version.number = ++api.last_version;
  version.definition = api.draft;
  version.status = workspace->requires_approval ? model::VersionStatus::kToBeRequested
                                                : model::VersionStatus::kCanBePublished;
  version.submitted_by = actor_;
  version.submitted_at = clock_.now_ms();
  version.table = api.tested_table;

  const auto name = name_of(api);
  auto kept = keep(model::make_version_key(api.id, version.number), label(name, version.number),
                   std::move(version));
  auto key = api.id;
  keep(std::move(key), name, std::move(api));
  return std::move(kept.stored);
}

Result<Put<model::ApiVersion>> Edit::restore_version(model::ApiVersion version) {
  const auto* found = state_.apis.find(version.api_id);
  if (!found) return not_found("API", version.api_id, "/api_id");
  auto api = *found;
  const auto name = name_of(api);
  auto key = model::make_version_key(version.api_id, version.number);
  if (const auto* before = state_.versions.find(key)) {
    if (*before != version) {
      return conflict("version V" + std::to_string(version.number) +
                          " exists and is another one, and versions never change (R119): submit "
                          "the draft as a new version",
                      "/number");
    }
    return keep(std::move(key), label(name, version.number), std::move(version));
  }
  if (version.number <= api.last_version) {  // 0 too
    return conflict("version numbers rise (R118): the next one is at least V" +
                        std::to_string(api.last_version + 1),
                    "/number");
  }
  auto faults = find_faults(version.definition);
  if (faults.empty()) {
    faults = find_missing_parts(state_, lower_floor_, api.workspace, version.definition);
  }
  for (auto& fault : faults) fault.where.insert(0, "/definition");
  if (!faults.empty()) return make_error(faults);

  api.last_version = version.number;
  auto api_key = api.id;
  keep(std::move(api_key), name, std::move(api));
  const auto number = version.number;
  return keep(std::move(key), label(name, number), std::move(version));
}

// ---- approval

Result<model::ApiVersion> Edit::set_status(model::ApiVersion version, model::VersionStatus status) {
  const auto* api = state_.apis.find(version.api_id);
  version.status = status;
  auto key = model::make_version_key(version.api_id, version.number);
  auto name = label(api ? name_of(*api) : version.api_id, version.number);
  return keep(std::move(key), std::move(name), std::move(version)).stored;
}

Result<model::ApiVersion> Edit::request_approval(std::string_view api_id, unsigned number) {
  auto found = find_version(state_, api_id, number);
  if (!found) return found.error();
  auto& version = found->version;
  if (version.status != model::VersionStatus::kToBeRequested &&
      version.status != model::VersionStatus::kRejected) {
    return wrong_status(version, "R122",
                        version.status == model::VersionStatus::kUnderApproval
                            ? "wait for the approver"
                            : "it needs no approval, publish it");
  }
  version.requested_by = actor_;
  version.requested_at = clock_.now_ms();
  version.decided_by.clear();
  version.decided_at = 0;
  version.decision_reason.clear();
  return set_status(std::move(version), model::VersionStatus::kUnderApproval);
}

Result<model::ApiVersion> Edit::withdraw(std::string_view api_id, unsigned number) {
  auto found = find_version(state_, api_id, number);
  if (!found) return found.error();
  auto& version = found->version;
  if (version.status != model::VersionStatus::kUnderApproval) {
    return wrong_status(version, "R122", "only a request that waits can be withdrawn");
  }
  if (version.requested_by != actor_) {
    return Error{SLUICE_E_FORBIDDEN,
                 "'" + version.requested_by +
                     "' asked for this approval (R122): only who asked takes it back; an approver "
                     "may reject it",
                 {},
                 {}};
  }
  version.requested_by.clear();
  version.requested_at = 0;
  return set_status(std::move(version), model::VersionStatus::kToBeRequested);
}

Result<model::ApiVersion> Edit::approve(std::string_view api_id, unsigned number) {
  auto found = find_version(state_, api_id, number);
  if (!found) return found.error();
  auto& version = found->version;
  if (version.status != model::VersionStatus::kUnderApproval) {
    return wrong_status(version, "R123", "only a version under approval can be approved");
  }
  const auto* workspace = state_.workspaces.find(found->api.workspace);
  const bool is_own = version.requested_by == actor_ || version.submitted_by == actor_;
  if (is_own && !(workspace && workspace->allows_self_approval)) {
    return Error{SLUICE_E_FORBIDDEN,
                 "who submitted a version or asked for its approval may not give it (R123): let "
                 "somebody else approve, or "
                 "allow it in the workspace (allows_self_approval)",
                 {},
                 {}};
  }
  version.decided_by = actor_;
  version.decided_at = clock_.now_ms();
  version.decision_reason.clear();
  return set_status(std::move(version), model::VersionStatus::kCanBePublished);
}

Result<model::ApiVersion> Edit::reject(std::string_view api_id, unsigned number,
                                       std::string reason) {
  auto found = find_version(state_, api_id, number);
  if (!found) return found.error();
  auto& version = found->version;
  if (version.status != model::VersionStatus::kUnderApproval) {
    return wrong_status(version, "R124", "only a version under approval can be rejected");
  }
  const auto characters = model::count_characters(reason);
  if (!characters || *characters == 0 || *characters > kReasonCharactersMax) {
    return wrong("say why it is rejected (R124), in 1 to " + std::to_string(kReasonCharactersMax) +
                     " characters",
                 "/reason");
  }
  version.decided_by = actor_;
  version.decided_at = clock_.now_ms();
  version.decision_reason = std::move(reason);
  return set_status(std::move(version), model::VersionStatus::kRejected);
}

}  // namespace sluice::studio
