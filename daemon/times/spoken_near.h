#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "daemon/times/spoken_interval.h"

namespace rastro {

// A time that is named by one near it, in (tidy) words: "just before noon", "shortly after three",
// "poco antes de las 3", "las nueve y pico", "las nueve pasadas", "antes de las 10". `read` reads
// the time itself. nullopt: it is none of these.
std::optional<SpokenTime> parse_near_time(const std::vector<std::string_view>& words,
                                          const SpokenTimeReader& read);

// "2" is "las 2" here.
std::optional<SpokenTime> read_clock(const std::vector<std::string_view>& words,
                                     const SpokenTimeReader& read);

}  // namespace rastro
