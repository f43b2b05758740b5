// SPDX-License-Identifier: Apache-2.0
#pragma once
// Everything a plugin author needs. Header-only C++20 over abi.h; depends on the standard library
// alone; nothing of it crosses the boundary.

#include <sluice/authenticator.hpp>
#include <sluice/backend.hpp>
#include <sluice/data_source.hpp>
#include <sluice/plugin.hpp>
#include <sluice/serializer.hpp>
