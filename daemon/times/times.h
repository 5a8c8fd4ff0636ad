#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace rastro {

// A zone of the system's zone database, for times that people type.
class Zone {
 public:
  // "": the system's own. nullopt: there is no such zone.
  static std::optional<Zone> find(std::string_view name);
  using Local = std::chrono::local_time<Duration>;
  Local to_local(Time at) const;
  // The earlier one in the hour that comes twice; the change itself in the hour that never was.
  Time to_utc(Local local) const;

 private:
  explicit Zone(const void* zone) : zone_(zone) {}
  const void* zone_;  // date::time_zone, for the life of the process
};

// What a person's words mean: an instant, or a whole day, "between 2 and 3", "hace un rato".
struct SpokenTime {
  Time from{};
  Duration span{0};       // zero: an instant
  bool two_ends = false;  // both were said: "between 2 and 3"
};

// RFC 3339 (blank for T, and a blank for an unescaped '+', allowed), seconds since 1970, "14:30",
// "2:30 pm", "yesterday 14:30", "monday at 9:00", "24 nov 14:30", "2026-11-24", "2h ago",
// "30 minutes ago", "now", "about half past two"; in Spanish "ayer a las 14:30", "lunes 9:00", "24
// de noviembre", "hace 2 horas", "a las dos y media" (spoken_clock.h); intervals
// (spoken_interval.h). Of "11/12" the day comes first, of "11/28" it cannot. Times without a day
// are today's, or yesterday's when today's is still to come; days without a year lie in the past.
std::optional<SpokenTime> parse_spoken_time(std::string_view text, Time now, const Zone& zone);
std::string_view spoken_time_help();  // what is allowed
// "tomorrow", "pasado mañana at 9".
bool is_to_come(std::string_view text);

// "90s", "30m", "2h", "1d", "1h30m", "90 min", "2 horas".
std::optional<Duration> parse_spoken_duration(std::string_view text);

}  // namespace rastro
