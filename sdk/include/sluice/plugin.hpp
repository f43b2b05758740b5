// SPDX-License-Identifier: Apache-2.0
#pragma once
// SLUICE_PLUGIN: the one exported symbol, the note that the loader reads first, and the list of
// components. Once per shared library, at namespace scope:
//
//   SLUICE_PLUGIN("com.example.my-auth", "1.0.0", "Example",
//                 sluice::authenticator<MyAuth>({.type = "my-auth", .title = "My auth"}))

#include <sluice/component.hpp>

#include <array>

#define SLUICE_SDK_VERSION 0x00010000u

#define SLUICE_PLUGIN(id_, version_, vendor_, ...)                                                 \
  SLUICE_NOTE_ATTR extern const sluice_note sluice_note_v1 = SLUICE_NOTE_INIT(SLUICE_SDK_VERSION); \
  extern "C" SLUICE_EXPORT const sluice_plugin* sluice_plugin_main(std::uint32_t major,            \
                                                                   std::uint32_t) noexcept {       \
    if (major != SLUICE_ABI_MAJOR) return nullptr;                                                 \
    static const sluice_component components[] = {__VA_ARGS__};                                    \
    static const auto list = [] {                                                                  \
      std::array<const sluice_component*, sizeof components / sizeof *components> made{};          \
      for (std::size_t i = 0; i < made.size(); ++i) made[i] = &components[i];                      \
      return made;                                                                                 \
    }();                                                                                           \
    static const sluice_plugin plugin{sizeof plugin,                                               \
                                      SLUICE_ABI_MAJOR,                                            \
                                      SLUICE_ABI_MINOR,                                            \
                                      0,                                                           \
                                      SLUICE_STR(id_),                                             \
                                      SLUICE_STR(version_),                                        \
                                      SLUICE_STR(vendor_),                                         \
                                      SLUICE_STR("Apache-2.0"),                                    \
                                      SLUICE_STR("sluice-sdk-cpp 1.0"),                            \
                                      list.data(),                                                 \
                                      std::uint32_t(list.size()),                                  \
                                      0,                                                           \
                                      nullptr};                                                    \
    return &plugin;                                                                                \
  }
