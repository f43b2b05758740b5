// SPDX-License-Identifier: Apache-2.0
#pragma once
// A regular expression that a text must match as a whole, in RE2's syntax: no backreferences and no
// lookaround, and so every match takes time linear in the text, whatever the pattern and whoever
// wrote the text.

#include <sluice/result.hpp>

#include <memory>
#include <string_view>

namespace sluice::model {

class Pattern {
 public:
  // ARGUMENT: it is too long, would take too much memory, or is no pattern; the detail says which.
  static Result<Pattern> make(std::string_view text);

  bool matches(std::string_view text) const;  // [any]

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace sluice::model
