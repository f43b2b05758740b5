// SPDX-License-Identifier: Apache-2.0
#pragma once
// Search over what stands in Service Development: names, paths, what is queried, tags.

#include "model/nouns.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::studio {

inline constexpr std::size_t kSearchCharactersMax = 200;

struct SearchHit {
  const model::Workflow* workflow = nullptr;
  const model::Api* api = nullptr;        // nullptr: the workflow itself
  std::vector<std::string_view> matched;  // name path description sql parameters tags folder
};

// Everything that holds `text`, in the order of workflows and APIs; upper and lower case of ASCII
// are alike. `workspace` empty: all. A private draft is found by its owner only.
std::vector<SearchHit> search(const model::State& state, std::string_view workspace,
                              std::string_view text, std::string_view actor);

}  // namespace sluice::studio
