// SPDX-License-Identifier: Apache-2.0
#include "config/faults.hpp"

namespace sluice::config {

namespace {
constexpr std::size_t kFaultsMax = 50;  // more than that is a file of another kind
}

void Faults::add(int line, std::string_view path, std::string_view what) {
  if (lines_.size() == kFaultsMax) {
    ++left_out_;
    return;
  }
  std::string place = file_ + ":" + std::to_string(line);
  if (lines_.empty()) first_place_ = place;
  place += ": ";
  if (!path.empty()) place.append(path).append(": ");
  lines_.push_back(place.append(what));
}

Error Faults::to_error() const {
  std::string all;
  for (const auto& line : lines_) {
    if (!all.empty()) all += '\n';
    all += line;
  }
  if (left_out_ > 0) all += "\nand " + std::to_string(left_out_) + " more faults";
  return {SLUICE_E_CONFIG, std::move(all), {}, first_place_};
}

}  // namespace sluice::config
