#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/times/times.h"

namespace rastro {

// What one time means, said in these words.
using SpokenTimeReader =
    std::function<std::optional<SpokenTime>(const std::vector<std::string_view>&)>;

// An interval in (tidy) words: "between 2 and 3", "ayer entre las 9 y las 10 de la manana", "14:00-
// 15:30", "the last two hours", "a couple of hours ago", "hace rato". nullopt: it is none of these.
std::optional<SpokenTime> parse_spoken_interval(const std::vector<std::string_view>& words,
                                                Time now, const SpokenTimeReader& read);

}  // namespace rastro
