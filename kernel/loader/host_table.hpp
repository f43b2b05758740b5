// SPDX-License-Identifier: Apache-2.0
#pragma once
// The host's side of sluice_host: filled once here, for an instance and for a plugin's load().

#include <sluice/result.hpp>

#include <string>
#include <string_view>

namespace sluice::loader {

// What sluice_host.fail writes into; the opaque sluice_err of abi.h.
struct ErrorPlace {
  Status status = SLUICE_OK;
  std::string where, text;

  sluice_err* raw() noexcept { return reinterpret_cast<sluice_err*>(this); }
};

using LogFn = void (*)(const sluice_host*, std::int32_t level, sluice_str text);
using ExtensionFn = const void* (*)(const sluice_host*, const char* id);

// Everything but `instance` is set; the strings live as long as the process.
sluice_host make_host_table(LogFn log, ExtensionFn extension) noexcept;

}  // namespace sluice::loader
