#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"
#include "daemon/times/times.h"

namespace rastro {

// Times as machines write them, in small letters.

// Seconds since 1970, with a fraction, or milliseconds.
std::optional<Time> parse_epoch(std::string_view text);
// "z", "+02:00", "-0300", " 02:00" (a '+' that became a blank); east of Greenwich.
std::optional<Duration> parse_offset(std::string_view text);
// 2026-11-24T14:30[:05[.123456]][Z|+02:00], without zone: `zone`'s.
std::optional<Time> parse_stamp(std::string_view text, const Zone& zone);

}  // namespace rastro
