// SPDX-License-Identifier: Apache-2.0
#pragma once
// SHA-256. Inside this room only. [any]

#include <string>
#include <string_view>

namespace sluice::store {

std::string make_sha256(std::string_view text);  // 32 bytes

}  // namespace sluice::store
