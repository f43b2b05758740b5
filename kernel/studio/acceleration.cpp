// SPDX-License-Identifier: Apache-2.0
// R082: which acceleration method an API names is between it and its data source's type.
#include "studio/edit_parts.hpp"
#include "studio/studio.hpp"

#include <algorithm>

namespace sluice::studio {
namespace {

// What the type of a definition's source offers; absent: there is no source yet, or nobody here
// knows its type.
std::optional<Acceleration> find_offer(const model::State& state, LowerFloor& lower_floor,
                                       std::string_view workspace,
                                       const model::ApiDefinition& definition) {
  const auto* source = state.data_sources.find(model::make_key(workspace, definition.data_source));
  return source ? lower_floor.find_acceleration(source->type) : std::nullopt;
}

std::string list_names(const Acceleration& offer) {
  std::string names;
  for (const auto& method : offer.methods) {
    names += (names.empty() ? "" : ", ") + method.name;
  }
  return names;
}

}  // namespace

std::optional<model::Fault> find_acceleration_fault(const model::State& state,
                                                    LowerFloor& lower_floor,
                                                    std::string_view workspace,
                                                    const model::ApiDefinition& definition) {
  if (definition.acceleration.empty()) return std::nullopt;
  const auto offer = find_offer(state, lower_floor, workspace, definition);
  if (!offer) return std::nullopt;
  if (offer->methods.empty()) {
    return model::Fault{"/acceleration", "R082",
                        "this type of data source has no acceleration methods", "leave it out"};
  }
  if (std::ranges::find(offer->methods, definition.acceleration, &AccelerationMethod::name) !=
      offer->methods.end()) {
    return std::nullopt;
  }
  return model::Fault{
      "/acceleration", "R082",
      "the data source has no acceleration method '" + definition.acceleration + "'",
      "choose one of: " + list_names(*offer)};
}

model::Faults find_missing_parts(const model::State& state, LowerFloor& lower_floor,
                                 std::string_view workspace,
                                 const model::ApiDefinition& definition) {
  auto missing = model::find_missing(definition);
  if (auto fault = find_authenticator_fault(lower_floor, definition)) {
    missing.push_back(std::move(*fault));
  }
  if (!definition.acceleration.empty()) return missing;
  const auto offer = find_offer(state, lower_floor, workspace, definition);
  if (offer && offer->is_required) {
    missing.push_back({"/acceleration", "R082",
                       "no acceleration method is chosen, and this type of data source needs one",
                       "choose one of: " + list_names(*offer)});
  }
  return missing;
}

model::Faults Studio::find_missing_parts(std::string_view api_id) const {
  const auto* api = state_.apis.find(api_id);
  if (!api) return {};
  return studio::find_missing_parts(state_, lower_floor_, api->workspace, api->draft);
}

}  // namespace sluice::studio
