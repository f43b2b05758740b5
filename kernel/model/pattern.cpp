// SPDX-License-Identifier: Apache-2.0
#include "model/pattern.hpp"

#include "model/laws.hpp"

#include <re2/re2.h>

namespace sluice::model {
namespace {

constexpr std::int64_t kMemoryBytesMax = std::int64_t{1} << 20;  // of one pattern, its cache too

RE2::Options make_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryBytesMax);
  return options;
}

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(std::string_view text)
      : expression(re2::StringPiece(text.data(), text.size()), make_options()) {}
  const RE2 expression;
};

Result<Pattern> Pattern::make(std::string_view text) {
  const auto wrong = [](std::string what) {
    return Error{SLUICE_E_ARGUMENT, std::move(what), {}, {}};
  };
  if (text.empty()) return wrong("the pattern is empty");
  if (text.size() > kPatternBytesMax) {
    return wrong("the pattern has more than " + std::to_string(kPatternBytesMax) + " bytes");
  }
  auto compiled = std::make_shared<const Compiled>(text);
  if (!compiled->expression.ok()) {
    return wrong("the pattern is not understood: " + compiled->expression.error());
  }
  return Pattern(std::move(compiled));
}

bool Pattern::matches(std::string_view text) const {
  const re2::StringPiece piece(text.data(), text.size());
  return compiled_->expression.Match(piece, 0, piece.size(), RE2::ANCHOR_BOTH, nullptr, 0);
}

}  // namespace sluice::model
