// SPDX-License-Identifier: Apache-2.0
#include "dataservice/parameters.hpp"

#include "problem/problem.hpp"

#include <sluice/percent.hpp>

#include <algorithm>

namespace sluice::dataservice {
namespace {

constexpr std::size_t kFaultTextBytesMax = 4096;

}  // namespace

std::optional<std::string_view> decode_component(std::string_view raw, call::Arena& arena) {
  if (raw.find_first_of("%+") == std::string_view::npos) return raw;
  const auto room = arena.make_array<char>(raw.size());
  if (room.empty()) return std::nullopt;
  return decode_percent(raw, Plus::kSpace, room);
}

std::string_view describe(model::ParameterType type) {
  switch (model::element_of(type)) {
    case model::ParameterType::kString:
      return "must be valid UTF-8 text without NUL";
    case model::ParameterType::kInt:
      return "must be a whole number from -2147483648 to 2147483647";
    case model::ParameterType::kLong:
      return "must be a whole number from -9223372036854775808 to 9223372036854775807";
    case model::ParameterType::kFloat:
    case model::ParameterType::kDouble:
      return "must be a number such as 12.5";
    case model::ParameterType::kBoolean:
      return "must be true or false";
    case model::ParameterType::kStringList:
    case model::ParameterType::kIntList:
    case model::ParameterType::kLongList:
    case model::ParameterType::kFloatList:
    case model::ParameterType::kDoubleList:
    case model::ParameterType::kBooleanList:
      break;
  }
  return "is malformed";
}

void Faults::add(Severity severity, std::string_view name, std::string_view what) {
  worst_ = std::max(worst_, severity);
  if (detail_.size() > kFaultTextBytesMax) return;
  if (!detail_.empty()) detail_ += "; ";
  detail_ += name;
  detail_ += ' ';
  detail_ += what;
}

Error Faults::to_error() const {
  const Status status = worst_ == kMissing  ? problem::kParameterMissing
                        : worst_ == kFormat ? problem::kParameterFormat
                                            : problem::kParameterValue;
  return {status, detail_, {}, {}};
}

}  // namespace sluice::dataservice
