// SPDX-License-Identifier: Apache-2.0
#pragma once
// The JSON serializer, built in through the same table as a plugin's: type "json".

#include <sluice/abi.h>

namespace sluice::serializers {

const sluice_plugin* json_plugin() noexcept;  // [any]

}  // namespace sluice::serializers
