#pragma once

#include <cstdint>

namespace rastro {

// Bits of leg.flags; the number of the MTA stands above them, but for Postfix, which has a bit so
// that most flags take one byte.
inline constexpr std::int64_t kLegAccepted = 1;
inline constexpr std::int64_t kLegArrivalSeen = 2;
inline constexpr std::int64_t kLegInternal = 4;
inline constexpr std::int64_t kLegProbe = 8;
inline constexpr std::int64_t kLegOfPostfix = 16;
// closed_after is 0 and stands for active_after
inline constexpr std::int64_t kLegClosedWhenActive = 32;
// open, and some recipient is not named yet
inline constexpr std::int64_t kLegUntold = 64;
inline constexpr unsigned kLegMtaShift = 8;

}  // namespace rastro
