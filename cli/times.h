#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rastro::cli {

// A stamp of the API ("2026-11-24T01:40:29.123456Z") in microseconds since 1970; nullopt: not one.
std::optional<std::int64_t> parse_api_time(std::string_view text);

// In this machine's zone: "14:02:11" when it is of the same day as `now`, "23 Nov 14:02:11" when
// not, with the year when it is of another one. The text itself when it is no API stamp.
std::string local_time(std::string_view api_time, std::int64_t now_us);

// "3 s", "12 min", "2 h 5 min", "1 d 3 h".
std::string spoken_duration(std::int64_t microseconds);

std::int64_t now_us();

}  // namespace rastro::cli
