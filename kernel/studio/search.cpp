// SPDX-License-Identifier: Apache-2.0
#include "studio/search.hpp"

#include "studio/studio.hpp"

#include <algorithm>

namespace sluice::studio {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

class Matcher {
 public:
  explicit Matcher(std::string_view text) : text_(text) {
    std::transform(text_.begin(), text_.end(), text_.begin(), lower);
  }
  bool fits(std::string_view in) const {
    return std::search(in.begin(), in.end(), text_.begin(), text_.end(),
                       [](char a, char b) { return lower(a) == b; }) != in.end();
  }
  template <class Range, class Text>
  bool fits_any(const Range& range, Text text) const {
    return std::any_of(range.begin(), range.end(),
                       [&](const auto& item) { return fits(text(item)); });
  }

 private:
  std::string text_;
};

std::vector<std::string_view> match_api(const Matcher& matcher, const model::Api& api) {
  const auto& draft = api.draft;
  std::vector<std::string_view> matched;
  const auto add = [&](bool fits, std::string_view where) {
    if (fits) matched.push_back(where);
  };
  const auto column = [](const auto& p) -> const std::string& { return p.column; };
  const auto name = [](const auto& p) -> const std::string& { return p.name; };
  add(matcher.fits(draft.name), "name");
  add(matcher.fits(draft.path), "path");
  add(matcher.fits(draft.description), "description");
  add(matcher.fits(draft.table) || matcher.fits(draft.script.sql) ||
          matcher.fits_any(draft.request_parameters, column) ||
          matcher.fits_any(draft.response_parameters, column),
      "sql");
  add(matcher.fits_any(draft.request_parameters, name) ||
          matcher.fits_any(draft.response_parameters, name),
      "parameters");
  add(matcher.fits_any(api.placement.tags,
                       [](const std::string& tag) -> const std::string& { return tag; }),
      "tags");
  add(matcher.fits(api.placement.folder), "folder");
  return matched;
}

}  // namespace

std::vector<SearchHit> search(const model::State& state, std::string_view workspace,
                              std::string_view text, std::string_view actor) {
  const Matcher matcher(text);
  const auto is_in = [&](const auto& noun) {
    return workspace.empty() || noun.workspace == workspace;
  };
  std::vector<SearchHit> hits;
  for (const auto& [id, workflow] : state.workflows.all()) {
    if (is_in(workflow) && matcher.fits(workflow.name))
      hits.push_back({&workflow, nullptr, {"name"}});
  }
  for (const auto& [id, api] : state.apis.all()) {
    if (!is_in(api) || !is_visible(api, actor)) continue;
    auto matched = match_api(matcher, api);
    if (matched.empty()) continue;
    hits.push_back({state.workflows.find(api.workflow_id), &api, std::move(matched)});
  }
  return hits;
}

}  // namespace sluice::studio
