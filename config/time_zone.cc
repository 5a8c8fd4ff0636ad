#include "config/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "core/edit_distance.h"

namespace rastro {
namespace {

// The letters that names of the zone database are made of: it looks them up as files.
bool is_spelt_like_a_zone(std::string_view text) {
  constexpr std::size_t kNameMax = 64;
  if (text.empty() || text.size() > kNameMax || text.front() == '/' || text.back() == '/' ||
      text.find("//") != std::string_view::npos) {
    return false;
  }
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return is_letter(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '+' ||
                  c == '-';
         });
}

std::string near_zone(const date::tzdb& database, std::string_view name) {
  constexpr std::size_t kStepsMax = 3;
  std::string nearest;
  std::size_t least = kStepsMax;
  for (const auto& zone : database.zones) {
    const auto steps = edit_distance(name, zone.name(), least);
    if (steps >= least) continue;
    least = steps;
    nearest = zone.name();
  }
  return nearest;
}

}  // namespace

std::string why_no_time_zone(std::string_view name) {
  if (name.empty()) return {};
  if (!is_spelt_like_a_zone(name)) return "no name of a zone";
  const date::tzdb* database = nullptr;
  try {
    database = &date::get_tzdb();
  } catch (const std::exception&) {
    return "this machine has no zone database (package tzdata)";
  }
  try {
    // A zone's file is read when it is asked for the first time.
    static_cast<void>(
        date::locate_zone(std::string(name))->get_info(date::sys_seconds(std::chrono::days(1))));
    return {};
  } catch (const std::exception&) {
    const auto near = near_zone(*database, name);
    return "the zone database has none of that name" +
           (near.empty() ? std::string() : "; did you mean " + near + "?");
  }
}

}  // namespace rastro
