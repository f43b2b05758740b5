// SPDX-License-Identifier: Apache-2.0
#pragma once
// `sluice demo`: the worked example, through the real life cycle, on a fresh embedded store.

#include "main/cli.hpp"

namespace sluice::node {

int run_demo(const cli::DemoOptions& options);

}  // namespace sluice::node
