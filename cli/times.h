#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rastro::cli {

// A stamp of the API ("2026-11-24T01:40:29.123456Z") in microseconds since 1970; nullopt: not one.
std::optional<std::int64_t> parse_api_time(std::string_view text);

std::int64_t now_us();

// Shows all times in that zone ("Europe/Madrid"). False: the zone database has no such name.
bool use_zone(const std::string& name);
// The zone that TZ names, if the zone database has it; "" when TZ says nothing usable.
std::string zone_of_environment();

}  // namespace rastro::cli
