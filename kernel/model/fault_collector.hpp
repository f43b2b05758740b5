// SPDX-License-Identifier: Apache-2.0
#pragma once
// One pass over a noun: collects what is wrong with it. Inside this room only, where the laws of a
// definition stand in several files.

#include "model/laws.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace sluice::model {

inline Fault make_utf8_fault(std::string where) {
  return {std::move(where), "", "the text is not valid UTF-8", "send it as UTF-8"};
}

class Collector {
 public:
  void add(std::string where, std::string rule, std::string what, std::string remedy) {
    faults_.push_back({std::move(where), std::move(rule), std::move(what), std::move(remedy)});
  }
  void add(std::optional<Fault> fault) {
    if (fault) faults_.push_back(std::move(*fault));
  }
  // False: there are too many, and that was told; do not look at each of them.
  bool check_count(std::size_t count, std::size_t count_max, std::string where,
                   std::string_view of_what) {
    if (count <= count_max) return true;
    add(std::move(where), "", "there are too many " + std::string(of_what),
        "keep at most " + std::to_string(count_max));
    return false;
  }
  void check_description(std::string_view text, std::string where) {
    const auto characters = count_characters(text);
    if (!characters) return add(make_utf8_fault(std::move(where)));
    if (*characters <= kDescriptionCharactersMax) return;
    add(std::move(where), "", "the description has " + std::to_string(*characters) + " characters",
        "use at most " + std::to_string(kDescriptionCharactersMax));
  }
  // Columns, tables, samples: whatever the source calls them, within a bound.
  void check_text(std::string_view text, std::string where) {
    if (text.size() > kTextBytesMax) {
      return add(std::move(where), "", "the text is too long",
                 "use at most " + std::to_string(kTextBytesMax) + " bytes");
    }
    if (!count_characters(text)) return add(make_utf8_fault(std::move(where)));
    if (text.find('\0') != std::string_view::npos) {
      add(std::move(where), "", "the text holds a NUL character", "remove it");
    }
  }
  void check_settings(std::string_view text, std::string where) {
    if (!count_characters(text)) return add(make_utf8_fault(std::move(where)));
    if (text.size() <= kSettingsBytesMax) return;
    add(std::move(where), "", "the settings are too long",
        "use at most " + std::to_string(kSettingsBytesMax) + " bytes");
  }
  Faults take() { return std::move(faults_); }

 private:
  Faults faults_;
};

// ---- parts of a definition, each in its own file
void check_parameters(const ApiDefinition& definition, Collector& faults);
void check_conditions(const ApiDefinition& definition, Collector& faults);
void check_order(const ApiDefinition& definition, Collector& faults);
void check_script(const ApiDefinition& definition, Collector& faults);

// Names of request and response parameters, fixed conditions, order choices.
std::optional<Fault> find_parameter_name_fault(std::string_view name, std::string where);

// What the paging of a definition takes from the query: a request parameter may not have its name.
bool is_paging_name(const ApiDefinition& definition, std::string_view name);

}  // namespace sluice::model
