// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "executor.hpp"
#include "warehouse.hpp"

namespace emulator {

// The tables of --demo: the worked example's user_info, one of every type, partitioned ones, and
// rows by the million that are made while they are read.
void make_demo(Warehouse& warehouse, const ProjectFacts& project);

}  // namespace emulator
