#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "daemon/times/times.h"

namespace rastro {

// The same (tidy) words with the colon in each time of day that is written with a point or a comma:
// "9.12", "18.05 yesterday", "9,30", and with "9-10" as "de 9 a 10". "9.12" may be a day too. It is
// one beside a time of day ("1.12 9:12"), behind "el" or "on", or if that day was in the last week:
// of a day long before all that is kept nobody asks.
std::string with_clock_signs(std::string_view tidy, Time now, const Zone& zone);

}  // namespace rastro
