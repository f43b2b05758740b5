// SPDX-License-Identifier: Apache-2.0
#pragma once
// A wizard's definition as the script that asks the same: for developers whose API grows beyond one
// table. The way back does not exist, a script can say more than the wizard.

#include "model/nouns.hpp"
#include "studio/ports.hpp"

#include <sluice/result.hpp>

namespace sluice::studio {

// UNSUPPORTED: pages by cursor and an order that callers choose are the wizard's alone;
// Error::where points at which. The answer keeps the laws of script mode, or the Error says which
// it would break.
Result<model::ApiDefinition> make_script_definition(const model::ApiDefinition& wizard,
                                                    const SqlWords& words);

}  // namespace sluice::studio
