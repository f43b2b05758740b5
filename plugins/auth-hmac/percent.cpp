// SPDX-License-Identifier: Apache-2.0
#include "percent.hpp"

#include <sluice/percent.hpp>

namespace sluice::hmac {

bool is_well_encoded(std::string_view text) noexcept {
  for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    if (text.size() - at < 3 || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0) {
      return false;
    }
  }
  return true;
}

}  // namespace sluice::hmac
