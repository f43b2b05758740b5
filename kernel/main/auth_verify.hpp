// SPDX-License-Identifier: Apache-2.0
#pragma once
// `sluice auth verify`: cases of authentication, judged with the plugins and no server.

#include "main/cli.hpp"

namespace sluice::node {

// A JSON object a line for each case; a summary on the error stream.
int run_auth_verify(const cli::VerifyOptions& options, const cli::Surroundings& surroundings);

}  // namespace sluice::node
