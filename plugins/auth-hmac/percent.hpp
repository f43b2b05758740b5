// SPDX-License-Identifier: Apache-2.0
#pragma once
// Percent-encoding, judged; <sluice/percent.hpp> decodes it.

#include <string_view>

namespace sluice::hmac {

// Is every '%' followed by two hexadecimal digits? [any]
bool is_well_encoded(std::string_view text) noexcept;

}  // namespace sluice::hmac
