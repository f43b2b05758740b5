// SPDX-License-Identifier: Apache-2.0
#pragma once
// The two clocks of a call, in nanoseconds. Both are answered by the vDSO, without a system call.

#include <cstdint>
#include <ctime>

namespace sluice::http {

inline std::uint64_t clock_ns(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}
inline std::uint64_t monotonic_ns() noexcept { return clock_ns(CLOCK_MONOTONIC); }
inline std::uint64_t realtime_ns() noexcept { return clock_ns(CLOCK_REALTIME_COARSE); }

}  // namespace sluice::http
