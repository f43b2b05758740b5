// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <sluice/plugin.hpp>

SLUICE_PLUGIN("org.sluice.ds-maxcompute", "0.1.0", "Sluice",
              sluice::data_source<sluice::maxcompute::MaxComputeSource>(
                  {.type = "maxcompute",
                   .title = "MaxCompute",
                   .summary = "Tables of one MaxCompute project, read-only, over its own protocol.",
                   .exec = SLUICE_EXEC_ASYNC}))
